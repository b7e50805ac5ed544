"""A request to delete all events outlives a restart and a full disk until it is done."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from app.journal import deletion
from app.journal.entries import recent
from app.journal.journal import RETRY_S, Journal, delete_if_asked
from app.journal.trip import Trip
from app.journal.trips import recent_trips
from tests.support.events import BOOT, NEXT_BOOT, NOON_S, event, files_no_larger_than, onsets_s, record
from tests.support.journal_releases import names, opened


def full(path: Path) -> None:
    with closing(Journal(path, BOOT)) as journal:
        record(journal, event(1.0))
        journal.save_signals(event(1.0).kind, 1.0, "signals", 21.0)
        journal.save_trip(Trip(0.0, 60.0), NOON_S, 60.0, journal._clock)


def test_request_is_carried_out_at_the_next_start(path: Path) -> None:
    full(path)
    deletion.ask(path)
    assert deletion.is_asked(path) and recent(path)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        assert (recent(path), recent_trips(path, 9), deletion.is_asked(path)) == ((), [], False)
        record(journal, event(2.0))
    assert [entry.event.onset_s for entry in recent(path)] == [2.0]


def test_running_detector_deletes_and_removes_the_request(path: Path) -> None:
    full(path)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        deletion.ask(path)
        record(journal, event(2.0))
        assert deletion.is_asked(path)
        journal.delete_all()
        assert (recent(path), recent_trips(path, 9), deletion.is_asked(path)) == ((), [], False)
        record(journal, event(3.0))
    assert onsets_s(path) == [3]


def test_request_is_kept_while_the_disk_is_full(path: Path) -> None:
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


def test_request_without_events_and_a_repeated_one_are_carried_out(path: Path) -> None:
    deletion.ask(path)
    deletion.ask(path)
    assert (opened(path), deletion.is_asked(path), names(path)) == ("", False, set())


def test_request_is_carried_out_without_a_journal(path: Path) -> None:
    full(path)
    delete_if_asked(path, NEXT_BOOT)
    assert recent(path)
    deletion.ask(path)
    delete_if_asked(path, NEXT_BOOT)
    assert (recent(path), deletion.is_asked(path)) == ((), False)


def test_only_a_plain_file_is_a_request(path: Path) -> None:
    full(path)
    request = path.with_name("events.sqlite.delete-all")
    for make in (os.mkfifo, os.mkdir, lambda request: request.symlink_to(path)):
        make(request)
        assert (opened(path), deletion.is_asked(path), len(recent(path))) == ("", False, 1)
        request.rmdir() if make is os.mkdir else request.unlink()


def test_delete_all_deletes_damaged_files_set_aside(path: Path) -> None:
    full(path)
    path.write_bytes(b"no database" * 1000)
    with closing(Journal(path, NEXT_BOOT)) as journal:
        assert names(path) == {".corrupt-1"} and journal.problem
        journal.delete_all()
        assert (names(path), journal.problem) == (set(), "")
