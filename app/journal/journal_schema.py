"""The tables of the events, and the steps from each version of them to the next.

A database carries its version in `PRAGMA user_version`. MIGRATIONS[n] leads from version n to n + 1, so a new file
takes all steps and an older one those that it lacks. To change the tables, append a step; never edit a step that a
release has. If it adds a table, add the table to MERGE as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

# Version 1 is what release 0.2.0 writes. Nothing is vacuumed: SQLite uses the pages of deleted rows again, so the file
# stops growing.
_EVENTS: Final = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    level INTEGER NOT NULL,
    onset_s REAL NOT NULL,
    onset_earliest_s REAL NOT NULL,
    onset_latest_s REAL NOT NULL,
    end_s REAL,
    detail TEXT NOT NULL,
    wall_s REAL NOT NULL,
    interrupted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (boot_id, kind, onset_s)
)
"""
# Version 2: the driver may say that an alert was wrong, who vouches for a wall time, and trips. summary is JSON
_CLOCK = "clock TEXT NOT NULL DEFAULT 'guess'"
_DISPUTES_AND_TRIPS: Final = (
    "ALTER TABLE events ADD COLUMN disputed INTEGER NOT NULL DEFAULT 0",
    f"ALTER TABLE events ADD COLUMN {_CLOCK}",
    f"""
CREATE TABLE trips (
    id INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    ended TEXT NOT NULL DEFAULT '',
    wall_s REAL NOT NULL,
    {_CLOCK},
    summary TEXT NOT NULL,
    UNIQUE (boot_id, start_s)
)
""",
)
# Version 3: what was measured around an event, in a column that lists leave out. It goes wherever its event goes
_SIGNALS: Final = ("ALTER TABLE events ADD COLUMN signals TEXT NOT NULL DEFAULT ''",)
# The statements of each step
MIGRATIONS: tuple[tuple[str, ...], ...] = ((_EVENTS,), _DISPUTES_AND_TRIPS, _SIGNALS)

_COLUMNS = "boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, end_s, detail, wall_s, clock, disputed"
_SAME_EVENT = """
ON CONFLICT (boot_id, kind, onset_s) DO UPDATE SET
    level = max(level, excluded.level), end_s = coalesce(excluded.end_s, end_s), detail = excluded.detail,
    disputed = max(disputed, excluded.disputed)
"""
_TRIP_COLUMNS = "boot_id, start_s, end_s, ended, wall_s, clock, summary"
_SAME_TRIP = """
ON CONFLICT (boot_id, start_s) DO UPDATE SET
    end_s = excluded.end_s, ended = excluded.ended, summary = excluded.summary
"""
UPSERT: Final = f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {_SAME_EVENT}"  # noqa: S608  of constants alone
SAVE_SIGNALS: Final = "UPDATE events SET signals = ? WHERE boot_id = ? AND kind = ? AND onset_s = ?"
UPSERT_TRIP: Final = f"INSERT INTO trips ({_TRIP_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) {_SAME_TRIP}"  # noqa: S608
# From another file of this version, attached as `beside`. It may run twice: a power cut may come before that file is
# removed. SQLite needs the WHERE to tell ON CONFLICT from a join.
MERGE: Final = (
    f"""INSERT INTO main.events ({_COLUMNS}, interrupted, signals)
    SELECT {_COLUMNS}, interrupted, signals FROM beside.events WHERE true ORDER BY id {_SAME_EVENT},
    signals = iif(excluded.signals = '', signals, excluded.signals)""",  # noqa: S608  of constants alone
    f"""INSERT INTO main.trips ({_TRIP_COLUMNS})
    SELECT {_TRIP_COLUMNS} FROM beside.trips WHERE true ORDER BY id {_SAME_TRIP}""",  # noqa: S608  of constants alone
)

# Errors that go away by themselves or with the owner's help. The codes come with Python 3.11, and 3.10 is supported.
_PASSING = ("full", "i/o", "readonly", "locked", "locking", "unable to open", "permission", "interrupted")


class UnusableSchema(sqlite3.NotSupportedError):
    """This release cannot use the file, which stays as it is."""


class NewerJournal(UnusableSchema):
    """The file was written by a later version of drivewatch."""


class MigrationFailed(UnusableSchema):
    """The file is older, and what stands in it does not bear the step to the next version."""


def this_version() -> int:
    """The version that this release writes."""
    return len(MIGRATIONS)


def version_of(db: sqlite3.Connection) -> int:
    """The version of its tables, 0 for an empty file. Raises: NewerJournal, sqlite3.DatabaseError."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > this_version():
        raise NewerJournal(f"written by a newer drivewatch, with schema {version} instead of {this_version()}")
    if version <= 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise sqlite3.DatabaseError("it has tables, but no version")
    return max(0, version)


def migrate(db: sqlite3.Connection, keep_copy: Callable[[int], None] = lambda version: None) -> None:
    """Bring the database to this version, each step in a transaction of its own.

    keep_copy: called with the version that is there before a step, while nobody else can write.
    Raises: sqlite3.Error, UnicodeDecodeError, and what keep_copy raises; the step is undone then.
    """
    is_new = version_of(db) == 0  # there is nothing to copy, also before its second step
    while version_of(db) < this_version():
        with db:  # commits, or rolls back
            db.execute("BEGIN IMMEDIATE")
            version = version_of(db)  # again: another process may have taken the step meanwhile
            if not is_new:
                keep_copy(version)
            if version < this_version():
                _take_step(db, version)


def _take_step(db: sqlite3.Connection, version: int) -> None:
    try:
        for statement in MIGRATIONS[version]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version + 1}")
        if version + 1 == this_version():
            _check_step(db)
    except sqlite3.Error as error:
        if is_damage(error) or _is_passing(error):
            raise
        raise MigrationFailed(f"cannot be brought from schema {version} to {version + 1} ({said(error)})") from error


def _check_step(db: sqlite3.Connection) -> None:
    """Look the result through before it is committed. Raises: sqlite3.Error."""
    _try_upsert(db)
    if (found := integrity_of(db)) != "ok":
        raise sqlite3.IntegrityError(found)


def _try_upsert(db: sqlite3.Connection) -> None:
    """See that events, signals and trips can be written, without writing one. Raises: sqlite3.OperationalError."""
    for statement in (UPSERT, SAVE_SIGNALS, UPSERT_TRIP):
        db.execute(f"EXPLAIN {statement}", (None,) * statement.count("?"))


def check(db: sqlite3.Connection) -> None:
    """Look through a database of this version. Raises: sqlite3.DatabaseError."""
    try:
        _try_upsert(db)
    except sqlite3.OperationalError as error:
        raise sqlite3.DatabaseError(f"its table is another: {error}") from error


def integrity_of(db: sqlite3.Connection) -> str:
    """SQLite's report of the first damage that it finds, or "ok"; takes 3 ms for a full table."""
    return str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])


def is_damage(error: Exception) -> bool:
    """Whether this comes of what stands in the file, and will not go away."""
    # DatabaseError itself is NOTADB or CORRUPT; Python 3.10 tells no code. DataError: a length that makes no sense.
    # UnicodeDecodeError: SQLite quotes what stands where the table's name was.
    if type(error) in (sqlite3.DatabaseError, sqlite3.DataError, UnicodeDecodeError):
        return True
    return str(error) == "unsupported file format"  # a bad byte in the header


def _is_passing(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.OperationalError) and any(word in str(error).lower() for word in _PASSING)


def said(error: Exception) -> str:
    """What an error says, on one line: SQLite's report has two, and quotes what it found in the file."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(error)).split())
