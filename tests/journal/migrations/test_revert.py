"""An older release leaves a newer file alone and records in a file beside it, which the newer release adds."""

from __future__ import annotations

import errno
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.events import Level
from app.journal.entries import JournalUnreadable, recent
from app.journal.journal import CHECK_S, Journal
from app.journal.journal_copies import all_beside, beside, copy_of
from app.journal.journal_file import why_beside
from tests.support.events import event, onsets_s, record
from tests.support.journal_releases import (
    EVENTS_OF_0_2_0,
    IMPOSSIBLE,
    MORTAL,
    NEXT,
    NOTES,
    ROOT,
    TODAY,
    TWO_STEPS,
    Release,
    asked,
    content,
    mark_version,
    names,
    opened,
    record_beside,
    version,
)


def test_reverted_release_records_beside_the_newer_file_which_adds_it_later(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    subprocess.run([sys.executable, "-c", MORTAL + "die()", str(path), "", repr(NOTES)], cwd=ROOT, check=False)
    before = content(path)
    assert len(before) == 2  # the update stands in the log
    release(())
    with closing(Journal(path, "reverted")) as older:
        record(older, event(7000.0), event(7001.0, end_s=7002.0))
        said = (
            f"new events are in events.sqlite.schema-{TODAY}:",
            f"with schema {NEXT} instead of {TODAY}",
            "`git pull`",
        )
        assert all(words in older.problem for words in said) and all(words in caplog.text for words in said)
        older.mark_good()  # of this release, which says nothing about the newer one's update
        assert why_beside(path) == older.problem
        assert onsets_s(path) == [7000, 7001]
    with closing(Journal(path, "reverted again")) as older:
        record(older, event(7003.0))
    assert (content(path), names(path) - {f".schema-{TODAY}-wal", f".schema-{TODAY}-shm"}) == (
        before,
        {".before-update", f".schema-{TODAY}"},
    )
    release(NOTES)
    with closing(Journal(path, "back")) as newer:
        record(newer, event(7004.0))
        assert (newer.problem, why_beside(path), names(path)) == ("", "", {".before-update"})
    newest = recent(path, 1000)
    assert [(entry.event.onset_s, entry.interrupted) for entry in newest[:4]] == [
        (7004, False), (7003, True), (7001, False), (7000, True),
    ]  # fmt: skip
    assert (len(newest), newest[3].boot_id) == (EVENTS_OF_0_2_0 + 4, "reverted")


def test_files_beside_are_added_once_even_if_not_removed(
    path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    record_beside(path, release)
    with monkeypatch.context() as broken:
        broken.setattr("app.journal.journal_file.remove", refuse)
        assert opened(path) == ""
        assert beside(path).with_name(f"events.sqlite.schema-{TODAY}").exists()
    assert opened(path) == ""
    assert (len(recent(path, 1000)), all_beside(path)) == (EVENTS_OF_0_2_0 + 1, {})


def test_newest_of_three_releases_adds_the_events_of_all(path: Path, release: Release) -> None:
    record_beside(path, release, TWO_STEPS)
    release(())
    with closing(Journal(path, "reverted twice")) as oldest:
        record(oldest, event(8000.0))
        assert onsets_s(path) == [8000]
    release(NOTES)
    assert f"schema-{NEXT}" in opened(path)
    assert onsets_s(path) == [7000]
    assert [*all_beside(path)] == [TODAY, NEXT]
    release(TWO_STEPS)
    assert (opened(path), all_beside(path), len(recent(path, 1000))) == ("", {}, EVENTS_OF_0_2_0 + 2)


def test_file_beside_of_a_newer_release_is_left_alone(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    release(IMPOSSIBLE)
    with closing(Journal(path, "now")) as newer:
        record(newer, event(7000.0))
    release(())
    caplog.clear()
    assert (opened(path), [*all_beside(path)], len(recent(path, 1000))) == ("", [NEXT], EVENTS_OF_0_2_0)
    assert "wait to be added" not in caplog.text


def test_an_event_in_both_files_keeps_its_highest_level_and_its_end(path: Path, release: Release) -> None:
    begun = event(7000.0)
    with closing(Journal(path, "now")) as journal:
        record(journal, begun)
        mark_version(path, 99)
        record(journal, event(7000.0 + CHECK_S))  # the file is checked, and stands back
        record(journal, event(7000.0, end_s=7009.0, level=Level.ALARM))
        assert f"schema-{TODAY}" in journal.problem
    mark_version(path, TODAY)
    assert opened(path) == ""
    (entry,) = (entry for entry in recent(path, 1000) if entry.event.onset_s == 7000.0)
    assert (entry.event.level, entry.event.end_s) == (Level.ALARM, 7009.0)


@pytest.mark.parametrize("schema", [NEXT, 99, 2**31 - 1])
def test_moving_a_newer_file_away_continues_in_a_new_one(path: Path, schema: int) -> None:
    mark_version(path, schema)
    with pytest.raises(JournalUnreadable, match="newer drivewatch"):
        recent(path)
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert f"with schema {schema} instead of {TODAY}" in journal.problem
        path.rename(path.with_name("away"))
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        record(journal, event(7001.0))
        assert journal.problem == ""
    assert (onsets_s(path), all_beside(path)) == ([7000, 7001], {})


def test_unreadable_file_beside_is_kept_and_logged(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    release(NOTES)
    opened(path)
    path.with_name(f"events.sqlite.schema-{TODAY}").mkdir()
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert journal.problem == ""
    assert "wait to be added" in caplog.text and "Is a directory" in caplog.text


def test_failed_update_leaves_the_data_for_a_later_release(path: Path, release: Release) -> None:
    before = asked(path, "SELECT * FROM events")
    release(IMPOSSIBLE)
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert (
            f"cannot be brought from schema {TODAY} to {NEXT} (NOT NULL constraint failed: events.boot_id)"
            in journal.problem
        )
        assert f"new events are in events.sqlite.schema-{NEXT}" in journal.problem and "git pull" in journal.problem
    assert (onsets_s(path), why_beside(path)[:40]) == ([7000], f"new events are in events.sqlite.schema-{NEXT}")
    assert (asked(path, "SELECT * FROM events"), version(path)) == (before, TODAY)
    release(NOTES)
    assert (opened(path), len(recent(path, 1000)), all_beside(path)) == ("", EVENTS_OF_0_2_0 + 1, {})


def test_delete_all_deletes_copies_and_files_beside(path: Path, release: Release) -> None:
    record_beside(path, release)
    beside(path).touch()  # of a release whose update had failed
    with closing(Journal(path, "now")) as journal:
        copy_of(path).with_name("events.sqlite.before-update.new").write_bytes(b"half of a copy")
        journal.delete_all()
        assert (recent(path), names(path)) == ((), set())


def test_delete_all_leaves_a_newer_releases_file(path: Path, release: Release) -> None:
    release(NOTES)
    opened(path)
    before = content(path)
    release(())
    with closing(Journal(path, "now")) as older:
        record(older, event(7000.0))
        older.delete_all()
        record(older, event(7001.0))
        assert (onsets_s(path), content(path)) == ([7001], before)
        assert names(path) - {f".schema-{TODAY}-wal", f".schema-{TODAY}-shm"} == {f".schema-{TODAY}"}
