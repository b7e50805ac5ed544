"""Older files are updated and lose nothing. releases/0.2.0 holds what release 0.2.0 wrote."""

from __future__ import annotations

import errno
from contextlib import closing
from pathlib import Path

import pytest

from app.events import ClockQuality, State
from app.journal import journal_file, journal_schema
from app.journal.entries import JournalUnreadable, recent
from app.journal.journal import Journal
from app.journal.journal_copies import copy_of
from app.journal.trips import recent_trips
from tests.support.events import event, record, sql
from tests.support.journal_releases import (
    AFTER_NEXT,
    EVENTS_OF_0_2_0,
    NEXT,
    NOTES,
    REBUILD,
    TODAY,
    TWO_STEPS,
    Release,
    Steps,
    asked,
    content,
    names,
    opened,
    version,
)


def test_reader_refuses_to_update_a_large_file_in_memory(old_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "UPDATED_MAX_BYTES", 8192)
    with pytest.raises(JournalUnreadable, match="too large to be read before it is updated"):
        recent(old_path)
    assert opened(old_path) == ""  # the detector updates it where it is
    assert len(recent(old_path, 1000)) == EVENTS_OF_0_2_0


def test_file_of_0_2_0_keeps_all_its_events(old_path: Path, tmp_path: Path) -> None:
    assert (version(old_path), len(recent(old_path, 1000))) == (1, EVENTS_OF_0_2_0)
    with closing(Journal(old_path, "now")) as journal:
        record(journal, event(7000.0))
        assert journal.problem == ""
        assert names(old_path) == {".before-update"}
        journal.mark_good()
    newest = recent(old_path, 1000)
    assert [entry.event.onset_s for entry in newest[:5]] == [7000, 180, 120, 60, 0]
    assert (newest[1].interrupted, newest[1].event.detail) == (True, "d\u00e9tail")
    assert {(entry.clock, entry.event.disputed) for entry in newest} == {(ClockQuality.GUESS, False)}
    assert (len(newest), names(old_path), recent_trips(old_path, 9)) == (EVENTS_OF_0_2_0 + 1, set(), [])
    opened(tmp_path / "new.sqlite")
    assert asked(old_path, "SELECT sql FROM sqlite_master") == asked(
        tmp_path / "new.sqlite", "SELECT sql FROM sqlite_master"
    )


def test_events_of_0_2_0_beside_after_a_revert_are_added(old_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    opened(path)
    for file in old_path.parent.iterdir():
        file.rename(path.with_name(file.name.replace("events.sqlite", "events.sqlite.schema-1")))
    assert (opened(path), len(recent(path, 1000))) == ("", EVENTS_OF_0_2_0)
    assert not path.with_name("events.sqlite.schema-1").exists()


def test_updated_file_keeps_a_copy_until_the_release_ran_well(path: Path, release: Release) -> None:
    release(TWO_STEPS)
    with closing(Journal(path, "now")) as journal:
        assert (journal.problem, version(path)) == ("", AFTER_NEXT)
        assert asked(path, "SELECT DISTINCT note FROM events") == [("brought to the one after",)]
        record(journal, event(7000.0))
        copy = copy_of(path)
        assert (version(copy), asked(copy, "SELECT count(*) FROM events")) == (TODAY, [(EVENTS_OF_0_2_0,)])
        assert (asked(copy, "PRAGMA integrity_check"), copy.stat().st_mode & 0o777) == ([("ok",)], 0o600)
        assert names(path) == {".before-update"}
        journal.mark_good()
        journal.mark_good()
        assert names(path) == set()
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1


def test_new_file_takes_all_steps_without_a_copy(tmp_path: Path, release: Release) -> None:
    release(TWO_STEPS)
    path = tmp_path / "events.sqlite"
    path.touch()  # a file of version 0 with no tables
    assert recent(path) == ()
    assert (opened(path), version(path), names(path)) == ("", AFTER_NEXT, set())


def test_a_reader_shows_an_older_file_without_changing_it(path: Path, release: Release) -> None:
    before = content(path)
    release(NOTES)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0
    assert (content(path), names(path)) == (before, set())


def test_invalid_utf8_survives_an_update(path: Path, release: Release) -> None:
    sql(path, "UPDATE events SET detail = CAST(x'66ff6f' AS TEXT) WHERE id = 1")
    release((REBUILD,))
    assert opened(path) == ""
    assert recent(path, 1000)[-1].event.detail == "f\ufffdo"


@pytest.mark.parametrize("steps", [(("DROP TABLE events",),), (("ALTER TABLE events DROP COLUMN detail",),)])
def test_step_that_breaks_recording_is_rolled_back(path: Path, release: Release, steps: Steps) -> None:
    release(steps)
    assert f"cannot be brought from schema {TODAY} to {NEXT}" in opened(path)
    assert (version(path), len(asked(path, "SELECT detail FROM events"))) == (TODAY, EVENTS_OF_0_2_0)


def test_link_to_the_events_is_kept_and_planted_links_are_not_followed(path: Path, release: Release) -> None:
    opened(path)
    real, victim = path.parent.parent / "real.sqlite", path.parent.parent / "victim"
    path.rename(real)
    path.symlink_to(real)
    for planted in (copy_of(path), copy_of(path).with_name(f"{copy_of(path).name}.new")):
        planted.symlink_to(victim)
    release(NOTES)
    assert (opened(path), path.is_symlink(), version(real)) == ("", True, NEXT)
    assert (victim.exists(), copy_of(path).is_symlink(), version(copy_of(path))) == (False, False, TODAY)
    real.rename(real.with_name("away"))
    assert opened(path) == "" and path.is_symlink() and recent(path) == ()  # the copy does not take the link's place


def test_merge_statements_cover_every_table(tmp_path: Path) -> None:
    opened(tmp_path / "events.sqlite")
    tables = asked(tmp_path / "events.sqlite", "SELECT name FROM sqlite_master WHERE type = 'table'")
    for (table,) in tables:
        assert any(f"INSERT INTO main.{table} " in statement for statement in journal_schema.MERGE), table


def test_a_failed_removal_of_the_copy_ends_nothing(
    path: Path, release: Release, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    release(NOTES)
    with closing(Journal(path, "now")) as journal:
        with monkeypatch.context() as broken:
            broken.setattr(Path, "unlink", _read_only)
            journal.mark_good()
        assert "a copy is not removed" in caplog.text
        record(journal, event(7000.0, kind=State.PHONE))
        assert journal.problem == ""


def _read_only(path: Path, missing_ok: bool = False) -> None:
    raise OSError(errno.EROFS, "Read-only file system", str(path))
