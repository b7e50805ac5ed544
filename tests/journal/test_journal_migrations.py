"""Files of other releases: older ones are updated and lose nothing, newer ones stay as they are.

releases/0.2.0 holds what release 0.2.0 wrote; write_events.py beside it says how. Its schema is today's, so what an
update does is tried with steps that a later release might take.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.events import Level, State
from app.journal import journal_schema
from app.journal.journal import CHECK_S, RETRY_S, Journal, JournalUnreadable, recent
from app.journal.journal_copies import all_beside, beside, copy_of
from app.journal.journal_file import why_beside
from tests.support.events import event, files_no_larger_than, onsets_s, record, sql

Steps = tuple[tuple[str, ...], ...]
Release = Callable[[Steps], None]

WRITTEN = Path(__file__).with_name("releases") / "0.2.0"
EVENTS_OF_0_2_0 = 24
ROOT = Path(__file__).parents[2]
NOTES: Steps = (
    (
        "ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "UPDATE events SET note = 'brought to 2'",
        "CREATE INDEX by_time ON events (wall_s)",
    ),
)
REBUILD = (  # what SQLite's manual gives for a change that ALTER TABLE cannot make
    "CREATE TABLE next AS SELECT * FROM events",
    "DROP TABLE events",
    journal_schema.MIGRATIONS[0][0],
    "INSERT INTO events SELECT * FROM next",
    "DROP TABLE next",
)
TWO_STEPS: Steps = (*NOTES, ("UPDATE events SET note = 'brought to 3'",))
IMPOSSIBLE: Steps = (("UPDATE events SET boot_id = NULL",),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Events as release 0.2.0 left them when the power was cut."""
    shutil.copytree(WRITTEN, tmp_path / "common")
    return tmp_path / "common" / "events.sqlite"


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """Become a release that has these steps besides today's."""
    today = journal_schema.MIGRATIONS

    def become(steps: Steps) -> None:
        monkeypatch.setattr(journal_schema, "MIGRATIONS", today + steps)

    return become


def opened(path: Path) -> str:
    """Start and end a detector's journal; its problem."""
    with closing(Journal(path, "now")) as journal:
        return journal.problem


def asked(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return db.execute(question).fetchall()


def version(path: Path) -> object:
    return asked(path, "PRAGMA user_version")[0][0]


def content(path: Path) -> dict[str, bytes]:
    """What the database and its log hold; a reader may leave an empty log."""
    files = (path, Path(f"{path}-wal"))
    return {file.name: file.read_bytes() for file in files if file.exists() and file.stat().st_size}


def names(path: Path) -> set[str]:
    """The files beside, without the logs."""
    return {file.name.removeprefix("events.sqlite") for file in path.parent.iterdir()} - {"", "-wal", "-shm"}


def test_a_file_of_0_2_0_is_used_as_it_is(path: Path, tmp_path: Path) -> None:
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert journal.problem == ""
    newest = recent(path, 1000)
    assert [entry.event.onset_s for entry in newest[:5]] == [7000, 180, 120, 60, 0]
    assert (newest[1].interrupted, newest[1].event.detail) == (True, "d\u00e9tail")
    assert (len(newest), names(path)) == (EVENTS_OF_0_2_0 + 1, set())
    opened(tmp_path / "new.sqlite")
    assert asked(path, "SELECT sql FROM sqlite_master") == asked(
        tmp_path / "new.sqlite", "SELECT sql FROM sqlite_master"
    )


def test_an_older_file_is_updated_and_a_copy_kept_until_the_release_has_run_well(path: Path, release: Release) -> None:
    release(TWO_STEPS)
    with closing(Journal(path, "now")) as journal:
        assert (journal.problem, version(path)) == ("", 3)
        assert asked(path, "SELECT DISTINCT note FROM events") == [("brought to 3",)]
        record(journal, event(7000.0))
        copy = copy_of(path)
        assert (version(copy), asked(copy, "SELECT count(*) FROM events")) == (1, [(EVENTS_OF_0_2_0,)])
        assert (asked(copy, "PRAGMA integrity_check"), copy.stat().st_mode & 0o777) == ([("ok",)], 0o600)
        assert names(path) == {".before-update"}
        journal.mark_good()
        journal.mark_good()
        assert names(path) == set()
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1


def test_a_new_file_takes_all_steps_and_needs_no_copy(tmp_path: Path, release: Release) -> None:
    release(TWO_STEPS)
    path = tmp_path / "events.sqlite"
    path.touch()  # a file of version 0 with no tables
    assert recent(path) == ()
    assert (opened(path), version(path), names(path)) == ("", 3, set())


def test_a_reader_shows_an_older_file_without_changing_it(path: Path, release: Release) -> None:
    before = content(path)
    release(NOTES)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0
    assert (content(path), names(path)) == (before, set())


def test_bytes_that_are_no_text_survive_an_update(path: Path, release: Release) -> None:
    sql(path, "UPDATE events SET detail = CAST(x'66ff6f' AS TEXT) WHERE id = 1")
    release((REBUILD,))
    assert opened(path) == ""
    assert recent(path, 1000)[-1].event.detail == "f\ufffdo"


# Runs a journal with further steps, and dies by SIGKILL where one calls die() or a copy is synced
MORTAL = """
import os, signal, sqlite3, sys
from pathlib import Path
from app.journal import journal_schema
from app.journal.journal import Journal
connect, fsync = sqlite3.connect, os.fsync
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def mortal(*arguments, **options):
    db = connect(*arguments, **options)
    db.create_function("die", 0, die)
    return db
sqlite3.connect = mortal
if sys.argv[2] == "copy":
    os.fsync = die
journal_schema.MIGRATIONS += eval(sys.argv[3])
journal = Journal(Path(sys.argv[1]), "now")
"""
KILLED_AT = {
    "copy": (NOTES, 1, {".before-update.new"}),
    "first statement": ((("SELECT die()", *NOTES[0]),), 1, {".before-update"}),
    "each row": ((("UPDATE events SET detail = CASE id WHEN 13 THEN die() ELSE 'lost' END",),), 1, {".before-update"}),
    "before commit": (((*NOTES[0], "SELECT die()"),), 1, {".before-update"}),
    "second step": ((*NOTES, ("UPDATE events SET note = 'lost'", "SELECT die()")), 2, {".before-update"}),
}


@pytest.mark.parametrize("moment", KILLED_AT)
def test_a_kill_in_an_update_loses_no_event(path: Path, release: Release, moment: str) -> None:
    steps, reached, left = KILLED_AT[moment]
    command = [sys.executable, "-c", MORTAL, str(path), moment, repr(steps)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert (version(path), names(path)) == (reached, left)
    release(TWO_STEPS)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0  # the page, before the detector is back
    with closing(Journal(path, "now")) as journal:
        assert (journal.problem, version(path), names(path)) == ("", 3, {".before-update"})
        assert version(copy_of(path)) == 1
        record(journal, event(7000.0))
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1
    assert asked(path, "SELECT count(*) FROM events WHERE detail = 'lost'") == [(0,)]


def test_a_release_that_comes_back_after_a_kill_uses_its_file(path: Path) -> None:
    command = [sys.executable, "-c", MORTAL, str(path), "", repr((("SELECT die()",),))]
    subprocess.run(command, cwd=ROOT, check=False)
    with closing(Journal(path, "now")) as journal:
        assert (journal.problem, version(path), len(recent(path, 1000))) == ("", 1, EVENTS_OF_0_2_0)
        copy_of(path).with_name("events.sqlite.before-update.new").write_bytes(b"half of a copy")
        journal.mark_good()
        assert names(path) == set()


HALF_WRITTEN = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = DELETE")  # as a new file is, before SQLite is told to keep a log
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN")
db.execute("UPDATE events SET detail = zeroblob(9000)")
os._exit(0)
"""


def test_a_file_that_the_power_cut_left_to_be_rolled_back_is_used(path: Path) -> None:
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)], check=True)
    assert path.with_name("events.sqlite-journal").exists()
    assert (opened(path), len(recent(path, 1000)), names(path)) == ("", EVENTS_OF_0_2_0, set())


def test_a_copy_left_behind_is_made_again_from_what_was_recorded_since(path: Path, release: Release) -> None:
    release(((*NOTES[0], "SELECT missing"),))
    assert "no such column: missing" in opened(path)
    release(())
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
    copy_of(path).with_name("events.sqlite.before-update.new").write_bytes(b"half of a copy")
    release(NOTES)
    assert (opened(path), names(path)) == ("", {".before-update"})
    assert asked(copy_of(path), "SELECT count(*) FROM events") == [(EVENTS_OF_0_2_0 + 1,)]


def test_two_detectors_that_update_at_once_do_it_once(path: Path) -> None:
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
    assert (version(path), version(copy_of(path)), names(path)) == (2, 1, {".before-update"})
    assert len(asked(path, "SELECT id FROM events")) == EVENTS_OF_0_2_0


def test_an_update_waits_while_somebody_writes(path: Path, release: Release) -> None:
    release(NOTES)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(Journal(path, "now")) as journal:
            assert "locked" in journal.problem
            record(journal, event(7000.0))
            assert (version(path), names(path)) == (1, set())
            other.execute("COMMIT")
            journal.retry(7000.0 + 2 + RETRY_S)
            assert (journal.problem, version(path)) == ("", 2)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1


def test_readers_see_the_old_tables_until_the_update_is_whole(path: Path, release: Release) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        count = "SELECT count(*) FROM events"
        assert reader.execute(count).fetchone() == (EVENTS_OF_0_2_0,)
        release((REBUILD,))
        assert opened(path) == ""
        assert reader.execute(count).fetchone() == (EVENTS_OF_0_2_0,)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0


def test_without_room_no_update_begins_and_what_waits_is_saved_later(
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
        assert (names(path), version(path)) == (set(), 1)
        assert sum(map(len, content(path).values())) <= sum(map(len, before.values()))
    with closing(journal):
        journal.retry(7000.0 + 2 + RETRY_S)
        assert (journal.problem, version(path)) == ("", 2)
    assert len(recent(path, 1000)) == EVENTS_OF_0_2_0 + 1


@pytest.mark.parametrize("size_bytes", [0, 4096, 12_288, 20_480, 40_960, 57_344])
def test_writes_that_fail_in_the_copy_or_in_the_update_lose_nothing(
    path: Path, release: Release, size_bytes: int
) -> None:
    opened(path)  # folds the log in
    release(((*REBUILD, "CREATE TABLE large AS SELECT zeroblob(200000)"),))
    with files_no_larger_than(size_bytes), closing(Journal(path, "now")) as journal:
        assert "I/O" in journal.problem or "full" in journal.problem or "large" in journal.problem
    assert (version(path), len(recent(path, 1000))) == (1, EVENTS_OF_0_2_0)
    assert names(path) <= {".before-update"}
    assert (opened(path), version(path), len(recent(path, 1000))) == ("", 2, EVENTS_OF_0_2_0)


def test_a_folder_that_takes_no_file_stops_the_update_alone(
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
    assert (version(path), names(path), len(recent(path, 1000))) == (1, set(), EVENTS_OF_0_2_0)


def test_a_revert_leaves_the_newer_file_and_records_beside_until_the_release_is_back(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    subprocess.run([sys.executable, "-c", MORTAL + "die()", str(path), "", repr(NOTES)], cwd=ROOT, check=False)
    before = content(path)
    assert len(before) == 2  # the update stands in the log
    release(())
    with closing(Journal(path, "reverted")) as older:
        record(older, event(7000.0), event(7001.0, end_s=7002.0))
        said = (
            "new events are in events.sqlite.schema-1:",
            "with schema 2 instead of 1",
            "`sudo snap refresh drivewatch`",
        )
        assert all(words in older.problem for words in said) and all(words in caplog.text for words in said)
        older.mark_good()  # of this release, which says nothing about the newer one's update
        assert why_beside(path) == older.problem
        assert onsets_s(path) == [7000, 7001]
    with closing(Journal(path, "reverted again")) as older:
        record(older, event(7003.0))
    assert (content(path), names(path) - {".schema-1-wal", ".schema-1-shm"}) == (
        before,
        {".before-update", ".schema-1"},
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


def test_files_beside_are_added_once_even_if_they_could_not_be_removed(
    path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    _record_beside(path, release)
    with monkeypatch.context() as broken:
        broken.setattr("app.journal.journal_file.remove", refuse)
        assert opened(path) == ""
        assert beside(path).with_name("events.sqlite.schema-1").exists()
    assert opened(path) == ""
    assert (len(recent(path, 1000)), all_beside(path)) == (EVENTS_OF_0_2_0 + 1, {})


def _record_beside(path: Path, release: Release, steps: Steps = NOTES) -> None:
    """Update, revert, record at 7000 s, and become the newer release again."""
    release(steps)
    opened(path)
    release(steps[:-1])
    with closing(Journal(path, "reverted")) as older:
        record(older, event(7000.0))
    release(steps)


def test_three_releases_each_record_where_they_can_and_the_newest_joins_all(path: Path, release: Release) -> None:
    _record_beside(path, release, TWO_STEPS)  # in schema 2
    release(())
    with closing(Journal(path, "reverted twice")) as oldest:
        record(oldest, event(8000.0))
        assert onsets_s(path) == [8000]
    release(NOTES)
    assert "schema-2" in opened(path)
    assert onsets_s(path) == [7000]
    assert [*all_beside(path)] == [1, 2]
    release(TWO_STEPS)
    assert (opened(path), all_beside(path), len(recent(path, 1000))) == ("", {}, EVENTS_OF_0_2_0 + 2)


def test_a_file_beside_of_a_newer_release_waits_for_it(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    release(IMPOSSIBLE)
    with closing(Journal(path, "now")) as newer:
        record(newer, event(7000.0))
    release(())
    caplog.clear()
    assert (opened(path), [*all_beside(path)], len(recent(path, 1000))) == ("", [2], EVENTS_OF_0_2_0)
    assert "wait to be added" not in caplog.text


def test_an_event_in_both_files_keeps_its_highest_level_and_its_end(path: Path, release: Release) -> None:
    begun = event(7000.0)
    with closing(Journal(path, "now")) as journal:
        record(journal, begun)
        _mark(path, 99)
        record(journal, event(7000.0 + CHECK_S))  # the file is checked, and stands back
        record(journal, event(7000.0, end_s=7009.0, level=Level.ALARM))
        assert "schema-1" in journal.problem
    _mark(path, 1)
    assert opened(path) == ""
    (entry,) = (entry for entry in recent(path, 1000) if entry.event.onset_s == 7000.0)
    assert (entry.event.level, entry.event.end_s) == (Level.ALARM, 7009.0)


def _mark(path: Path, schema: int) -> None:
    sql(path, f"PRAGMA user_version = {schema}")


@pytest.mark.parametrize("schema", [2, 99, 2**31 - 1])
def test_the_owner_who_moves_a_newer_file_away_goes_on_in_a_new_one(path: Path, schema: int) -> None:
    _mark(path, schema)
    with pytest.raises(JournalUnreadable, match="newer drivewatch"):
        recent(path)
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert f"with schema {schema} instead of 1" in journal.problem
        path.rename(path.with_name("away"))
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        record(journal, event(7001.0))
        assert journal.problem == ""
    assert (onsets_s(path), all_beside(path)) == ([7000, 7001], {})


def test_a_version_below_zero_is_damage(path: Path) -> None:
    _mark(path, -1)
    assert "it has tables, but no version" in opened(path)
    assert names(path) == {".corrupt-1"}


def test_a_damaged_file_beside_is_set_aside_and_the_rest_goes_on(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    _record_beside(path, release)
    path.with_name("events.sqlite.schema-1").write_bytes(b"no database" * 1000)
    assert opened(path) == ""
    assert "its events are in events.sqlite.schema-1.corrupt-1" in caplog.text
    assert (names(path), len(recent(path, 1000))) == ({".before-update", ".schema-1.corrupt-1"}, EVENTS_OF_0_2_0)


def test_damage_beside_never_touches_the_newer_file(path: Path) -> None:
    _mark(path, 2)
    before = content(path)
    beside(path).write_bytes(b"no database" * 1000)
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert "new events are in events.sqlite.schema-1:" in journal.problem
        assert "its events are in events.sqlite.schema-1.corrupt-1" in journal.problem
    assert (content(path), onsets_s(path)) == (before, [7000])


def test_what_cannot_be_added_waits_and_is_named(
    path: Path, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    release(NOTES)
    opened(path)
    path.with_name("events.sqlite.schema-1").mkdir()
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert journal.problem == ""
    assert "wait to be added" in caplog.text and "Is a directory" in caplog.text


def test_an_update_that_the_data_do_not_bear_leaves_them_and_a_later_release_goes_on(
    path: Path, release: Release
) -> None:
    before = asked(path, "SELECT * FROM events")
    release(IMPOSSIBLE)
    with closing(Journal(path, "now")) as journal:
        record(journal, event(7000.0))
        assert "cannot be brought from schema 1 to 2 (NOT NULL constraint failed: events.boot_id)" in journal.problem
        assert "new events are in events.sqlite.schema-2" in journal.problem and "snap refresh" in journal.problem
    assert (onsets_s(path), why_beside(path)[:40]) == ([7000], "new events are in events.sqlite.schema-2")
    assert (asked(path, "SELECT * FROM events"), version(path)) == (before, 1)
    release(NOTES)
    assert (opened(path), len(recent(path, 1000)), all_beside(path)) == ("", EVENTS_OF_0_2_0 + 1, {})


@pytest.mark.parametrize("steps", [(("DROP TABLE events",),), (("ALTER TABLE events DROP COLUMN detail",),)])
def test_a_step_after_which_nothing_could_be_recorded_is_undone(path: Path, release: Release, steps: Steps) -> None:
    release(steps)
    assert "cannot be brought from schema 1 to 2" in opened(path)
    assert (version(path), len(asked(path, "SELECT detail FROM events"))) == (1, EVENTS_OF_0_2_0)


def test_a_damaged_older_file_is_set_aside_before_any_update(path: Path, release: Release) -> None:
    opened(path)
    path.write_bytes(path.read_bytes().replace(b"looking_away", b"looking_awry", 1))
    release(NOTES)
    assert "events.sqlite.corrupt-1, new ones in a new file" in opened(path)
    assert (names(path), recent(path)) == ({".corrupt-1"}, ())


def test_a_file_that_goes_bad_after_its_update_is_replaced_by_the_copy(path: Path, release: Release) -> None:
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


def test_the_copy_stands_in_if_the_power_went_while_the_file_was_set_aside(path: Path, release: Release) -> None:
    release(NOTES)
    opened(path)
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)], check=True)
    path.unlink()
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").write_bytes(b"of the file that is gone")
    release(())
    assert (opened(path), len(recent(path, 1000)), names(path)) == ("", EVENTS_OF_0_2_0, set())


def test_all_events_deleted_means_those_in_copies_and_beside(path: Path, release: Release) -> None:
    _record_beside(path, release)
    beside(path).touch()  # of a release whose update had failed
    with closing(Journal(path, "now")) as journal:
        copy_of(path).with_name("events.sqlite.before-update.new").write_bytes(b"half of a copy")
        journal.delete_all()
        assert (recent(path), names(path)) == ((), set())


def test_while_a_newer_file_is_left_alone_only_what_this_release_holds_is_deleted(path: Path, release: Release) -> None:
    release(NOTES)
    opened(path)
    before = content(path)
    release(())
    with closing(Journal(path, "now")) as older:
        record(older, event(7000.0))
        older.delete_all()
        record(older, event(7001.0))
        assert (onsets_s(path), content(path)) == ([7001], before)
        assert names(path) - {".schema-1-wal", ".schema-1-shm"} == {".schema-1"}


def test_a_link_to_the_events_stays_a_link_and_planted_links_are_not_followed(path: Path, release: Release) -> None:
    opened(path)
    real, victim = path.parent.parent / "real.sqlite", path.parent.parent / "victim"
    path.rename(real)
    path.symlink_to(real)
    for planted in (copy_of(path), copy_of(path).with_name(f"{copy_of(path).name}.new")):
        planted.symlink_to(victim)
    release(NOTES)
    assert (opened(path), path.is_symlink(), version(real)) == ("", True, 2)
    assert (victim.exists(), copy_of(path).is_symlink(), version(copy_of(path))) == (False, False, 1)
    real.rename(real.with_name("away"))
    assert opened(path) == "" and path.is_symlink() and recent(path) == ()  # the copy does not take the link's place


def test_what_is_added_names_every_table(tmp_path: Path) -> None:
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
