"""Growth as the soak measures it."""

from __future__ import annotations

import pytest

from tests.soak.__main__ import GROWTH_MAX_MB, growth


def sawtooth_mb(count: int) -> list[float]:
    """An RSS like the detector's: 20 MB less every third sample, and 3 MB more now and then."""
    return [65.0 - 20.0 * (number % 3 == 0) + 3.0 * (number % 50 == 7) for number in range(count)]


@pytest.mark.parametrize("samples", [400, 4000])
def test_temporary_memory_is_not_growth(samples: int) -> None:
    assert abs(growth(sawtooth_mb(samples))) < GROWTH_MAX_MB / 4


@pytest.mark.parametrize("samples", [400, 4000])
def test_a_slow_leak_above_the_limit_is_growth(samples: int) -> None:
    leak_mb = GROWTH_MAX_MB * 1.1
    leaking = [each + leak_mb * number / samples for number, each in enumerate(sawtooth_mb(samples))]
    assert growth(leaking) > GROWTH_MAX_MB


def test_a_sudden_leak_at_any_time_is_growth() -> None:
    for at in range(20, 380, 10):
        assert growth([each + 1.1 * (number > at) for number, each in enumerate(sawtooth_mb(400))]) > GROWTH_MAX_MB


def test_only_files_that_stay_open_are_growth() -> None:
    files = [20 + 2 * (number % 7 == 0) for number in range(400)]
    assert growth(files) == 0
    assert growth([each + (number > 200) for number, each in enumerate(files)]) == 1
