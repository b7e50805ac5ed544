"""Damaged files are set aside and reported on one line; pipes, folders and devices in their place block nobody."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.journal.entries import DETAIL_MAX, READ_MAX, JournalUnreadable, recent
from app.journal.journal import CHECK_S, Journal
from app.journal.journal_copies import LOG_SUFFIXES, copy_of
from app.journal.journal_file import KEEP_CORRUPT
from tests.support.events import BOOT, event, onsets_s, record, sql


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


def test_damaged_page_is_found_at_the_start(journal: Journal, path: Path) -> None:
    record(journal, *(event(float(s)) for s in range(200)))
    journal.close()
    path.write_bytes(path.read_bytes().replace(b"looking_away", b"looking_awry", 1))  # table and index disagree
    with closing(Journal(path, BOOT)) as after:
        assert "damaged" in after.problem
        record(after, event(1.0))
    assert onsets_s(path) == [1]


def test_damage_while_running_loses_no_new_event(journal: Journal, path: Path) -> None:
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


def test_damage_while_running_is_found_by_the_hourly_check(journal: Journal, path: Path) -> None:
    record(journal, event(1.0), event(2.0))  # the second finds the file checked
    sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"looking_away", b"looking_awry", 1))
    record(journal, event(3.0))
    assert journal.problem == ""
    record(journal, event(3.0 + CHECK_S))
    assert "events.sqlite.corrupt-1" in journal.problem
    assert onsets_s(path) == [3.0 + CHECK_S]


def test_number_of_damaged_files_is_bounded(path: Path) -> None:
    path.parent.mkdir()
    for number in range(1, 6):
        path.write_bytes(b"damaged %d " % number * 100)
        Journal(path, BOOT).close()
    kept = sorted(file.name for file in path.parent.glob("*.corrupt-*"))
    assert kept == [f"events.sqlite.corrupt-{number}" for number in range(6 - KEEP_CORRUPT, 6)]


def test_reader_reports_why_it_cannot_read(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(JournalUnreadable, match=r"events\.sqlite: file is not a database; see"):
        recent(path)


def test_overlong_detail_in_the_file_is_cut(journal: Journal, path: Path) -> None:
    record(journal, event(1.0))
    sql(path, "UPDATE events SET detail = printf('%.*c', 1000000, 'x')")
    assert recent(path)[0].event.detail == "x" * DETAIL_MAX


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
        "kind = 'singing'",
        "level = 9",
    ],
)
def test_damaged_or_unknown_event_does_not_hide_the_others(journal: Journal, path: Path, damage: str) -> None:
    record(journal, event(1.0), event(2.0), event(3.0))
    sql(path, f"UPDATE events SET {damage} WHERE id = 2")
    assert onsets_s(path) == [1, 3]


def test_invalid_utf8_in_a_detail_is_replaced(journal: Journal, path: Path) -> None:
    record(journal, replace(event(1.0), detail="frozen"), event(2.0))
    sql(path, "UPDATE events SET detail = CAST(x'66ff6f' AS TEXT) WHERE id = 1")
    assert [entry.event.detail for entry in recent(path)] == ["", "f\ufffdo"]


@pytest.mark.parametrize("version", [0, -1])
def test_file_with_tables_but_without_a_version_is_set_aside(journal: Journal, path: Path, version: int) -> None:
    record(journal, event(1.0))
    journal.close()
    sql(path, f"PRAGMA user_version = {version}")
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
def test_file_with_a_damaged_table_is_unreadable_and_then_set_aside(
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


def test_damaged_tree_is_reported_on_one_line(journal: Journal, path: Path) -> None:
    record(journal, *(event(float(s)) for s in range(200)))
    journal.close()
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\x1b[31m\n" * 100)
    with closing(Journal(path, BOOT)) as after:
        assert "was damaged (*** in database main *** " in after.problem and after.problem.isprintable()


STRANGE: dict[str, Callable[[Path], None]] = {
    "FIFO": os.mkfifo,
    "folder": os.mkdir,
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("suffix", ["", *LOG_SUFFIXES])
@pytest.mark.parametrize("make", STRANGE.values(), ids=STRANGE)
def test_file_that_is_not_plain_is_reported_without_blocking(
    tmp_path: Path, make: Callable[[Path], None], suffix: str
) -> None:
    path = tmp_path / "events.sqlite"
    if suffix:
        Journal(path, BOOT).close()
    make(Path(f"{path}{suffix}"))
    journal = Journal(path, BOOT)
    record(journal, event(1.0))
    assert "events cannot be saved" in journal.problem and f"`ls -l {tmp_path}`" in journal.problem
    with pytest.raises(JournalUnreadable, match=r"Is a directory|it is not a plain file"):
        recent(path)
    Path(f"{path}{suffix}").rmdir() if make is os.mkdir else Path(f"{path}{suffix}").unlink()
    journal.retry(1000.0)
    journal.close()
    assert [entry.event.onset_s for entry in recent(path)] == [1.0]


@pytest.mark.parametrize("make", STRANGE.values(), ids=STRANGE)
def test_copy_that_is_not_plain_does_not_block(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "events.sqlite"
    make(copy_of(path))
    journal = Journal(path, BOOT)
    record(journal, event(1.0))
    journal.close()
    assert path.exists() or journal.problem


def test_number_of_events_read_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    Journal(path, BOOT).close()
    rows = f"""
    INSERT INTO events (boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, detail, wall_s)
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {2 * READ_MAX})
    SELECT 'boot', 'phone', 2, n, n, n, '', n FROM counted;
    """
    sql(path, rows)
    assert len(recent(path, 10**6)) == READ_MAX
