"""The file of the events: its table, how it is opened, what is wrong with it, and how a damaged one is set aside."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

VERSION = 1  # of the schema below, kept in PRAGMA user_version
LEAST_ROOM_BYTES = 64 * 1024  # SQLite's index of the log takes 32 KiB at once
BUSY_S = 0.5  # as long as another process may hold up the detector
KEEP_CORRUPT = 3

# WAL, because a commit costs 1 sync and 10 KiB on the card instead of 4 syncs and 28 KiB with a rollback journal
# (measured with this table on ext4), and because a reader never blocks the writer. FULL: every commit is synced, so no
# power cut takes back a saved event. Every 64 pages (256 KiB) the log is folded in.
_DURABLE = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 64;"
LEAN = "PRAGMA journal_size_limit = 262144; PRAGMA cache_size = -64; PRAGMA mmap_size = 0;"
# Without a vacuum: pages of deleted rows are used again, so the file stops growing.
_SCHEMA = f"""
BEGIN IMMEDIATE;
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
);
PRAGMA user_version = {VERSION};
COMMIT;
"""
UPSERT = """
INSERT INTO events (boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, end_s, detail, wall_s)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (boot_id, kind, onset_s) DO UPDATE SET
    level = max(level, excluded.level), end_s = coalesce(excluded.end_s, end_s), detail = excluded.detail
"""

_REMEDIES = (  # words of the reason -> what helps
    (("space", "full", "quota"), "make room, `df -h {folder}` shows how little is left"),
    (
        ("read-only", "readonly", "i/o"),
        "restart the Pi, and change the SD card if it stays so; `dmesg | tail` shows why",
    ),
    (("permission", "not permitted"), "`ls -ld {folder}` shows who may write there"),
    (("locked",), "a second detector may be running, see `snap services drivewatch`"),
    (("newer",), "`sudo snap refresh drivewatch`, or move the file away"),
)
_REMEDY = "see `ls -l {folder}`, then `sudo snap restart drivewatch`"


class NewerJournal(sqlite3.NotSupportedError):
    """The file was written by a later version of drivewatch."""


def is_damage(error: Exception) -> bool:
    """Whether this comes of what stands in the file, and will not go away."""
    # DatabaseError itself is NOTADB or CORRUPT; Python 3.10 tells no code. DataError: a length that makes no sense.
    # UnicodeDecodeError: SQLite quotes what stands where the table's name was.
    if type(error) in (sqlite3.DatabaseError, sqlite3.DataError, UnicodeDecodeError):
        return True
    return str(error) == "unsupported file format"  # a bad byte in the header


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file, made if need be, and look it through. Raises: OSError, sqlite3.Error, UnicodeDecodeError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # this error says why, SQLite's does not
    db = sqlite3.connect(path, BUSY_S, isolation_level="IMMEDIATE", check_same_thread=False, cached_statements=8)
    try:
        is_new = version_of(db) < VERSION
        if is_new and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("it has tables, but no version")
        db.executescript(LEAN + _DURABLE + (_SCHEMA if is_new else ""))
        found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]  # 3 ms for a full table
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        _check_table(db)
    except BaseException:
        db.close()
        raise
    return db


def _check_table(db: sqlite3.Connection) -> None:
    """See that events can be written, without writing one. Raises: sqlite3.DatabaseError."""
    try:
        db.execute(f"EXPLAIN {UPSERT}", (None,) * 9)
    except sqlite3.OperationalError as error:
        raise sqlite3.DatabaseError(f"its table is another: {error}") from error


def inode_of(path: Path) -> int | None:
    """Which file stands there now, None if none does."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def version_of(db: sqlite3.Connection) -> int:
    """The version of its schema, 0 for an empty file. Raises: NewerJournal."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise NewerJournal(f"written by a newer drivewatch, with schema {version} instead of {VERSION}")
    return version


def set_aside(path: Path) -> Path:
    """Rename a damaged database and keep no more than KEEP_CORRUPT of them."""
    for suffix in ("-wal", "-shm"):  # folded in where possible; the new one must not meet them, even if a reader does
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    prefix = f"{path.name}.corrupt-"
    kept = sorted(int(n) for file in path.parent.glob(f"{prefix}*") if (n := file.name.removeprefix(prefix)).isdigit())
    aside = path.with_name(f"{prefix}{max(kept, default=0) + 1}")
    path.rename(aside)
    for number in kept[: 1 - KEEP_CORRUPT]:
        path.with_name(f"{prefix}{number}").unlink()
    return aside


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < LEAST_ROOM_BYTES


def said(error: Exception) -> str:
    """What an error says, on one line: SQLite's report has two, and quotes what it found in the file."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(error)).split())


def explained(path: Path, error: Exception) -> str:
    """What is wrong with the file and what helps, for a mechanic."""
    reason = (error.strerror if isinstance(error, OSError) else "") or said(error) or type(error).__name__
    if reason == "disk I/O error" and _is_full(path.parent):  # as SQLite calls it where its index finds no room
        reason = "the disk is full"
    remedies = (remedy for words, remedy in _REMEDIES if any(word in reason.lower() for word in words))
    return f"{path}: {reason}; {next(remedies, _REMEDY).format(folder=path.parent)}"
