"""What the soak calls growth."""

from __future__ import annotations

import pytest

from tests.soak.__main__ import GROWTH_MAX_MB, growth


def sawtooth_mb(of: int) -> list[float]:
    """RSS as the detector's: 20 MB lost each minute and most of it found again at once, and 3 MB more at times."""
    return [65.0 - 20.0 * (number % 3 == 0) + 3.0 * (number % 50 == 7) for number in range(of)]


@pytest.mark.parametrize("samples", [400, 4000])
def test_what_comes_and_goes_is_not_growth(samples: int) -> None:
    assert abs(growth(sawtooth_mb(samples))) < GROWTH_MAX_MB / 4


@pytest.mark.parametrize("samples", [400, 4000])
def test_a_leak_of_little_more_than_the_limit_is_seen(samples: int) -> None:
    leak_mb = GROWTH_MAX_MB * 1.1
    leaking = [each + leak_mb * number / samples for number, each in enumerate(sawtooth_mb(samples))]
    assert growth(leaking) > GROWTH_MAX_MB


def test_a_leak_at_once_is_seen_whenever_it_comes() -> None:
    for at in range(20, 380, 10):
        assert growth([each + 1.1 * (number > at) for number, each in enumerate(sawtooth_mb(400))]) > GROWTH_MAX_MB


def test_files_that_are_open_for_a_moment_are_no_leak_and_one_that_stays_is() -> None:
    files = [20 + 2 * (number % 7 == 0) for number in range(400)]
    assert growth(files) == 0
    assert growth([each + (number > 200) for number, each in enumerate(files)]) == 1
