"""The quality of the wall time: a guess, synchronised by the kernel, or GPS."""

from __future__ import annotations

import gc

import pytest

from app.events import ClockQuality
from app.monitor.wall_clock import TIME_ERROR, KernelClock, Stamp, WallClock
from app.vehicle.reading import Vehicle
from config.release_date import RELEASED_S

NOW_S = RELEASED_S + 1e6
GPS, GUESS, SYNCED = ClockQuality.GPS, ClockQuality.GUESS, ClockQuality.SYNCED


class Shown:
    def __init__(self, wall_s: float, is_synced: bool | None = False) -> None:
        self.wall_s, self.is_synced = wall_s, is_synced
        self.clock = WallClock(lambda: self.wall_s, lambda: self.is_synced)

    def hear(self, *utc_s: float, at_s: float = 10.0) -> None:
        for number, each_s in enumerate(utc_s):
            self.clock.hear(Vehicle(50.0, at_s + number, source="gps", utc_s=each_s))


@pytest.mark.parametrize("wall_s", [0.0, NOW_S, 4.08e9])
@pytest.mark.parametrize("is_synced", [False, None])
def test_wall_time_is_a_guess_unless_synchronised(wall_s: float, is_synced: bool | None) -> None:
    assert Shown(wall_s, is_synced).clock.read(5.0) == Stamp(wall_s, GUESS)


def test_synchronised_time_is_kept_when_the_clock_is_set_by_hand() -> None:
    shown = Shown(NOW_S, is_synced=True)
    assert shown.clock.read(5.0) == Stamp(NOW_S, SYNCED)
    shown.wall_s, shown.is_synced = 4.08e9, False
    assert shown.clock.read(15.0) == Stamp(NOW_S + 10, SYNCED)


@pytest.mark.parametrize("wall_s", [0.0, RELEASED_S - 1.0, 4.08e9])
def test_impossible_date_is_a_guess_even_if_synchronised(wall_s: float) -> None:
    assert Shown(wall_s, is_synced=True).clock.read(5.0).clock is GUESS


def test_two_agreeing_gps_sentences_give_the_time() -> None:
    shown = Shown(0.0)
    shown.hear(NOW_S)
    assert shown.clock.read(10.0).clock is GUESS
    shown.hear(NOW_S + 1, at_s=11.0)
    assert shown.clock.read(20.0) == Stamp(NOW_S + 10, GPS)


def test_repeated_garbled_or_impossible_gps_times_are_ignored() -> None:
    weeks_s = 1024 * 7 * 86400.0
    for told in ((NOW_S, NOW_S + 5e6), (NOW_S - weeks_s, NOW_S - weeks_s + 1), (NOW_S + weeks_s, NOW_S + weeks_s + 1)):
        shown = Shown(0.0)
        shown.hear(*told)
        assert shown.clock.read(12.0).clock is GUESS
    shown.hear(NOW_S)
    shown.hear(NOW_S)
    assert shown.clock.read(12.0).clock is GUESS


def test_kernel_clock_needs_no_rights_and_is_not_asked_again_after_a_refusal() -> None:
    assert KernelClock().is_synchronised() in (True, False, None)
    assert KernelClock(lambda: 0).is_synchronised() is True
    assert KernelClock(lambda: TIME_ERROR).is_synchronised() is False
    asked: list[int] = []
    refused = KernelClock(lambda: asked.append(1) or -1)  # type: ignore[func-returns-value]
    assert [refused.is_synchronised(), refused.is_synchronised(), len(asked)] == [None, None, 1]


def test_asking_the_kernel_leaves_nothing_for_the_garbage_collection() -> None:
    clock = KernelClock()
    clock.is_synchronised()
    gc.collect()
    for _ in range(20):
        clock.is_synchronised()
    assert gc.collect() < 20
