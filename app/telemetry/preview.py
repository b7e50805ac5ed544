"""The preview: a picture in the run folder, only while the page keeps asking for it."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from pathlib import Path

from app.telemetry.run_folder import replace_file
from config.own_files import remove, touch, touched_ns
from config.paths import PREVIEW, PREVIEW_WANTED, place

WANTED_S = 10.0  # the page asks again every 2 to 5 s


class Preview:
    """The detector's side."""

    def __init__(self, folder: Path) -> None:
        self._picture, self._wanted = place(folder, PREVIEW), place(folder, PREVIEW_WANTED)
        self._mtime_ns = touched_ns(self._wanted)  # a question from before the start does not count
        self._asked_s = -inf
        self.remove()

    def wanted(self, now_s: float) -> bool:
        """Whether the page asked in the last 10 s. As the wall clock may jump, a time is only compared with itself."""
        mtime_ns = touched_ns(self._wanted)
        if mtime_ns != self._mtime_ns:
            self._mtime_ns, self._asked_s = mtime_ns, now_s
        return mtime_ns is not None and now_s - self._asked_s < WANTED_S

    def write(self, jpeg: bytes) -> bool:
        """Whether the picture could be replaced."""
        return replace_file(self._picture, jpeg)

    def remove(self) -> None:
        """Delete the picture: when none is wanted, and at the end."""
        with suppress(OSError):
            remove(self._picture)


def ask_for_preview(folder: Path) -> None:
    """Ask for pictures for the next 10 s: the page's side. Raises: OSError."""
    touch(place(folder, PREVIEW_WANTED))
