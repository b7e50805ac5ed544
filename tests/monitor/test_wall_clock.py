"""Who vouches for the wall time."""

from __future__ import annotations

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
def test_a_time_is_a_guess_unless_somebody_vouches_for_it(wall_s: float, is_synced: bool | None) -> None:
    assert Shown(wall_s, is_synced).clock.read(5.0) == Stamp(wall_s, GUESS)


def test_the_kernels_word_counts_and_is_kept_through_a_clock_that_is_set_by_hand() -> None:
    shown = Shown(NOW_S, is_synced=True)
    assert shown.clock.read(5.0) == Stamp(NOW_S, SYNCED)
    shown.wall_s, shown.is_synced = 4.08e9, False
    assert shown.clock.read(15.0) == Stamp(NOW_S + 10, SYNCED)


@pytest.mark.parametrize("wall_s", [0.0, RELEASED_S - 1.0, 4.08e9])
def test_not_even_the_kernel_is_believed_a_date_at_which_this_version_cannot_run(wall_s: float) -> None:
    assert Shown(wall_s, is_synced=True).clock.read(5.0).clock is GUESS


def test_two_sentences_of_a_receiver_that_agree_tell_the_time() -> None:
    shown = Shown(0.0)
    shown.hear(NOW_S)
    assert shown.clock.read(10.0).clock is GUESS
    shown.hear(NOW_S + 1, at_s=11.0)
    assert shown.clock.read(20.0) == Stamp(NOW_S + 10, GPS)


def test_a_sentence_that_is_repeated_or_garbled_or_before_the_release_tells_nothing() -> None:
    weeks_s = 1024 * 7 * 86400.0
    for told in ((NOW_S, NOW_S + 5e6), (NOW_S - weeks_s, NOW_S - weeks_s + 1), (NOW_S + weeks_s, NOW_S + weeks_s + 1)):
        shown = Shown(0.0)
        shown.hear(*told)
        assert shown.clock.read(12.0).clock is GUESS
    shown.hear(NOW_S)
    shown.hear(NOW_S)
    assert shown.clock.read(12.0).clock is GUESS


def test_the_kernel_is_asked_without_rights_and_a_refusal_is_not_repeated() -> None:
    assert KernelClock().is_synchronised() in (True, False, None)
    assert KernelClock(lambda: 0).is_synchronised() is True
    assert KernelClock(lambda: TIME_ERROR).is_synchronised() is False
    asked: list[int] = []
    refused = KernelClock(lambda: asked.append(1) or -1)  # type: ignore[func-returns-value]
    assert [refused.is_synchronised(), refused.is_synchronised(), len(asked)] == [None, None, 1]
