"""What the thread asks of a source of speed, and how one says that it cannot be had."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Protocol


class VehicleUnavailable(Exception):
    """The source cannot be had; the text says why and what helps, remedy the command in it, if any."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Told:
    """One answer of a source: a speed, None where it has none now, and the Unix time that came with it."""

    speed_kmh: float | None
    utc_s: float | None = None


class Source(Protocol):
    """An open device."""

    name: str

    def poll(self, now_s: float) -> list[Told]:
        """What it told since; waits for half a second at most. Raises: VehicleUnavailable."""

    def close(self) -> None:
        """Give the device back."""


def is_refused(error: OSError) -> bool:
    """Whether this process lacks the right to open a device that is there."""
    return error.errno in (errno.EACCES, errno.EPERM)
