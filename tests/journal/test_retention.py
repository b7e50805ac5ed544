"""Old events are deleted by their number and age; a wrong clock deletes nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.events import ClockQuality
from app.journal.entries import recent
from app.journal.journal import CLOCK_STEADY_S, KEEP_DAYS, KEEP_TRIPS, Journal
from app.journal.trip import Trip
from app.journal.trips import recent_trips
from tests.support.events import BOOT, NEXT_BOOT, NOON_S, event, onsets_s, record

DAY_S = 86400.0
YEAR_2099_S = 4.08e9
GPS, GUESS, SYNCED = ClockQuality.GPS, ClockQuality.GUESS, ClockQuality.SYNCED


def boot(path: Path, name: str, at_s: float, clock: ClockQuality, for_s: float = 900.0) -> None:
    """Record a boot whose clock shows at_s at its start, with an event near its start and one at its end."""
    with closing(Journal(path, name)) as journal:
        for onset_s in (10.0, for_s):
            journal.record(event(onset_s), at_s + onset_s, onset_s, clock)


@pytest.mark.parametrize("clock", [GPS, SYNCED])
def test_events_older_than_keep_days_are_deleted_if_the_time_is_known(path: Path, clock: ClockQuality) -> None:
    boot(path, "old", NOON_S, clock)
    boot(path, "young", NOON_S + 2 * DAY_S, clock)
    boot(path, "now", NOON_S + (KEEP_DAYS + 1) * DAY_S, clock)
    assert {entry.boot_id for entry in recent(path)} == {"young", "now"}


def test_event_of_unknown_time_is_deleted_with_a_later_old_one(path: Path) -> None:
    boot(path, "unknown", 0.0, GUESS)
    boot(path, "old", NOON_S, SYNCED)
    boot(path, "unknown too", 0.0, GUESS)
    boot(path, "now", NOON_S + (KEEP_DAYS + 1) * DAY_S, SYNCED)
    assert {entry.boot_id for entry in recent(path)} == {"unknown too", "now"}


@pytest.mark.parametrize("wrong_s", [YEAR_2099_S, 0.0, NOON_S - 1e8, NOON_S + 2 * 365 * DAY_S])
def test_unsynchronised_clock_deletes_nothing(path: Path, wrong_s: float) -> None:
    with closing(Journal(path, BOOT)) as journal:
        for onset_s in range(50):
            journal.record(event(float(onset_s)), NOON_S + onset_s, float(onset_s), SYNCED)
    boot(path, "wrong", wrong_s, GUESS)
    boot(path, "wrong again", wrong_s, GUESS, for_s=3600.0)
    boot(path, "right again", NOON_S + DAY_S, SYNCED)
    assert len(recent(path, 100)) == 56


def test_clock_set_to_the_past_does_not_delete_recent_events(path: Path) -> None:
    boot(path, "young", NOON_S + 200 * DAY_S, SYNCED)
    boot(path, "a server told the past", NOON_S, SYNCED)
    boot(path, "now", NOON_S + 201 * DAY_S, SYNCED)
    assert len(recent(path)) == 6


def test_newly_set_clock_deletes_nothing_before_it_is_steady(path: Path) -> None:
    boot(path, BOOT, NOON_S, SYNCED, for_s=11.0)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        later_s = NOON_S + 2 * 365 * DAY_S
        for now_s, left in ((20.0, 3), (CLOCK_STEADY_S, 4), (CLOCK_STEADY_S + 20.0, 3)):
            journal.record(event(now_s), later_s + now_s, now_s, SYNCED)
            assert len(recent(path)) == left


def test_known_time_corrects_its_boot_and_a_guess_does_not(path: Path) -> None:
    with closing(Journal(path, BOOT)) as journal:
        journal.record(event(10.0), 20.0, 20.0, GUESS)
        journal.record(event(30.0), NOON_S + 30.5, 30.0, GPS)
        journal.record(event(40.0), YEAR_2099_S, 40.0, GUESS)
    found = [(round(entry.wall_s - NOON_S, 1), entry.clock) for entry in reversed(recent(path))]
    assert found == [(10.5, GPS), (30.5, GPS), (round(YEAR_2099_S - NOON_S, 1), GUESS)]


def test_events_are_ordered_by_boot_and_monotonic_time(path: Path) -> None:
    for number, shown_s in enumerate((YEAR_2099_S, 0.0, NOON_S, 0.0)):  # the clock's battery is empty
        boot(path, f"boot {number}", shown_s, GUESS, for_s=20.0)
    assert [entry.boot_id for entry in reversed(recent(path))][::2] == [f"boot {number}" for number in range(4)]
    assert onsets_s(path) == [10.0, 20.0] * 4


def test_trips_are_bounded_in_number_and_age(path: Path) -> None:
    with closing(Journal(path, BOOT)) as journal:
        for number in range(KEEP_TRIPS + 5):
            start_s = float(number)
            journal.save_trip(Trip(start_s, start_s + 60), NOON_S + start_s, start_s, SYNCED)
        assert len(recent_trips(path, 2 * KEEP_TRIPS)) == KEEP_TRIPS
    with closing(Journal(path, NEXT_BOOT)) as journal:
        for start_s in (0.0, CLOCK_STEADY_S):
            at_s = NOON_S + (KEEP_DAYS + 1) * DAY_S + start_s
            journal.save_trip(Trip(start_s, start_s + 60), at_s, start_s, SYNCED)
        assert len(recent_trips(path, 2 * KEEP_TRIPS)) == 2


def test_disputed_events_stay_disputed(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    journal.record(replace(event(1.0), disputed=True), NOON_S + 3, 3.0)
    record(journal, event(1.0, end_s=4.0))
    assert [(entry.event.disputed, entry.event.end_s) for entry in recent(path)] == [(True, 4.0)]
