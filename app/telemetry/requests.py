"""What the page asks of the detector: an empty file for each request in the run folder."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from pathlib import Path

from config.own_files import private_folder, remove, touch, touched_ns
from config.paths import REQUESTS, place


class Request(Enum):
    """One request; the values are file names."""

    RECALIBRATE = "recalibrate"
    USE_DIRECTION = "use-direction"
    TEST_BUZZER = "test-buzzer"
    MUTE = "mute"
    END_MUTE = "end-mute"
    DELETE_EVENTS = "delete-events"


LASTS = frozenset({Request.DELETE_EVENTS})
"""What is still meant after a restart of the detector, as it startles nobody."""
UNDOES = {Request.MUTE: Request.END_MUTE, Request.END_MUTE: Request.MUTE}


def ask(folder: Path, request: Request) -> None:
    """Leave a request for the detector; asking twice before it is taken asks once, and of two that undo each other the
    last one counts. Raises: OSError.
    """
    private_folder(folder)
    touch(place(folder, REQUESTS, request.value))
    if request in UNDOES:
        remove(place(folder, REQUESTS, UNDOES[request].value))


def take(folder: Path) -> list[Request]:
    """The requests since the last call, in the order of Request; they are removed.

    The detector drops what its first call finds, but for what LASTS, so that no old request sounds the buzzer
    (monitor/page_requests.py). It looks for the names of requests alone, so other files keep none waiting.
    """
    return [request for request in Request if _is_taken(place(folder, REQUESTS, request.value))]


def _is_taken(path: Path) -> bool:
    """Whether there was one; False where its file cannot be removed, as it would come back with every turn."""
    if touched_ns(path) is None:
        return False
    with suppress(OSError):
        remove(path)
        return True
    return False
