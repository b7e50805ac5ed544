"""Updates interrupted by a kill, a power cut, a full disk or a lock lose no event."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.journal.entries import recent
from app.journal.journal import RETRY_S, Journal
from app.journal.journal_copies import copy_of
from tests.support.events import event, files_no_larger_than, record
from tests.support.journal_releases import (
    AFTER_NEXT,
    EVENTS_OF_0_2_0,
    HALF_WRITTEN,
    MORTAL,
    NEXT,
    NOTES,
    REBUILD,
    ROOT,
    TODAY,
    TWO_STEPS,
    Release,
    asked,
    content,
    names,
    opened,
    version,
)

KILLED_AT = {
    "copy": (NOTES, TODAY, {".before-update.new"}),
    "first statement": ((("SELECT die()", *NOTES[0]),), TODAY, {".before-update"}),
    "each row": (
        (("UPDATE events SET detail = CASE id WHEN 13 THEN die() ELSE 'lost' END",),),
        TODAY,
        {".before-update"},
    ),
    "before commit": (((*NOTES[0], "SELECT die()"),), TODAY, {".before-update"}),
    "second step": ((*NOTES, ("UPDATE events SET note = 'lost'", "SELECT die()")), NEXT, {".before-update"}),
}


@pytest.mark.parametrize("moment", KILLED_AT)
def test_kill_during_an_update_loses_no_event(path: Path, release: Release, moment: str) -> None:
    steps, reached, left = KILLED_AT[moment]
    command = [sys.executable, "-c", MORTAL, str(path), moment, repr(steps)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert (version(path), names(path)) == (reached, left)
    release(TWO_STEPS)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0  # the page, before the detector is back
    with closing(Journal(path, "now")) as journal:
        assert (journal.problem, version(path), names(path)) == ("", AFTER_NEXT, {".before-update"})
        assert version(copy_of(path)) == TODAY
        record(journal, event(7000.0))
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1
    assert asked(path, "SELECT count(*) FROM events WHERE detail = 'lost'") == [(0,)]


def test_reverted_release_uses_its_file_after_a_killed_update(path: Path) -> None:
    command = [sys.executable, "-c", MORTAL, str(path), "", repr((("SELECT die()",),))]
    subprocess.run(command, cwd=ROOT, check=False)
    with closing(Journal(path, "now")) as journal:
        assert (journal.problem, version(path), len(recent(path, 1000))) == ("", TODAY, EVENTS_OF_0_2_0)
        copy_of(path).with_name("events.sqlite.before-update.new").write_bytes(b"half of a copy")
        journal.mark_good()
        assert names(path) == set()


def test_file_left_half_written_by_a_power_cut_is_rolled_back(path: Path) -> None:
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)], check=True)
    assert path.with_name("events.sqlite-journal").exists()
    assert (opened(path), len(recent(path, 1000)), names(path)) == ("", EVENTS_OF_0_2_0, set())


def test_leftover_copy_is_replaced_before_the_next_update(path: Path, release: Release) -> None:
    release(((*NOTES[0], "SELECT missing"),))
    assert "no such column: missing" in opened(path)
    release(())
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
    copy_of(path).with_name("events.sqlite.before-update.new").write_bytes(b"half of a copy")
    release(NOTES)
    assert (opened(path), names(path)) == ("", {".before-update"})
    assert asked(copy_of(path), "SELECT count(*) FROM events") == [(EVENTS_OF_0_2_0 + 1,)]


def test_two_detectors_updating_at_once_apply_it_once(path: Path) -> None:
    steps = (("CREATE TABLE once (id INTEGER)", "INSERT INTO once VALUES (1)"),)
    ready = "input()\nJournal(Path(sys.argv[1]), sys.argv[2]).close()"
    code = MORTAL.replace('journal = Journal(Path(sys.argv[1]), "now")\n', ready)
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name, repr(steps)], cwd=ROOT, stdin=subprocess.PIPE)
        for name in ("one", "other")
    ]
    for process in both:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait() for process in both] == [0, 0]
    assert asked(path, "SELECT count(*) FROM once") == [(1,)]
    assert (version(path), version(copy_of(path)), names(path)) == (NEXT, TODAY, {".before-update"})
    assert len(asked(path, "SELECT id FROM events")) == EVENTS_OF_0_2_0


def test_update_waits_for_another_writer(path: Path, release: Release) -> None:
    release(NOTES)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(Journal(path, "now")) as journal:
            assert "locked" in journal.problem
            record(journal, event(7000.0))
            assert (version(path), names(path)) == (TODAY, set())
            other.execute("COMMIT")
            journal.retry(7000.0 + 2 + RETRY_S)
            assert (journal.problem, version(path)) == ("", NEXT)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1


def test_readers_see_the_old_tables_until_the_update_commits(path: Path, release: Release) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        count = "SELECT count(*) FROM events"
        assert reader.execute(count).fetchone() == (EVENTS_OF_0_2_0,)
        release((REBUILD,))
        assert opened(path) == ""
        assert reader.execute(count).fetchone() == (EVENTS_OF_0_2_0,)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0


def test_update_waits_for_free_space_and_events_are_saved_later(
    path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(NOTES)
    before = content(path)
    room = os.statvfs_result((4096, 4096, 1000, 10, 10, 0, 0, 0, 0, 255))
    with monkeypatch.context() as full:
        full.setattr("os.statvfs", lambda folder: room)
        journal = Journal(path, "now")
        record(journal, event(7000.0))
        assert "an update of the events needs 0.1 MB of free space; make room, `df -h" in journal.problem
        assert "1 reports wait" in journal.problem
        assert (names(path), version(path)) == (set(), TODAY)
        assert sum(map(len, content(path).values())) <= sum(map(len, before.values()))
    with closing(journal):
        journal.retry(7000.0 + 2 + RETRY_S)
        assert (journal.problem, version(path)) == ("", NEXT)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1


@pytest.mark.parametrize("size_bytes", [0, 4096, 12_288, 20_480, 40_960, 57_344])
def test_failed_writes_during_copy_or_update_lose_no_event(path: Path, release: Release, size_bytes: int) -> None:
    opened(path)  # folds the log in
    release(((*REBUILD, "CREATE TABLE large AS SELECT zeroblob(200000)"),))
    with files_no_larger_than(size_bytes), closing(Journal(path, "now")) as journal:
        assert "I/O" in journal.problem or "full" in journal.problem or "large" in journal.problem
    assert (version(path), len(recent(path, 1000))) == (TODAY, EVENTS_OF_0_2_0)
    assert names(path) <= {".before-update"}
    assert (opened(path), version(path), len(recent(path, 1000))) == ("", NEXT, EVENTS_OF_0_2_0)


def test_unwritable_folder_only_prevents_the_update(
    path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.open

    def refuse(file: str | Path, flags: int, mode: int = 0o777) -> int:
        if str(file).endswith(".new"):
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        return really(file, flags, mode)

    release(NOTES)
    monkeypatch.setattr("os.open", refuse)
    problem = opened(path)
    assert "Permission denied" in problem and "who may write there" in problem
    assert (version(path), names(path), len(recent(path, 1000))) == (TODAY, set(), EVENTS_OF_0_2_0)
