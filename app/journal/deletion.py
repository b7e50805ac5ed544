"""The owner's wish to delete all events: a file beside them, from the page's button until the detector has done it.

events.sqlite.delete-all stands there until the deletion is committed, so that neither a detector that hangs, nor one
that is not running, nor a power cut loses the wish. What it deletes, app/journal/journal.py says.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from config.disk import Disk


def _wish(path: Path) -> Path:
    return path.with_name(f"{path.name}.delete-all")


def ask(path: Path) -> None:
    """Ask for all that is recorded in `path` to be deleted, safe from a power cut. Raises: OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(_wish(path), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
    Disk().sync_folder(path.parent)


def is_asked(path: Path) -> bool:
    """Whether that was asked for and is not done; what is no plain file is no wish."""
    try:
        return stat.S_ISREG(_wish(path).lstat().st_mode)
    except OSError:
        return False


def done(path: Path) -> None:
    """The deletion is committed. Raises: OSError, where the wish stays."""
    if is_asked(path):
        _wish(path).unlink(missing_ok=True)
        Disk().sync_folder(path.parent)
