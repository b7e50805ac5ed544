"""Full disks, locked files, power cuts and kills lose nothing that was recorded."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.journal.entries import recent
from app.journal.journal import BACKLOG, RETRY_S, Journal
from tests.support.events import BOOT, NEXT_BOOT, event, files_no_larger_than, onsets_s, record


@pytest.fixture
def blocked(path: Path) -> Path:
    """A path that cannot be written: a file stands where its folder should be."""
    path.parent.write_text("")
    return path


def test_failed_deletion_is_repeated_with_the_next_save(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        journal.delete_all()
        assert "locked" in journal.problem
    journal.retry(1000.0)
    assert recent(path) == ()
    assert journal.problem == ""


def test_events_open_at_a_power_cut_are_closed_as_interrupted(journal: Journal, path: Path) -> None:
    record(journal, event(1.0, end_s=2.0), event(3.0))
    with closing(Journal(path, NEXT_BOOT)) as after:
        assert [(e.interrupted, e.duration_s) for e in recent(path)] == [(True, None), (False, 1.0)]
        record(after, event(1.0))
    assert [e.interrupted for e in recent(path)] == [False, True, False]


def test_repaired_card_does_not_mark_open_events_as_interrupted(journal: Journal, path: Path) -> None:
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


@pytest.mark.parametrize(("blocks", "says"), [(15, "the disk is full; make room"), (17, "change the SD card")])
def test_full_disk_is_reported_although_sqlite_reports_an_io_error(
    path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, says: str
) -> None:
    def refuse(path: Path, *, keeps_copy: bool) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    room = os.statvfs_result((4096, 4096, 1000, blocks, blocks, 0, 0, 0, 0, 255))
    monkeypatch.setattr("app.journal.journal.open_file", refuse)
    monkeypatch.setattr("os.statvfs", lambda folder: room)
    with closing(Journal(path, BOOT)) as journal:
        assert says in journal.problem


def test_events_that_cannot_be_saved_wait_and_are_saved_later(blocked: Path) -> None:
    with closing(Journal(blocked, BOOT)) as journal:
        assert str(blocked) in journal.problem and "ls -l" in journal.problem
        record(journal, event(100.0), event(101.0), event(100.0, end_s=104.0))
        assert "3 reports wait" in journal.problem
        blocked.parent.unlink()
        journal.retry(102.0 + RETRY_S - 1)
        assert not blocked.exists()
        journal.retry(102.0 + RETRY_S)
        assert journal.problem == ""
    assert onsets_s(blocked) == [100, 101]


def test_problem_ends_without_a_new_event(blocked: Path) -> None:
    with closing(Journal(blocked, BOOT)) as journal:
        blocked.parent.unlink()
        journal.retry(1.0)
        assert journal.problem == ""


def test_waiting_reports_are_bounded_and_the_newest_kept(blocked: Path) -> None:
    with closing(Journal(blocked, BOOT)) as journal:
        record(journal, *(event(s / 100) for s in range(BACKLOG + 5)))
        assert f"{BACKLOG} reports wait" in journal.problem and "5 are lost" in journal.problem
        blocked.parent.unlink()
    assert onsets_s(blocked)[0] == 0.05 and len(onsets_s(blocked)) == BACKLOG


def test_problem_and_its_end_are_logged_once(blocked: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with closing(Journal(blocked, BOOT)) as journal:
        record(journal, *(event(s * RETRY_S) for s in range(10)))
        blocked.parent.unlink()
        record(journal, event(1000.0), event(2000.0))
    messages = [message.split(":")[0] for message in caplog.messages]
    assert messages == ["events cannot be saved", "events are saved again"]


def test_write_that_fails_halfway_loses_nothing(journal: Journal, path: Path) -> None:
    record(journal, event(0.0))
    log_bytes = path.with_name("events.sqlite-wal").stat().st_size
    with files_no_larger_than(log_bytes + 5000):  # not enough for a transaction's three pages
        record(journal, event(1.0), event(2.0))
        assert "2 reports wait" in journal.problem and "SD card" in journal.problem
    record(journal, event(3.0 + RETRY_S))
    assert journal.problem == ""
    assert onsets_s(path) == [0, 1, 2, 3 + RETRY_S]


def test_second_writer_blocks_only_briefly(journal: Journal, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began_s = time.monotonic()
        record(journal, event(1.0))
        assert time.monotonic() - began_s < 1.5
        assert "locked" in journal.problem and "pgrep" in journal.problem
    journal.retry(3.0 + RETRY_S)
    assert onsets_s(path) == [1]


def test_events_of_a_crashed_detector_are_readable(path: Path) -> None:
    code = f"""
import os; from pathlib import Path; from app.journal.journal import Journal; from app.events import Event, Level, State
Journal(Path({str(path)!r}), "boot").record(Event(State.PHONE, Level.ALARM, 1.0, 1.0, 1.0), 2.0, 2.0); os._exit(1)"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert onsets_s(path) == [1]


KILLS = 40


# Forks one writer after the other; each prints the events it has saved, until it is killed
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
                    os.kill(pid, signal.SIGKILL)
            with closing(sqlite3.connect(path)) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found = recent(path, 10_000)
            assert saved <= {(entry.boot_id, entry.event.onset_s) for entry in found}
        nursery.stdin.close()
    assert len(saved) > KILLS and not list(tmp_path.glob("*.corrupt-*"))
    Journal(path, "last").close()
    assert all(entry.interrupted == (entry.event.end_s is None) for entry in recent(path, 10_000))
