"""A journal's file of release 0.2.0, and releases with further steps in their schema.

Updates are tested with steps that a later release might add to today's schema.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from app.journal import journal_schema
from app.journal.journal import Journal
from tests.support.events import event, record, sql

Steps = tuple[tuple[str, ...], ...]
Release = Callable[[Steps], None]
ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "tests/journal/releases/0.2.0"
EVENTS_OF_0_2_0 = 24
TODAY = journal_schema.this_version()
NEXT, AFTER_NEXT = TODAY + 1, TODAY + 2
NOTES: Steps = (
    (
        "ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "UPDATE events SET note = 'brought to the next'",
        "CREATE INDEX by_time ON events (wall_s)",
    ),
)
REBUILD = (  # SQLite's manual: changes that ALTER TABLE cannot make
    "CREATE TABLE next AS SELECT * FROM events",
    "DROP TABLE events",
    *(statement for step in journal_schema.MIGRATIONS for statement in step if "TABLE events " in statement),
    "INSERT INTO events SELECT * FROM next",
    "DROP TABLE next",
)
TWO_STEPS: Steps = (*NOTES, ("UPDATE events SET note = 'brought to the one after'",))
IMPOSSIBLE: Steps = (("UPDATE events SET boot_id = NULL",),)


def opened(path: Path) -> str:
    """The problem of a journal that is opened and closed."""
    with closing(Journal(path, "now")) as journal:
        return journal.problem


def asked(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return db.execute(question).fetchall()


def version(path: Path) -> object:
    return asked(path, "PRAGMA user_version")[0][0]


def content(path: Path) -> dict[str, bytes]:
    """The bytes of the database and its log; a reader may leave an empty log."""
    files = (path, Path(f"{path}-wal"))
    return {file.name: file.read_bytes() for file in files if file.exists() and file.stat().st_size}


def names(path: Path) -> set[str]:
    """The suffixes of the files beside the journal, without its logs."""
    return {file.name.removeprefix("events.sqlite") for file in path.parent.iterdir()} - {"", "-wal", "-shm"}


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
HALF_WRITTEN = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = DELETE")  # a new file has no WAL yet
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN")
db.execute("UPDATE events SET detail = zeroblob(9000)")
os._exit(0)
"""


def record_beside(path: Path, release: Release, steps: Steps = NOTES) -> None:
    """Update, revert, record an event at 7000 s, and become the newer release again."""
    release(steps)
    opened(path)
    release(steps[:-1])
    with closing(Journal(path, "reverted")) as older:
        record(older, event(7000.0))
    release(steps)


def mark_version(path: Path, schema: int) -> None:
    sql(path, f"PRAGMA user_version = {schema}")
