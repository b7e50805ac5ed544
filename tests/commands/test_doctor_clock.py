"""What `check` says of the clock: what the kernel says, not what it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.commands.doctor import Finding
from config.release_date import RELEASED_S
from tests.support.doctor import WELL, Practice


def clock_of(practice: Practice, wall_s: float, is_synchronised: bool | None) -> Finding:
    machine = replace(WELL, wall=lambda: wall_s, is_synchronised=lambda: is_synchronised)
    (found,) = (finding for finding in practice.findings(machine) if finding.part == "clock")
    return found


@pytest.mark.parametrize(
    ("is_synchronised", "said"),
    [
        (True, "which a time server keeps right"),
        (False, "a guess, as no time server has set it"),
        (None, "a guess, as a strict snap may not ask who set it"),
    ],
)
def test_what_the_kernel_says_is_told_and_is_no_fault(
    practice: Practice, is_synchronised: bool | None, said: str
) -> None:
    found = clock_of(practice, RELEASED_S + 1e6, is_synchronised)
    assert found.is_well and said in found.text


@pytest.mark.parametrize("wall_s", [0.0, RELEASED_S - 1.0, 4.08e9])
@pytest.mark.parametrize("is_synchronised", [True, False, None])
def test_a_day_on_which_this_version_cannot_run_is_named(
    practice: Practice, wall_s: float, is_synchronised: bool | None
) -> None:
    found = clock_of(practice, wall_s, is_synchronised)
    assert not found.is_well and "timedatectl" in found.text
