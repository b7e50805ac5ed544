"""What is written to a terminal besides text: messages above a live line, and a progress bar."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

ERASE_LINE = "\r\x1b[K"  # ANSI
BAR_COLUMNS = 30


def log_to_stderr(level: int) -> None:
    """Set logging up: each message erases the live line or the progress bar, which is drawn again below it.

    It has a descriptor of its own, as loading the face mesh redirects stderr, and other messages would be lost with it.
    """
    stream = open(os.dup(2), "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    erase_line = ERASE_LINE if stream.isatty() else ""
    logging.basicConfig(level=level, format=f"{erase_line}%(levelname)s %(message)s", stream=stream)


@contextmanager
def log_to(stream: SupportsWrite[str]) -> Iterator[None]:
    """Let what `log_to_stderr` set up write there meanwhile."""
    handlers = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    before = [handler.setStream(stream) for handler in handlers]
    try:
        yield
    finally:
        for handler, was in zip(handlers, before, strict=True):
            if was is not None:
                handler.setStream(was)


class Bar:
    """A progress bar on a terminal."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._shown = ""

    def show(self, share: float) -> None:
        """Draw it at this share, 0 to 1, of the work."""
        filled = round(BAR_COLUMNS * share)
        text = f"[{'#' * filled}{'.' * (BAR_COLUMNS - filled)}] {share:4.0%}"
        if text != self._shown:
            self._write(text)

    def erase(self) -> None:
        """Clear the line for other text."""
        self._write("")

    def _write(self, text: str) -> None:
        self._shown = text
        self._terminal.write(ERASE_LINE + text)
        self._terminal.flush()
