"""Readings of memory over the last two hours, in one small file for the page's chart."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import inf, isfinite
from pathlib import Path

from config.own_files import read_file, replace_file

log = logging.getLogger(__name__)

HISTORY_S = 7200.0
EVERY_S = 30.0
HISTORY_MAX_BYTES = 64 * 1024  # 240 readings take 8 KiB
STARTS_MAX = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """One point of the history; time_s is monotonic."""

    time_s: float
    rss_mb: float
    pss_mb: float | None
    available_mb: float


class History:
    """The newest readings. Their file outlives the detector, but not the boot."""

    def __init__(self, path: Path, boot_id: str, started_s: float | None = None) -> None:
        """started_s: when this process began, in monotonic seconds."""
        self._path = path
        new = () if started_s is None else (started_s,)
        self._starts = [*read_starts(path, boot_id), *new][-STARTS_MAX:]
        self._boot_id = boot_id
        self._readings = deque(read_history(path, boot_id), maxlen=int(HISTORY_S / EVERY_S))

    def add(self, reading: Reading) -> None:
        """Keep this reading if one is due. A file that cannot be written stops nothing."""
        last_s = self._readings[-1].time_s if self._readings else -inf
        if not _is_sound(astuple(reading)) or reading.time_s - last_s < EVERY_S:
            return
        self._readings.append(reading)
        while reading.time_s - self._readings[0].time_s > HISTORY_S:
            self._readings.popleft()
        self._starts = [start_s for start_s in self._starts if reading.time_s - start_s <= HISTORY_S]
        self._write()

    def _write(self) -> None:
        rows = [astuple(reading) for reading in self._readings]
        document = {"boot_id": self._boot_id, "readings": rows, "starts": self._starts}
        try:
            replace_file(self._path, json.dumps(document).encode())
        except OSError as error:
            log.debug("memory history not written: %s", error)


def read_history(path: Path, boot_id: str) -> tuple[Reading, ...]:
    """The readings of this boot, oldest first; none where the file is missing, damaged or of another boot."""
    try:
        document = json.loads(read_file(path, HISTORY_MAX_BYTES))
        rows = document["readings"] if document["boot_id"] == boot_id else ()
        return tuple(Reading(*row) for row in rows if _is_sound(row))
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
        return ()


def read_starts(path: Path, boot_id: str) -> tuple[float, ...]:
    """When the processes of this boot began whose readings these are, oldest first; none where that is not known."""
    try:
        document = json.loads(read_file(path, HISTORY_MAX_BYTES))
        starts = document["starts"] if document["boot_id"] == boot_id else ()
        return tuple(float(start_s) for start_s in starts if isfinite(start_s))[-STARTS_MAX:]
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
        return ()


def _is_sound(row: Sequence[object]) -> bool:
    """Finite numbers; None only for the PSS."""
    time_s, rss_mb, pss_mb, available_mb = row
    numbers = (time_s, rss_mb, available_mb, 0.0 if pss_mb is None else pss_mb)
    return all(isinstance(number, (int, float)) and isfinite(number) for number in numbers)
