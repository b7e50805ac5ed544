"""Events in SQLite, bounded by count and age: written by the daemon alone, read by the page."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import deque
from contextlib import closing, suppress
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

from app.verdict import Event, Level, State

log = logging.getLogger(__name__)

VERSION = 1  # of the schema below, kept in PRAGMA user_version
KEEP_EVENTS = 2000  # 0.5 MB
KEEP_DAYS = 90.0
BACKLOG = 300  # reports; an event that begins, rises and ends makes three
RETRY_S = 30.0
CHECK_S = 3600.0  # a card that goes bad is noticed with the next save after so long; a check takes 3 ms for a full table
LEAST_ROOM_BYTES = 64 * 1024  # SQLite's index of the log takes 32 KiB at once
BUSY_S = 0.5  # as long as another process may hold up the detector
KEEP_CORRUPT = 3
PAGE_MAX = 10_000  # events read at once
CLOCK_STEP_S = 2.0  # more than slewing moves a clock between two events
CLOCK_STEADY_S = 600.0  # a clock that was set more recently deletes nothing
DETAIL_MAX = 200  # characters

# WAL, because a commit costs 1 sync and 10 KiB on the card instead of 4 syncs and 28 KiB with a rollback journal
# (measured with this table on ext4), and because a reader never blocks the writer. FULL: every commit is synced, so no
# power cut takes back a saved event. Every 64 pages (256 KiB) the log is folded in.
_DURABLE = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 64;"
_LEAN = "PRAGMA journal_size_limit = 262144; PRAGMA cache_size = -64; PRAGMA mmap_size = 0;"
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
_UPSERT = """
INSERT INTO events (boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, end_s, detail, wall_s)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (boot_id, kind, onset_s) DO UPDATE SET
    level = max(level, excluded.level), end_s = coalesce(excluded.end_s, end_s), detail = excluded.detail
"""
_INTERRUPT = "UPDATE events SET interrupted = 1 WHERE end_s IS NULL AND interrupted = 0"
_RESTAMP = """
UPDATE events SET wall_s = onset_s + :offset_s
WHERE boot_id = :boot_id AND boot_id != '' AND abs(wall_s - onset_s - :offset_s) > :step_s
"""
_KEEP_NEWEST = "DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?)"
_KEEP_SINCE = "DELETE FROM events WHERE wall_s < ?"
_RECENT = "SELECT * FROM events WHERE id < ? ORDER BY id DESC LIMIT ?"

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


class JournalUnreadable(OSError):
    """The events cannot be read; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded event at the highest level it reached; wall_s is its onset in Unix seconds, for display only."""

    id: int
    boot_id: str
    event: Event
    wall_s: float
    interrupted: bool
    """The daemon ended before the event did."""

    @property
    def duration_s(self) -> float | None:
        """Seconds from onset to end; None while it lasts, or when nobody saw its end."""
        return None if self.event.end_s is None else self.event.end_s - self.event.onset_s


class Journal:
    """Records events, from one thread at a time. It never raises: what cannot be saved waits, and `problem` says so."""

    def __init__(
        self, path: Path, boot_id: str, *, keep_events: int = KEEP_EVENTS, keep_days: float = KEEP_DAYS
    ) -> None:
        self._path = path
        self._boot_id = boot_id
        self._keep_events, self._keep_s = max(1, keep_events), keep_days * 86400
        self._db: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._began = False
        self._is_to_empty = False
        self._waiting: deque[Event] = deque(maxlen=BACKLOG)
        self._lost = 0
        self._failure = self._damage = ""
        self._retry_at_s = self._now_s = self._steady_since_s = self._checked_s = -inf
        self._offset_s = inf  # wall clock minus monotonic, as last seen
        self._try_to_save()

    @property
    def problem(self) -> str:
        """For a mechanic: what is wrong, where, what helps; empty while all is well."""
        if not self._failure:
            return self._damage
        return f"{self._failure} ({len(self._waiting)} reports wait in memory, {self._lost} are lost)"

    def record(self, event: Event, wall_s: float, now_s: float) -> None:
        """Save what became of an event that began, rose or ended; wall_s and now_s are both clocks at this moment."""
        times_s = (event.onset_s, event.onset_earliest_s, event.onset_latest_s, event.end_s or 0.0, wall_s, now_s)
        if not all(map(isfinite, times_s)):
            log.warning("not recorded, as its times are no numbers: %s at %s", event, wall_s)
            return
        self._follow_clock(wall_s - now_s, now_s)
        self._lost += len(self._waiting) == BACKLOG
        self._waiting.append(event)
        self.retry(now_s)

    def retry(self, now_s: float) -> None:
        """Save what waits, when it is time to: for each turn of the loop, as it costs nothing while nothing waits."""
        self._now_s = now_s
        if (self._waiting or self._is_to_empty or self._db is None) and now_s >= self._retry_at_s:
            self._retry_at_s = -inf if self._try_to_save() else now_s + RETRY_S

    def delete_all(self) -> None:
        """Delete every event, those that wait included; where that fails it is tried again with the next save."""
        self._waiting.clear()
        self._is_to_empty = True
        self._try_to_save()

    def close(self) -> None:
        """Save what waits and close the file; may be called twice."""
        if self._waiting:
            self._try_to_save()
        self._disconnect()

    def _follow_clock(self, offset_s: float, now_s: float) -> None:
        if abs(offset_s - self._offset_s) > CLOCK_STEP_S:
            self._steady_since_s = now_s
        self._offset_s = offset_s

    def _try_to_save(self) -> bool:
        failure = ""
        try:
            self._save_or_begin_anew()
        except (OSError, sqlite3.Error, MemoryError) as error:
            self._disconnect()
            failure = f"events cannot be saved: {_explained(self._path, error)}"
        if failure != self._failure:
            log.log(logging.WARNING if failure else logging.INFO, "%s", failure or "events are saved again")
        self._failure = failure
        return not failure

    def _save_or_begin_anew(self) -> None:
        try:
            self._save()
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:  # which is NOTADB or CORRUPT; Python 3.10 tells no code
                raise
            self._disconnect()
            aside = _set_aside(self._path)
            self._damage = f"{self._path} was damaged ({error}): its events are in {aside.name}, new ones in a new file"
            self._damage += "; change the SD card if it happens again"
            log.warning("%s", self._damage)
            self._save()

    def _save(self) -> None:
        """Bring the file up to date, in one transaction."""
        with self._connected() as db:
            if not self._began:  # a power cut left them open
                db.execute(_INTERRUPT)
            if self._is_to_empty:
                db.execute("DELETE FROM events")
            if self._waiting:
                db.executemany(_UPSERT, map(self._row, self._waiting))
                clock = {"offset_s": self._offset_s, "boot_id": self._boot_id, "step_s": CLOCK_STEP_S}
                db.execute(_RESTAMP, clock)
                self._forget_old(db)
        self._began = True
        self._is_to_empty = False
        self._waiting.clear()
        self._lost = 0

    def _forget_old(self, db: sqlite3.Connection) -> None:
        db.execute(_KEEP_NEWEST, (self._keep_events,))
        if self._now_s - self._steady_since_s >= CLOCK_STEADY_S:
            db.execute(_KEEP_SINCE, (self._now_s + self._offset_s - self._keep_s,))

    def _row(self, event: Event) -> tuple[str | float | None, ...]:
        onset = (event.onset_s, event.onset_earliest_s, event.onset_latest_s)
        detail = event.detail[:DETAIL_MAX].encode(errors="replace").decode()
        wall_s = event.onset_s + self._offset_s
        return (self._boot_id, event.kind.value, int(event.level), *onset, event.end_s, detail, wall_s)

    def _connected(self) -> sqlite3.Connection:
        is_another = self._inode != _inode(self._path)  # somebody deleted or replaced the history
        if is_another or self._now_s - self._checked_s >= CHECK_S:
            self._disconnect()
        if self._db is None:
            self._db = _open(self._path)
            self._inode, self._checked_s = _inode(self._path), self._now_s
        return self._db

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()


def recent(path: Path, limit: int = 50, before_id: int | None = None) -> tuple[Entry, ...]:
    """The newest events, newest first; with `before_id` those before that one. No file yet means no events.

    Raises: JournalUnreadable.
    """
    try:
        if not path.exists():
            return ()
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", BUSY_S, uri=True)) as db:
            db.row_factory = sqlite3.Row
            db.executescript(_LEAN)
            _version(db)
            before_id = 2**62 if before_id is None else before_id
            rows = db.execute(_RECENT, (before_id, max(0, min(limit, PAGE_MAX)))).fetchall()
    except (OSError, sqlite3.Error) as error:
        raise JournalUnreadable(f"events cannot be read: {_explained(path, error)}") from error
    return tuple(entry for entry in map(_entry, rows) if entry)


def _entry(row: sqlite3.Row) -> Entry | None:
    """None for a kind or level that only another version of drivewatch knows."""
    try:
        kind, level = State(row["kind"]), Level(row["level"])
    except ValueError:
        return None
    onset = (row["onset_s"], row["onset_earliest_s"], row["onset_latest_s"])
    event = Event(kind, level, *onset, row["end_s"], row["detail"])
    return Entry(row["id"], row["boot_id"], event, row["wall_s"], bool(row["interrupted"]))


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # this error says why, SQLite's does not
    db = sqlite3.connect(path, BUSY_S, isolation_level="IMMEDIATE", check_same_thread=False, cached_statements=8)
    try:
        is_new = _version(db) < VERSION
        db.executescript(_LEAN + _DURABLE + (_SCHEMA if is_new else ""))
        found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]  # 3 ms for a full table
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except BaseException:
        db.close()
        raise
    return db


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _version(db: sqlite3.Connection) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise NewerJournal(f"written by a newer drivewatch, with schema {version} instead of {VERSION}")
    return version


def _set_aside(path: Path) -> Path:
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


def _explained(path: Path, error: Exception) -> str:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
    if reason == "disk I/O error" and _is_full(path.parent):  # as SQLite calls it where its index finds no room
        reason = "the disk is full"
    remedies = (remedy for words, remedy in _REMEDIES if any(word in reason.lower() for word in words))
    return f"{path}: {reason}; {next(remedies, _REMEDY).format(folder=path.parent)}"
