"""Disks that are full, files that are locked, power cuts and kills: nothing that was recorded is lost."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from os import kill
from pathlib import Path

import pytest

from app.journal.entries import recent
from app.journal.journal import BACKLOG, RETRY_S, Journal
from tests.support.events import BOOT, NEXT_BOOT, event, files_no_larger_than, onsets_s, record


def test_a_deletion_that_fails_comes_with_the_next_save(journal: Journal, path: Path) -> None:
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


def test_a_second_writer_holds_nobody_up_for_long(journal: Journal, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began_s = time.monotonic()
        record(journal, event(1.0))
        assert time.monotonic() - began_s < 1.5
        assert "locked" in journal.problem and "pgrep" in journal.problem
    journal.retry(3.0 + RETRY_S)
    assert onsets_s(path) == [1]


def test_a_crashed_daemons_events_are_readable_before_it_is_back(path: Path) -> None:
    code = f"""
import os; from pathlib import Path; from app.journal.journal import Journal; from app.events import Event, Level, State
Journal(Path({str(path)!r}), "boot").record(Event(State.PHONE, Level.ALARM, 1.0, 1.0, 1.0), 2.0, 2.0); os._exit(1)"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert onsets_s(path) == [1]


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
