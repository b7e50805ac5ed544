"""The signals of an event in the file: bounded, saved with other writes, and deleted with their event."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from app.events import ClockQuality, State
from app.journal.entries import recent, signals_text
from app.journal.journal import KEEP_SIGNALS, SIGNALS_LATE_S, SIGNALS_MAX, SIGNALS_WAITING, Journal
from app.journal.journal_schema import MIGRATIONS
from app.journal.trip import Trip
from tests.support.events import BOOT, NEXT_BOOT, NOON_S, event, record, sql
from tests.support.journal_releases import asked, mark_version, opened

AWAY = State.LOOKING_AWAY


def kept(path: Path) -> list[str]:
    """The signals of each event, newest first."""
    return [signals_text(path, entry.id) for entry in recent(path, 10_000)]


def test_signals_are_saved_with_the_next_write_or_after_a_minute(journal: Journal, path: Path) -> None:
    record(journal, event(1.0), event(2.0))
    journal.save_signals(AWAY, 1.0, "one", 22.0)
    assert kept(path) == ["", ""]
    journal.save_trip(Trip(0.0, 60.0), NOON_S, 60.0, ClockQuality.GUESS)
    assert kept(path) == ["", "one"]
    journal.save_signals(AWAY, 2.0, "two", 100.0)
    journal.retry(99.0 + SIGNALS_LATE_S)
    assert kept(path)[0] == ""
    journal.retry(100.0 + SIGNALS_LATE_S)
    assert kept(path) == ["two", "one"]


def test_signals_without_an_event_of_this_boot_are_not_kept(path: Path) -> None:
    with closing(Journal(path, BOOT)) as journal:
        record(journal, event(1.0))
    with closing(Journal(path, NEXT_BOOT)) as journal:
        journal.save_signals(AWAY, 1.0, "of another boot", 22.0)
        journal.save_signals(AWAY, 5.0, "of no event", 22.0)
    assert kept(path) == [""]


def test_number_and_size_of_signals_are_bounded(path: Path) -> None:
    with closing(Journal(path, BOOT)) as journal:
        for number in range(KEEP_SIGNALS + 30):
            record(journal, event(float(number)))
            journal.save_signals(AWAY, float(number), "x" * SIGNALS_MAX, number + 20.0)
        for number in range(SIGNALS_WAITING + 5):
            journal.save_signals(AWAY, -float(number), "waits", 5000.0)
        assert len(journal._signals) == SIGNALS_WAITING
        journal.save_signals(AWAY, 9.0, "x" * (SIGNALS_MAX + 1), 5000.0)
    assert [bool(text) for text in kept(path)].count(True) == KEEP_SIGNALS
    assert kept(path)[KEEP_SIGNALS:] == [""] * 30
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < 2.5e6


def test_signals_are_deleted_with_their_events(path: Path) -> None:
    with closing(Journal(path, BOOT, keep_events=2)) as journal:
        for number in range(4):
            record(journal, event(float(number)))
            journal.save_signals(AWAY, float(number), f"of {number}", 20.0)
        journal.retry(1000.0)
        assert kept(path) == ["of 3", "of 2"]
        journal.save_signals(AWAY, 3.0, "again", 1000.0)
        journal.delete_all()
        record(journal, event(3.0))
    assert kept(path) == [""]


def test_updated_event_keeps_its_signals(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    journal.save_signals(AWAY, 1.0, "one", 22.0)
    record(journal, event(1.0, end_s=60.0))
    record(journal, event(1.0, end_s=60.0))
    assert kept(path) == ["one"]


def test_file_of_schema_2_keeps_its_events_and_trips(path: Path) -> None:
    path.parent.mkdir()
    sql(path, ";".join(statement for step in MIGRATIONS[:2] for statement in step))
    sql(
        path,
        "INSERT INTO events VALUES (1, 'boot', 'phone', 2, 5.0, 5.0, 5.0, 9.0, '', 5.0, 0, 1, 'gps');"
        "INSERT INTO trips VALUES (1, 'boot', 0.0, 60.0, 'parked', 5.0, 'gps', '{}');",
    )
    mark_version(path, 2)
    assert kept(path) == [""]  # the page, before the detector has updated it
    assert opened(path) == ""
    assert (kept(path), asked(path, "SELECT ended, clock FROM trips")) == ([""], [("parked", "gps")])
    assert recent(path)[0].event.disputed


@pytest.mark.parametrize(("main", "beside", "merged"), [("", "new", "new"), ("old", "", "old"), ("old", "new", "new")])
def test_signals_of_a_file_beside_are_merged(tmp_path: Path, main: str, beside: str, merged: str) -> None:
    path = tmp_path / "events.sqlite"
    for file, text in ((path, main), (path.with_name("events.sqlite.schema-3"), beside)):
        with closing(Journal(file, BOOT)) as journal:
            record(journal, event(1.0))
            journal.save_signals(AWAY, 1.0, text, 22.0)
    assert (opened(path), kept(path)) == ("", [merged])


@pytest.mark.parametrize("spoiled", ["x'ff00'", "7", "NULL", f"'{'x' * 9000}'"])
def test_damaged_signals_do_not_hide_an_event(journal: Journal, path: Path, spoiled: str) -> None:
    record(journal, event(1.0))
    sql(path, f"UPDATE OR IGNORE events SET signals = {spoiled}")
    assert len(recent(path)) == 1 and isinstance(signals_text(path, 1), str)
    assert signals_text(path, 2) == ""
