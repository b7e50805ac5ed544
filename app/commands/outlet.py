"""Standard output and error that keep nobody waiting: what nobody reads is dropped.

A pipe whose reader has stopped, a terminal that is held with Ctrl-S, or a log daemon that blocks would otherwise stop
whoever prints, and be that libjpeg within a camera's picture.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import Protocol

READ_BYTES = 65_536  # as much as a pipe holds
END = b"\0\0"  # in no text
END_S = 1.0  # that the end waits for the reader


def open_standard_streams() -> None:
    """Give what is closed of the descriptors 0, 1 and 2 /dev/null: the next file that is opened would become it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


class Out(Protocol):
    """A text stream, as far as it is used here."""

    def write(self, text: str, /) -> int:
        """Write it; how many characters."""

    def flush(self) -> None:
        """Hold nothing back."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""


class Outlet:
    """A text stream in front of a descriptor, which a thread serves. It takes what fits at once, and drops the rest.

    Where `in_place`, native code that writes to the descriptor comes through it too, until `close`.
    """

    def __init__(self, number: int, *, in_place: bool = False) -> None:
        self._number, self._in_place = number, in_place
        self.real = os.dup(number)
        """The descriptor of who reads: writing there may wait."""
        self._read, self._write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._write, False)
        if in_place:
            os.dup2(self._write, number)
        self._thread = threading.Thread(target=self._pass_on, name=f"outlet {number}", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Write it, if there is room."""
        with suppress(OSError):
            os.write(self._write, text.encode(errors="backslashreplace"))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """Whether who reads is a terminal."""
        return os.isatty(self.real)

    def close(self) -> None:
        """Pass on what was written, but wait for no reader."""
        if self._in_place:
            os.dup2(self.real, self._number)
        with suppress(OSError):
            os.write(self._write, END)
        self._thread.join(END_S)
        if not self._thread.is_alive():
            for number in (self.real, self._read, self._write):
                os.close(number)

    def _pass_on(self) -> None:
        is_over = False
        while not is_over:
            data = os.read(self._read, READ_BYTES)
            is_over = data.endswith(END)
            data = data.removesuffix(END)
            with suppress(OSError):  # closed, or full: nobody reads it
                while data:
                    data = data[os.write(self.real, data) :]
