"""A wish to delete all events is kept until it is done: by a power cut, a hang, a full disk and a restart."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from app.journal import deletion
from app.journal.entries import recent
from app.journal.journal import RETRY_S, Journal, delete_if_asked
from app.journal.trip import Trip
from app.journal.trips import recent_trips
from tests.support.events import BOOT, NEXT_BOOT, NOON_S, event, files_no_larger_than, record
from tests.support.journal_releases import names, opened


def full(path: Path) -> None:
    with closing(Journal(path, BOOT)) as journal:
        record(journal, event(1.0))
        journal.save_signals(event(1.0).kind, 1.0, "signals", 21.0)
        journal.save_trip(Trip(0.0, 60.0), NOON_S, 60.0, journal._clock)


def test_who_opens_the_events_next_deletes_them(path: Path) -> None:
    full(path)
    deletion.ask(path)
    assert deletion.is_asked(path) and recent(path)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        assert (recent(path), recent_trips(path, 9), deletion.is_asked(path)) == ((), [], False)
        record(journal, event(2.0))
    assert [entry.event.onset_s for entry in recent(path)] == [2.0]


def test_a_detector_that_is_asked_removes_the_wish_when_it_is_done(path: Path) -> None:
    full(path)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        deletion.ask(path)
        record(journal, event(2.0))
        assert deletion.is_asked(path)
        journal.delete_all()
        assert (recent(path), deletion.is_asked(path)) == ((), False)


def test_a_disk_that_is_full_keeps_the_wish_until_there_is_room(path: Path) -> None:
    full(path)
    deletion.ask(path)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        deletion.ask(path)
        journal._disconnect()
        with files_no_larger_than(100):
            journal.delete_all()
            assert "events cannot be saved" in journal.problem and deletion.is_asked(path)
        journal.retry(RETRY_S)
        assert (journal.problem, recent(path), deletion.is_asked(path)) == ("", (), False)


def test_a_wish_before_there_are_events_and_one_asked_twice_are_done(path: Path) -> None:
    deletion.ask(path)
    deletion.ask(path)
    assert (opened(path), deletion.is_asked(path), names(path)) == ("", False, set())


def test_a_detector_that_records_nothing_deletes_all_the_same(path: Path) -> None:
    full(path)
    delete_if_asked(path, NEXT_BOOT)
    assert recent(path)
    deletion.ask(path)
    delete_if_asked(path, NEXT_BOOT)
    assert (recent(path), deletion.is_asked(path)) == ((), False)


def test_what_is_no_plain_file_is_no_wish(path: Path) -> None:
    full(path)
    wish = path.with_name("events.sqlite.delete-all")
    for make in (os.mkfifo, os.mkdir, lambda wish: wish.symlink_to(path)):
        make(wish)
        assert (opened(path), deletion.is_asked(path), len(recent(path))) == ("", False, 1)
        wish.rmdir() if make is os.mkdir else wish.unlink()


def test_damaged_files_that_were_set_aside_are_deleted_too(path: Path) -> None:
    full(path)
    path.write_bytes(b"no database" * 1000)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        assert names(path) == {".corrupt-1"} and journal.problem
        journal.delete_all()
        assert (names(path), journal.problem) == (set(), "")
