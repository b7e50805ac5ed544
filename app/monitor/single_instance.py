"""One detector at a time: a lock in the run folder."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.monitor.errors import DetectorError
from config.commands import stop_command
from config.own_files import open_file
from config.paths import place

log = logging.getLogger(__name__)

LOCK = "detector.lock"
PID_MAX_BYTES = 20


@contextmanager
def single_instance_lock(run: Path) -> Iterator[None]:
    """A lock on the run folder against a second detector, which would write the same status and drive the same pins.

    Where the folder cannot be locked, watching goes on without. Raises: DetectorError where a detector runs already.
    """
    file = -1
    try:
        file = open_file(place(run, LOCK))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
    except BlockingIOError:
        pid = os.read(file, PID_MAX_BYTES).decode(errors="replace")
        os.close(file)
        raise DetectorError(f"a detector runs already, in {run}: `{stop_command(pid)}` ends it") from None
    except OSError as error:
        log.debug("%s not locked, or its lock without a name: %s", run, error)
    try:
        yield
    finally:
        if file >= 0:
            os.close(file)
