"""Durations, angles and counts in words."""

from __future__ import annotations

import pytest

from admin.words import angle, angles, counted, lasting, minutes_left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (99.6, "99 s"),
        (100, "2 min"),
        (3599, "60 min"),
        (7199, "2 h"),
        (7260, "2 h 1 min"),
        (180_000, "2 days 2 h"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_remaining_time_is_rounded_up_to_minutes() -> None:
    assert [minutes_left(seconds) for seconds in (0.1, 60, 61)] == ["1 min", "1 min", "2 min"]


def test_an_angle_is_shown_with_its_side() -> None:
    assert [angle(value_deg, "up", "down") for value_deg in (None, -1.9, 2.0, -20.4)] == [
        *("", "straight", "2° up", "20° down")
    ]
    assert (angles(4.2, -0.6), angles(0.4, 0.4)) == ("4° right, 1° down", "straight ahead")


def test_alerts_are_counted_by_level_with_the_gravest_first() -> None:
    assert (counted(0, 1, 2), counted(0, 0, 0)) == ("2 alarms, 1 warning", "no alerts")
