"""The journal: entries, limits, clocks that jump, readers beside the writer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest

from app.events import Level, State
from app.journal.entries import recent
from app.journal.journal import Journal
from tests.support.events import BOOT, NEXT_BOOT, NOON_S, event, onsets_s, record

DAY_S = 86400.0


def test_an_event_that_begins_rises_and_ends_is_one_entry(journal: Journal, path: Path) -> None:
    begun = event(100.0)
    record(journal, begun, replace(begun, level=Level.ALARM, detail="unresponsive"))
    (entry,) = recent(path)
    assert (entry.event.level, entry.event.end_s, entry.duration_s) == (Level.ALARM, None, None)
    ended = replace(begun, level=Level.WARNING, detail="unresponsive", end_s=112.5)
    record(journal, ended)
    (entry,) = recent(path)
    assert entry.event == replace(ended, level=Level.ALARM)
    assert (entry.duration_s, entry.boot_id, entry.interrupted) == (12.5, BOOT, False)
    assert entry.wall_s == NOON_S + 100


def test_recent_events_are_newest_first_and_paged(journal: Journal, path: Path) -> None:
    record(journal, *(event(s) for s in (1.0, 2.0, 3.0, 4.0)))
    newest = recent(path, limit=3)
    assert [entry.event.onset_s for entry in newest] == [4, 3, 2]
    assert [entry.event.onset_s for entry in recent(path, before_id=newest[-1].id)] == [1]
    assert recent(path, limit=-1) == ()


def test_kind_onset_and_boot_name_an_event(journal: Journal, path: Path) -> None:
    record(journal, event(5.0), event(5.0, kind=State.DROWSY))
    journal.close()
    with closing(Journal(path, NEXT_BOOT)) as after:
        record(after, event(5.0))
    assert len(recent(path)) == 3


def test_oldest_events_are_dropped_beyond_the_limit(path: Path) -> None:
    with closing(Journal(path, BOOT, keep_events=10)) as journal:
        record(journal, *(event(float(s)) for s in range(25)))
    assert onsets_s(path) == [float(s) for s in range(15, 25)]


def test_file_size_is_bounded(path: Path) -> None:
    def size(journal: Journal, first: int) -> int:
        record(journal, *(replace(event(float(s)), detail="x" * (s % 150)) for s in range(first, first + 100)))
        return sum(file.stat().st_size for file in path.parent.iterdir())

    with closing(Journal(path, BOOT, keep_events=50)) as journal:
        sizes = [size(journal, first) for first in range(0, 500, 100)]
    assert max(sizes[2:]) <= sizes[1] < 400_000


@pytest.mark.parametrize("jump_s", [2 * 365 * DAY_S, -2 * 365 * DAY_S, 3600.0, -3600.0])
def test_clock_set_late_corrects_only_this_boot(path: Path, jump_s: float) -> None:
    with closing(Journal(path, BOOT)) as journal:
        record(journal, event(10.0))
    with closing(Journal(path, NEXT_BOOT)) as journal:
        journal.record(event(20.0), NOON_S - jump_s, 22.0)
        journal.record(event(30.0), NOON_S + 10, 32.0)
    assert [entry.wall_s for entry in recent(path)] == [NOON_S + 8, NOON_S - 2, NOON_S + 10]


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_times_that_are_not_finite_are_refused(journal: Journal, path: Path, bad: float) -> None:
    journal.record(event(bad), NOON_S, 1.0)
    journal.record(event(1.0, end_s=bad), NOON_S, 1.0)
    journal.record(event(1.0), bad, 1.0)
    journal.record(event(1.0), NOON_S, bad)
    assert recent(path) == ()
    record(journal, event(2.0))
    assert onsets_s(path) == [2] and journal.problem == ""


def test_invalid_and_long_detail_is_cut_to_what_is_valid(journal: Journal, path: Path) -> None:
    record(journal, replace(event(1.0), detail="\ud800" + "x" * 1000))
    assert recent(path)[0].event.detail == "?" + "x" * 199


def test_deleted_file_is_created_again(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    path.unlink()
    record(journal, event(2.0))
    assert onsets_s(path) == [2] and journal.problem == ""


def test_a_reader_does_not_block_the_writer(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (1,)
        record(journal, event(2.0))
        assert journal.problem == ""
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (1,)
    assert onsets_s(path) == [1, 2]


def test_reading_without_a_file_gives_no_events(path: Path) -> None:
    assert recent(path) == ()
    assert not path.parent.exists()


def test_pragmas_sync_each_commit_and_limit_memory(journal: Journal) -> None:
    assert journal._db  # only the connection itself can tell
    pragmas = {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 64, "cache_size": -64, "mmap_size": 0}
    assert {name: journal._db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas} == pragmas


def test_file_is_readable_by_its_owner_only(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
