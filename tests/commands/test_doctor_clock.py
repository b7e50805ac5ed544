"""`check` on the clock: whether a time server set it, as the kernel says, and whether its day is possible."""

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
def test_clock_line_says_who_set_it_and_is_ok(practice: Practice, is_synchronised: bool | None, said: str) -> None:
    found = clock_of(practice, RELEASED_S + 1e6, is_synchronised)
    assert found.is_well and said in found.text


@pytest.mark.parametrize("wall_s", [0.0, RELEASED_S - 1.0, 4.08e9])
@pytest.mark.parametrize("is_synchronised", [True, False, None])
def test_impossible_day_of_the_clock_is_reported(
    practice: Practice, wall_s: float, is_synchronised: bool | None
) -> None:
    found = clock_of(practice, wall_s, is_synchronised)
    assert not found.is_well and "timedatectl" in found.text
