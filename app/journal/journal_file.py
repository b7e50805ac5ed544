"""The file of the events: how it is opened, what is wrong with it, and how a damaged one is set aside."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from app.journal import journal_schema
from app.journal.journal_copies import (
    BUSY_S,
    LEAST_ROOM_BYTES,
    LOG_SUFFIXES,
    all_beside,
    beside,
    keep_copy,
    read_only,
    refuse_strange,
    remove,
    restore_copy,
)
from app.journal.journal_schema import MERGE, UnusableSchema, is_damage, migrate, said, this_version, version_of
from config.commands import restart_command, running_command, update_command
from config.disk import free_bytes

log = logging.getLogger(__name__)

KEEP_CORRUPT = 3
_SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
UPDATED_MAX_BYTES = 16 * 1024 * 1024  # in a reader's memory; eight times what an earlier release's file grows to

# WAL, because a commit costs 1 sync and 10 KiB on the card instead of 4 syncs and 28 KiB with a rollback journal
# (measured with this table on ext4), and because a reader never blocks the writer. FULL: every commit is synced, so no
# power cut takes back a saved event. Every 64 pages (256 KiB) the log is folded in.
_DURABLE = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 64;"
LEAN = "PRAGMA journal_size_limit = 262144; PRAGMA cache_size = -64; PRAGMA mmap_size = 0;"


class Trouble(NamedTuple):
    """What is wrong with the file and what helps, and the command that does, if any; both empty while all is well."""

    text: str = ""
    remedy: str = ""


# Words of the reason, what helps, and the command that does, if there is one
_REMEDIES: tuple[tuple[tuple[str, ...], str, Callable[[], str]], ...] = (
    (("space", "full", "quota"), "make room, `df -h {folder}` shows how little is left", str),
    (
        ("read-only", "readonly", "i/o"),
        "restart the Pi, and change the SD card if it stays so; `dmesg | tail` shows why",
        str,
    ),
    (("permission", "not permitted"), "`ls -ld {folder}` shows who may write there", str),
    (("locked",), "a second detector may be running, see `{running}`", str),
    (("with schema", "from schema"), "`{command}` brings a release that uses it, or move it away", update_command),
    (("",), "see `ls -l {folder}`, then `{command}`", restart_command),
)


def open_file(path: Path, *, keeps_copy: bool = False) -> sqlite3.Connection:
    """Open the file, made or updated if need be, and look it through.

    keeps_copy: what an update would change is copied first, and the copy stands in for a file that is gone.
    Raises: OSError, sqlite3.Error, UnicodeDecodeError; UnusableSchema leaves the file as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if keeps_copy and restore_copy(path):
        log.warning("%s was gone: its copy from before the last update is used", path)
    refuse_strange(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o600))  # this error says why, SQLite's does not
    _refuse_newer(path)
    db = sqlite3.connect(path, BUSY_S, isolation_level="IMMEDIATE", check_same_thread=False, cached_statements=8)
    try:
        version = version_of(db)
        db.executescript(LEAN + _DURABLE)
        if (found := journal_schema.integrity_of(db)) != "ok":
            raise sqlite3.DatabaseError(found)
        migrate(db, partial(keep_copy, path) if keeps_copy else lambda version: None)
        journal_schema.check(db)
    except BaseException:
        db.close()
        raise
    if 0 < version < this_version():
        log.info("%s was brought from schema %d to %d", path, version, this_version())
    return db


def _refuse_newer(path: Path) -> None:
    """Look at the version by a connection that may not write, which would fold a newer release's log in.

    Raises: NewerJournal, and what says that the file is damaged.
    """
    with suppress(sqlite3.OperationalError), closing(read_only(path)) as db:  # it cannot read before a rollback
        version_of(db)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open what `path` holds, in this release's schema; where it cannot be used, what was recorded beside it.

    Raises: OSError, sqlite3.Error, UnicodeDecodeError.
    """
    try:
        return _in_this_schema(path)
    except UnusableSchema:
        if not beside(path).exists():
            raise
        return _in_this_schema(beside(path))


def why_beside(path: Path) -> str:
    """Why this release records beside `path`, for a mechanic; "" while it does not."""
    try:
        if path.exists() and beside(path).exists():
            _in_this_schema(path).close()
    except UnusableSchema as error:
        return f"new events are in {beside(path).name}: {explained(path, error)}"
    except (OSError, sqlite3.Error, UnicodeDecodeError):
        pass  # whoever reads the events is told
    return ""


def _in_this_schema(path: Path) -> sqlite3.Connection:
    """A connection to read from; an older file is updated in memory, as only the detector writes to the card."""
    db = read_only(path)
    try:
        db.executescript(LEAN)
        if version_of(db) == this_version():
            return db
        if db.execute(_SIZE).fetchone()[0] > UPDATED_MAX_BYTES:
            raise UnusableSchema("an earlier release wrote it, and it is too large to be read before it is updated")
        in_memory = sqlite3.connect(":memory:", isolation_level="IMMEDIATE")
        try:
            db.backup(in_memory)
            migrate(in_memory)
        except BaseException:
            in_memory.close()
            raise
    except BaseException:
        db.close()
        raise
    db.close()
    return in_memory


def merge_all(db: sqlite3.Connection, path: Path) -> None:
    """Add what earlier releases recorded beside `path`, to which db is open, and remove those files.

    What cannot be added now stays where it is, for the next start.
    """
    for number, file in all_beside(path).items():
        try:
            if number <= this_version() and _is_sound(file):
                _merge(db, file)
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            log.warning("events recorded beside %s wait to be added: %s", path.name, explained(file, error))


def _is_sound(file: Path) -> bool:
    """Whether a file can be used, and is up to date now; a damaged one is set aside. Raises: OSError, sqlite3.Error."""
    try:
        open_file(file).close()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if not is_damage(error):
            raise
        log.warning("%s was damaged (%s): its events are in %s", file, said(error), set_aside(file).name)
        return False
    return True


def _merge(db: sqlite3.Connection, file: Path) -> None:
    db.execute("ATTACH ? AS beside", (str(file),))
    try:
        with db:
            for statement in MERGE:
                db.execute(statement)
    finally:
        db.execute("DETACH beside")
    remove(file)
    log.info("the events of %s were added", file)


def inode_of(path: Path) -> int | None:
    """Which file stands there now, None if none does."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def set_aside(path: Path) -> Path:
    """Rename a damaged database and keep no more than KEEP_CORRUPT of them."""
    for suffix in LOG_SUFFIXES:  # folded in where possible; the new one must not meet them, even if a reader does
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
        return free_bytes(folder) < LEAST_ROOM_BYTES
    except OSError:
        return False


def explained(path: Path, error: Exception) -> str:
    """What is wrong with the file and what helps, for a mechanic."""
    return trouble_with(path, error).text


def trouble_with(path: Path, error: Exception) -> Trouble:
    """What is wrong with the file, what helps, and by which command."""
    reason = (error.strerror if isinstance(error, OSError) else "") or said(error) or type(error).__name__
    if reason == "disk I/O error" and _is_full(path.parent):  # as SQLite calls it where its index finds no room
        reason = "the disk is full"
    helps, by = next((helps, by) for words, helps, by in _REMEDIES if any(word in reason.lower() for word in words))
    command = by()
    remedy = helps.format(folder=path.parent, command=command, running=running_command())
    return Trouble(f"{path}: {reason}; {remedy}", command)
