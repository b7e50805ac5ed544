"""One detector at a time: a lock in the run folder."""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from app.monitor.errors import DetectorError

log = logging.getLogger(__name__)

LOCK = "detector.lock"


def single_instance_lock(run: Path) -> AbstractContextManager[object]:
    """A lock on the run folder against a second detector, which would write the same status and drive the same pins.

    Where the folder cannot be locked, watching goes on without. Raises: DetectorError where a detector runs already.
    """
    try:
        file = (run / LOCK).open("a+")
    except OSError as error:
        log.debug("%s not locked: %s", run, error)
        return nullcontext()
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            raise DetectorError(f"a detector runs already, in {run}: {_how_to_end(file.read(20))}") from None
    except OSError as error:
        log.debug("%s not locked: %s", run, error)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _how_to_end(pid: str) -> str:
    snap = os.environ.get("SNAP_INSTANCE_NAME")
    return f"`sudo snap stop {snap}` ends it" if snap else f"`kill {pid}` ends it"
