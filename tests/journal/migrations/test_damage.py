"""Damage found during or beside an update: the file is set aside, and what can be saved is saved."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.journal.entries import recent
from app.journal.journal import Journal
from app.journal.journal_copies import beside, copy_of
from tests.support.events import event, onsets_s, record
from tests.support.journal_releases import (
    EVENTS_OF_0_2_0,
    HALF_WRITTEN,
    NEXT,
    NOTES,
    TODAY,
    Release,
    content,
    mark_version,
    names,
    opened,
    record_beside,
)


def test_damaged_file_beside_is_set_aside_and_recording_continues(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    record_beside(path, release)
    path.with_name(f"events.sqlite.schema-{TODAY}").write_bytes(b"no database" * 1000)
    assert opened(path) == ""
    assert f"its events are in events.sqlite.schema-{TODAY}.corrupt-1" in caplog.text
    assert (names(path), len(recent(path, 1000))) == ({".before-update", f".schema-{TODAY}.corrupt-1"}, EVENTS_OF_0_2_0)


def test_damaged_file_beside_does_not_change_the_newer_file(path: Path) -> None:
    mark_version(path, NEXT)
    before = content(path)
    beside(path).write_bytes(b"no database" * 1000)
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert f"new events are in events.sqlite.schema-{TODAY}:" in journal.problem
        assert f"its events are in events.sqlite.schema-{TODAY}.corrupt-1" in journal.problem
    assert (content(path), onsets_s(path)) == (before, [7000])


def test_a_damaged_older_file_is_set_aside_before_any_update(path: Path, release: Release) -> None:
    opened(path)
    path.write_bytes(path.read_bytes().replace(b"looking_away", b"looking_awry", 1))
    release(NOTES)
    assert "events.sqlite.corrupt-1, new ones in a new file" in opened(path)
    assert (names(path), recent(path)) == ({".corrupt-1"}, ())


def test_file_damaged_after_its_update_is_replaced_by_the_copy(path: Path, release: Release) -> None:
    release(NOTES)
    opened(path)
    path.write_bytes(b"no database" * 1000)
    with closing(Journal(path, "now")) as journal:
        assert "events.sqlite.corrupt-1, the copy from before the last update is used" in journal.problem
        record(journal, event(7000.0))
    assert (len(recent(path, 1000)), names(path)) == (EVENTS_OF_0_2_0 + 1, {".corrupt-1", ".before-update"})


def test_a_damaged_copy_is_set_aside_too(path: Path, release: Release) -> None:
    release(NOTES)
    opened(path)
    for file in (path, copy_of(path)):
        file.write_bytes(b"no database" * 1000)
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert journal.problem.startswith(f"{path} was damaged")
    assert (onsets_s(path), names(path)) == ([7000], {".corrupt-1", ".corrupt-2"})


def test_copy_is_used_after_a_power_cut_while_setting_the_file_aside(path: Path, release: Release) -> None:
    release(NOTES)
    opened(path)
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)], check=True)
    path.unlink()
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").write_bytes(b"of the file that is gone")
    release(())
    assert (opened(path), len(recent(path, 1000)), names(path)) == ("", EVENTS_OF_0_2_0, set())
