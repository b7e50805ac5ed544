"""The files that may stand beside events.sqlite, each at most once, and how they are made and removed.

events.sqlite.before-update     a copy from before an update changed the tables, until a release has run well with them
events.sqlite.before-update.new the same while it is being written; what an interrupted start left is written again
events.sqlite.schema-N          what a release that writes schema N records while it cannot use events.sqlite, as after
                                `snap revert`; a release that can use both joins them
events.sqlite.corrupt-N         a file that was damaged; also of one beside, as events.sqlite.schema-N.corrupt-N
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

from app.journal.journal_schema import this_version
from config.disk import Disk, free_bytes

LEAST_ROOM_BYTES = 64 * 1024  # SQLite's index of the log takes 32 KiB at once
UPDATE_FILES = 3  # an update needs so many times the file: the copy, and every page twice in the log
BUSY_S = 0.5  # as long as another process may hold up the detector
LOG_SUFFIXES = ("-journal", "-wal", "-shm")  # the first one until SQLite is told to keep a log


def copy_of(path: Path) -> Path:
    """Where the copy from before an update stands."""
    return path.with_name(f"{path.name}.before-update")


def _new_copy_of(path: Path) -> Path:
    return path.with_name(f"{copy_of(path).name}.new")


def beside(path: Path) -> Path:
    """Where this release records while it cannot use `path`."""
    return path.with_name(f"{path.name}.schema-{this_version()}")


def all_beside(path: Path) -> dict[int, Path]:
    """The files that releases recorded beside `path`, by the schema in their name, lowest first."""
    prefix = f"{path.name}.schema-"
    found = {file.name.removeprefix(prefix): file for file in path.parent.glob(f"{prefix}*")}
    return dict(sorted((int(number), file) for number, file in found.items() if number.isdecimal()))


def all_damaged(path: Path) -> list[Path]:
    """What was set aside of `path` and of the files beside it."""
    return [*path.parent.glob(f"{path.name}*.corrupt-*")]


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that changes neither the file nor its log. Raises: OSError, sqlite3.Error."""
    refuse_strange(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", BUSY_S, uri=True)


def refuse_strange(path: Path) -> None:
    """SQLite would wait for ever for a FIFO in the place of the file or its log, and follow a log's link.

    Raises: OSError, where there is anything but plain files.
    """
    for file in (path, *(Path(f"{os.path.realpath(path)}{suffix}") for suffix in LOG_SUFFIXES)):
        try:
            mode = (file.stat() if file is path else file.lstat()).st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(mode):
            reason = "Is a directory" if stat.S_ISDIR(mode) else "it is not a plain file"
            raise OSError(errno.EINVAL, f"{reason}: {file.name}", os.fspath(path))


def keep_copy(path: Path, version: int) -> None:
    """Copy a database, which has this version and which nobody can write to meanwhile.

    A copy of an earlier version stays: an update of several steps was interrupted, and it is from before the first.
    Raises: OSError, sqlite3.Error; then no half of a copy is left.
    """
    copy = copy_of(path)
    if 0 < _version_in(copy) < version:
        return
    _check_room(path)
    new = _new_copy_of(path)
    new.unlink(missing_ok=True)
    file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with closing(read_only(path)) as db:
            db.execute("VACUUM INTO ?", (str(new),))  # it includes the log, which a copy of the file would leave out
        os.fsync(file)
        new.replace(copy)
        Disk().sync_folder(copy.parent)  # before the update: a power cut leaves the copy or the old tables
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)


def restore_copy(path: Path) -> bool:
    """Put the copy in the place of a file that is gone; whether there was one. Raises: OSError."""
    copy = copy_of(path)
    if path.is_symlink() or path.exists() or not copy.exists():
        return False
    for suffix in LOG_SUFFIXES:  # of the file that is gone
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    copy.replace(path)
    Disk().sync_folder(path.parent)
    return True


def remove_copies(path: Path) -> None:
    """Remove the copy from before an update, and what an interrupted start left of one. Raises: OSError."""
    for file in (_new_copy_of(path), copy_of(path)):
        if file.exists():
            remove(file)


def remove(path: Path) -> None:
    """Remove a database and its log, for good even if the power goes now. Raises: OSError."""
    for suffix in (*LOG_SUFFIXES, ""):  # the log first: a new file of that name must not meet it
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    Disk().sync_folder(path.parent)


def _check_room(path: Path) -> None:
    """Refuse an update for which the room does not suffice, before anything is written. Raises: OSError."""
    logged = Path(f"{path}-wal")
    size = path.stat().st_size + (logged.stat().st_size if logged.exists() else 0)
    needed = UPDATE_FILES * size + LEAST_ROOM_BYTES
    if free_bytes(path.parent) < needed:
        raise OSError(errno.ENOSPC, f"an update of the events needs {needed / 1e6:.1f} MB of free space")


def _version_in(copy: Path) -> int:
    """The version of a copy, 0 if there is none that can be read."""
    try:
        with closing(read_only(copy)) as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])
    except (OSError, sqlite3.Error):
        return 0
