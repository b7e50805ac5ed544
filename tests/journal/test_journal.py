"""The journal against what happens to files in a car: power cuts, full and broken cards, clocks that jump."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from math import inf, nan
from os import kill
from pathlib import Path

import pytest

from app.events import Level, State
from app.journal.journal import (
    BACKLOG,
    CHECK_S,
    CLOCK_STEADY_S,
    KEEP_DAYS,
    RETRY_S,
    Journal,
    JournalUnreadable,
    recent,
)
from app.journal.journal_file import KEEP_CORRUPT
from tests.support.events import NOON_S, event, files_no_larger_than, onsets_s, record, sql

BOOT, NEXT_BOOT = "0b7c1f6e-1", "0b7c1f6e-2"
DAY_S = 86400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "common" / "events.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(Journal(path, BOOT)) as journal:
        yield journal


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


def test_all_events_can_be_deleted_and_new_ones_come_after(journal: Journal, path: Path) -> None:
    record(journal, event(1.0), event(2.0))
    journal.delete_all()
    assert recent(path) == ()
    record(journal, event(3.0))
    assert onsets_s(path) == [3]


def test_a_deletion_that_fails_comes_with_the_next_save(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        journal.delete_all()
        assert "locked" in journal.problem
    journal.retry(1000.0)
    assert recent(path) == ()
    assert journal.problem == ""


def test_the_newest_come_first_and_a_page_at_a_time(journal: Journal, path: Path) -> None:
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


def test_events_open_at_a_power_cut_are_closed_as_interrupted(journal: Journal, path: Path) -> None:
    record(journal, event(1.0, end_s=2.0), event(3.0))
    with closing(Journal(path, NEXT_BOOT)) as after:
        assert [(e.interrupted, e.duration_s) for e in recent(path)] == [(True, None), (False, 1.0)]
        record(after, event(1.0))
    assert [e.interrupted for e in recent(path)] == [False, True, False]


def test_a_repaired_card_does_not_interrupt_what_lasts(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    record(journal, event(5.0))
    assert "events.sqlite" in journal.problem
    path.rmdir()
    path.with_suffix(".away").rename(path)
    journal.retry(5.0 + 2 + RETRY_S)
    assert journal.problem == ""
    assert [e.interrupted for e in recent(path)] == [False, False]


def test_the_oldest_leave_when_there_are_too_many(path: Path) -> None:
    with closing(Journal(path, BOOT, keep_events=10)) as journal:
        record(journal, *(event(float(s)) for s in range(25)))
    assert onsets_s(path) == [float(s) for s in range(15, 25)]


def test_the_file_stops_growing(path: Path) -> None:
    def size(journal: Journal, first: int) -> int:
        record(journal, *(replace(event(float(s)), detail="x" * (s % 150)) for s in range(first, first + 100)))
        return sum(file.stat().st_size for file in path.parent.iterdir())

    with closing(Journal(path, BOOT, keep_events=50)) as journal:
        sizes = [size(journal, first) for first in range(0, 500, 100)]
    assert max(sizes[2:]) <= sizes[1] < 400_000


def test_events_older_than_keep_days_leave(journal: Journal, path: Path) -> None:
    record(journal, event(10.0), event(10.0 + DAY_S), event(20.0 + KEEP_DAYS * DAY_S))
    assert onsets_s(path) == [10.0 + DAY_S, 20.0 + KEEP_DAYS * DAY_S]


def test_a_clock_that_jumps_deletes_nothing_before_it_has_settled(journal: Journal, path: Path) -> None:
    record(journal, event(10.0))
    journal.close()
    with closing(Journal(path, NEXT_BOOT)) as after:
        wrong_s = NOON_S + 2 * 365 * DAY_S
        after.record(event(20.0), wrong_s, 22.0)
        after.record(event(30.0), wrong_s + CLOCK_STEADY_S / 2, 22.0 + CLOCK_STEADY_S / 2)
        assert onsets_s(path) == [10, 20, 30]
        after.record(event(700.0), wrong_s + CLOCK_STEADY_S, 22.0 + CLOCK_STEADY_S)
        assert onsets_s(path) == [20, 30, 700]


@pytest.mark.parametrize("jump_s", [2 * 365 * DAY_S, -2 * 365 * DAY_S, 3600.0, -3600.0])
def test_a_clock_set_late_corrects_this_boot_and_no_other(path: Path, jump_s: float) -> None:
    with closing(Journal(path, BOOT)) as journal:
        record(journal, event(10.0))
    with closing(Journal(path, NEXT_BOOT)) as journal:
        journal.record(event(20.0), NOON_S - jump_s, 22.0)
        journal.record(event(30.0), NOON_S + 10, 32.0)
    assert [entry.wall_s for entry in recent(path)] == [NOON_S + 8, NOON_S - 2, NOON_S + 10]


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_times_that_are_no_numbers_are_refused(journal: Journal, path: Path, bad: float) -> None:
    journal.record(event(bad), NOON_S, 1.0)
    journal.record(event(1.0, end_s=bad), NOON_S, 1.0)
    journal.record(event(1.0), bad, 1.0)
    journal.record(event(1.0), NOON_S, bad)
    assert recent(path) == ()
    record(journal, event(2.0))
    assert onsets_s(path) == [2] and journal.problem == ""


def test_a_detail_that_is_no_text_or_too_long_is_kept_as_far_as_it_goes(journal: Journal, path: Path) -> None:
    record(journal, replace(event(1.0), detail="\ud800" + "x" * 1000))
    assert recent(path)[0].event.detail == "?" + "x" * 199


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to have a header" * 100, b"SQLite format 3\0" * 9]
)
def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with closing(Journal(path, BOOT)) as journal:
        record(journal, event(1.0))
        assert "events.sqlite.corrupt-1" in journal.problem
    assert onsets_s(path) == [1]
    assert path.with_name("events.sqlite.corrupt-1").read_bytes() == content


def test_a_page_that_went_bad_is_found_at_the_start(journal: Journal, path: Path) -> None:
    record(journal, *(event(float(s)) for s in range(200)))
    journal.close()
    path.write_bytes(path.read_bytes().replace(b"looking_away", b"looking_awry", 1))  # table and index disagree
    with closing(Journal(path, BOOT)) as after:
        assert "damaged" in after.problem
        record(after, event(1.0))
    assert onsets_s(path) == [1]


def test_damage_while_running_loses_nothing_that_is_reported_then(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    sql(path, "UPDATE events SET level = 2; PRAGMA wal_checkpoint(TRUNCATE)")  # so the journal must read it again
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN").execute("SELECT * FROM events").fetchall()
        with path.open("r+b") as file:
            file.write(b"\xff" * path.stat().st_size)
        record(journal, event(2.0), event(3.0))
        assert "corrupt-1" in journal.problem
        assert onsets_s(path) == [2, 3]
    record(journal, event(4.0))
    assert onsets_s(path) == [2, 3, 4]


def test_a_card_that_goes_bad_is_noticed_within_the_hour_by_what_is_saved_then(journal: Journal, path: Path) -> None:
    record(journal, event(1.0), event(2.0))  # the second finds the file checked
    sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"looking_away", b"looking_awry", 1))
    record(journal, event(3.0))
    assert journal.problem == ""
    record(journal, event(3.0 + CHECK_S))
    assert "events.sqlite.corrupt-1" in journal.problem
    assert onsets_s(path) == [3.0 + CHECK_S]


@pytest.mark.parametrize(("blocks", "says"), [(15, "the disk is full; make room"), (17, "change the SD card")])
def test_a_full_disk_is_called_so_although_sqlite_calls_it_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, says: str
) -> None:
    def refuse(path: Path, *, keeps_copy: bool) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    room = os.statvfs_result((4096, 4096, 1000, blocks, blocks, 0, 0, 0, 0, 255))
    monkeypatch.setattr("app.journal.journal.open_file", refuse)
    monkeypatch.setattr("os.statvfs", lambda folder: room)
    with closing(Journal(path, BOOT)) as journal:
        assert says in journal.problem


def test_only_so_many_damaged_files_are_kept(path: Path) -> None:
    path.parent.mkdir()
    for number in range(1, 6):
        path.write_bytes(b"damaged %d " % number * 100)
        Journal(path, BOOT).close()
    kept = sorted(file.name for file in path.parent.glob("*.corrupt-*"))
    assert kept == [f"events.sqlite.corrupt-{number}" for number in range(6 - KEEP_CORRUPT, 6)]


def test_what_cannot_be_saved_waits_and_is_saved_later(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "events.sqlite"
    path.parent.write_text("a file where the folder should be")
    with closing(Journal(path, BOOT)) as journal:
        assert str(path) in journal.problem and "ls -l" in journal.problem
        record(journal, event(100.0), event(101.0), event(100.0, end_s=104.0))
        assert "3 reports wait" in journal.problem
        path.parent.unlink()
        journal.retry(102.0 + RETRY_S - 1)
        assert not path.exists()
        journal.retry(102.0 + RETRY_S)
        assert journal.problem == ""
    assert onsets_s(path) == [100, 101]


def test_a_problem_is_over_without_a_new_event(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "events.sqlite"
    path.parent.write_text("")
    with closing(Journal(path, BOOT)) as journal:
        path.parent.unlink()
        journal.retry(1.0)
        assert journal.problem == ""


def test_what_waits_is_bounded_and_the_newest_stays(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "events.sqlite"
    path.parent.write_text("")
    with closing(Journal(path, BOOT)) as journal:
        record(journal, *(event(s / 100) for s in range(BACKLOG + 5)))
        assert f"{BACKLOG} reports wait" in journal.problem and "5 are lost" in journal.problem
        path.parent.unlink()
    assert onsets_s(path)[0] == 0.05 and len(onsets_s(path)) == BACKLOG


def test_a_problem_is_logged_once_and_its_end_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    path = tmp_path / "folder" / "events.sqlite"
    path.parent.write_text("")
    with closing(Journal(path, BOOT)) as journal:
        record(journal, *(event(s * RETRY_S) for s in range(10)))
        path.parent.unlink()
        record(journal, event(1000.0), event(2000.0))
    assert [message.split(":")[0] for message in caplog.messages] == [
        "events cannot be saved",
        "events are saved again",
    ]


def test_a_write_that_fails_half_way_loses_nothing(journal: Journal, path: Path) -> None:
    record(journal, event(0.0))
    log_bytes = path.with_name("events.sqlite-wal").stat().st_size
    with files_no_larger_than(log_bytes + 5000):  # not enough for a transaction's three pages
        record(journal, event(1.0), event(2.0))
        assert "2 reports wait" in journal.problem and "SD card" in journal.problem
    record(journal, event(3.0 + RETRY_S))
    assert journal.problem == ""
    assert onsets_s(path) == [0, 1, 2, 3 + RETRY_S]


def test_a_history_deleted_by_somebody_begins_anew(journal: Journal, path: Path) -> None:
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


def test_a_second_writer_holds_nobody_up_for_long(journal: Journal, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began_s = time.monotonic()
        record(journal, event(1.0))
        assert time.monotonic() - began_s < 1.5
        assert "locked" in journal.problem and "snap services" in journal.problem
    journal.retry(3.0 + RETRY_S)
    assert onsets_s(path) == [1]


def test_nothing_recorded_yet_is_no_trouble(path: Path) -> None:
    assert recent(path) == ()
    assert not path.parent.exists()


def test_a_reader_says_why_it_cannot_read(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(JournalUnreadable, match=r"events\.sqlite: file is not a database; see"):
        recent(path)


def test_a_kind_that_only_another_version_knows_is_passed_over(journal: Journal, path: Path) -> None:
    record(journal, event(1.0), event(2.0), event(3.0))
    sql(path, "UPDATE events SET kind = 'singing' WHERE onset_s = 1; UPDATE events SET level = 9 WHERE onset_s = 2")
    assert onsets_s(path) == [3]


@pytest.mark.parametrize(
    "damage",
    [
        "wall_s = 1e300",
        "wall_s = -1e11",
        "wall_s = 'noon'",
        "onset_s = 9e15",
        "end_s = x'ff'",
        "detail = x'ff'",
        "onset_latest_s = 'soon'",
        "kind = x'ff'",
    ],
)
def test_an_event_that_a_bad_card_made_nonsense_of_hides_no_other(journal: Journal, path: Path, damage: str) -> None:
    record(journal, event(1.0), event(2.0), event(3.0))
    sql(path, f"UPDATE events SET {damage} WHERE id = 2")
    assert onsets_s(path) == [1, 3]


def test_a_letter_that_a_bad_card_made_nonsense_of_is_shown_as_such(journal: Journal, path: Path) -> None:
    record(journal, replace(event(1.0), detail="frozen"), event(2.0))
    sql(path, "UPDATE events SET detail = CAST(x'66ff6f' AS TEXT) WHERE id = 1")
    assert [entry.event.detail for entry in recent(path)] == ["", "f\ufffdo"]


def test_a_file_that_lost_its_version_is_set_aside(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    journal.close()
    sql(path, "PRAGMA user_version = 0")
    with closing(Journal(path, BOOT)) as after:
        assert "it has tables, but no version" in after.problem and "corrupt-1" in after.problem
        record(after, event(2.0))
    assert onsets_s(path) == [2]


HEADER = b"\0\0\0%c" + bytes(11) + b"\1"  # the format of the schema, and the encoding of texts


@pytest.mark.parametrize(
    ("found", "becomes"),
    [
        (b"CREATE TABLE events", b"CREATE TABLE event\x8e"),
        (b"onset_s REAL", b"onset_t REAL"),
        (HEADER % 4, HEADER % 99),
    ],
    ids=["no text", "another name", "another format"],
)
def test_a_file_whose_table_went_bad_is_set_aside_and_the_page_says_so_before(
    journal: Journal, path: Path, found: bytes, becomes: bytes
) -> None:
    record(journal, event(1.0))
    journal.close()
    path.write_bytes(path.read_bytes().replace(found, becomes, 1))
    with pytest.raises(JournalUnreadable, match=r"events\.sqlite"):
        recent(path)
    with closing(Journal(path, BOOT)) as after:
        record(after, event(2.0))
        assert "corrupt-1" in after.problem and after.problem.isprintable()
    assert onsets_s(path) == [2]


def test_a_torn_tree_is_told_on_one_line(journal: Journal, path: Path) -> None:
    record(journal, *(event(float(s)) for s in range(200)))
    journal.close()
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\x1b[31m\n" * 100)
    with closing(Journal(path, BOOT)) as after:
        assert "was damaged (*** in database main *** " in after.problem and after.problem.isprintable()


def test_a_crashed_daemons_events_are_readable_before_it_is_back(path: Path) -> None:
    code = f"""
import os; from pathlib import Path; from app.journal.journal import Journal; from app.events import Event, Level, State
Journal(Path({str(path)!r}), "boot").record(Event(State.PHONE, Level.ALARM, 1.0, 1.0, 1.0), 2.0, 2.0); os._exit(1)"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert onsets_s(path) == [1]


def test_every_commit_is_synced_and_memory_is_small(journal: Journal) -> None:
    assert journal._db  # only the connection itself can tell
    pragmas = {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 64, "cache_size": -64, "mmap_size": 0}
    assert {name: journal._db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas} == pragmas


def test_the_file_is_its_owners_alone(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


KILLS = 40
# Forks one writer after the other; each says which events it has saved, until it is killed.
NURSERY = """
import os, sys
from pathlib import Path
from app.journal.journal import Journal
from app.events import Event, Level, State
for round, _ in enumerate(sys.stdin):
    pid = os.fork()
    if pid == 0:
        journal = Journal(Path(sys.argv[1]), f"boot-{round}", keep_events=100_000)
        for n in range(10_000):
            journal.record(Event(State.PHONE, Level.WARNING, float(n), n, n, None if n % 2 else n + 1.0), 1.8e9 + n, n)
            os.write(1, b"%d %d %d %d\\n" % (os.getpid(), round, n, not journal.problem))
    os.waitpid(pid, 0)
    os.write(1, b"dead\\n")
"""


def test_no_saved_event_is_lost_by_a_kill_at_any_moment(tmp_path: Path) -> None:
    path, chance, saved = tmp_path / "events.sqlite", random.Random(7), set()
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as nursery:
        assert nursery.stdin and nursery.stdout
        for _ in range(KILLS):
            nursery.stdin.write("go\n")
            kill_after, spin_s = chance.randrange(1, 8), chance.uniform(0, 0.002)
            while (line := nursery.stdout.readline().strip()) != "dead":
                pid, boot, onset, is_saved = map(int, line.split())
                assert is_saved
                saved.add((f"boot-{boot}", float(onset)))
                kill_after -= 1
                if kill_after == 0:
                    until_s = time.perf_counter() + spin_s
                    while time.perf_counter() < until_s:
                        pass
                    kill(pid, signal.SIGKILL)
            with closing(sqlite3.connect(path)) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found = recent(path, 10_000)
            assert saved <= {(entry.boot_id, entry.event.onset_s) for entry in found}
        nursery.stdin.close()
    assert len(saved) > KILLS and not list(tmp_path.glob("*.corrupt-*"))
    Journal(path, "last").close()
    assert all(entry.interrupted == (entry.event.end_s is None) for entry in recent(path, 10_000))
