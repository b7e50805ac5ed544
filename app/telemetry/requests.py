"""What the page asks of the detector: an empty file for each request in the run folder."""

from __future__ import annotations

import logging
import os
from enum import Enum
from itertools import islice
from pathlib import Path

from config.paths import REQUESTS, place, private_folder

log = logging.getLogger(__name__)

REQUESTS_MAX = 16  # files looked at in one turn


class Request(Enum):
    """One request; the values are file names."""

    RECALIBRATE = "recalibrate"
    TEST_BUZZER = "test-buzzer"
    MUTE = "mute"
    DELETE_EVENTS = "delete-events"


def ask(folder: Path, request: Request) -> None:
    """Leave a request for the detector; asking twice before it is taken asks once. Raises: OSError."""
    (private_folder(private_folder(folder) / REQUESTS) / request.value).touch(mode=0o600)


def take(folder: Path) -> list[Request]:
    """The requests since the last call, in the order of Request; they are removed.

    The detector calls it at its start and drops the answer, so that no old request sounds the buzzer.
    """
    try:
        with os.scandir(place(folder, REQUESTS)) as found:
            taken = {_take(entry) for entry in islice(found, REQUESTS_MAX)}
    except OSError:
        return []
    return [request for request in Request if request in taken]


def _take(entry: os.DirEntry[str]) -> Request | None:
    """The request; None where its file cannot be removed, as it would come back with every turn."""
    try:
        request = Request(entry.name) if entry.is_file(follow_symlinks=False) else None
    except ValueError:
        request = None
    if request is None:
        log.warning("not a request, and removed: %r", entry.name[:80])
    try:
        if entry.is_dir(follow_symlinks=False):
            from shutil import rmtree  # 0.3 MB with three compressors; no request is a folder

            rmtree(entry.path)
        else:
            os.unlink(entry.path)  # noqa: PTH108 - a DirEntry has no unlink
    except OSError:
        return None
    return request
