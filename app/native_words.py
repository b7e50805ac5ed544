"""What native libraries print on stderr: kept off it while one of them works, so that a caller can read or drop it.

libjpeg says on stderr alone that a picture's data ended early, and it says so again for each picture. Python's own log
and the watchdog have descriptors of their own and are not concerned. Standard library only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIPE_BYTES = 65_536  # what a pipe holds; more is dropped, as nobody may wait for room in it


class _Redirection:
    """Descriptor 2 is a pipe while anybody wants it so: two threads that each saved it might restore the wrong one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._saved = self._read = -1

    def begin(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._saved = os.dup(2)
                self._read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
                os.dup2(write, 2)
                os.close(write)

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                os.dup2(self._saved, 2)
                os.close(self._saved)
                os.close(self._read)

    def said(self) -> str:
        with suppress(BlockingIOError):
            return os.read(self._read, _PIPE_BYTES).decode(errors="replace")
        return ""


_redirection = _Redirection()


class Words:
    """What was printed."""

    text = ""


@contextmanager
def native_words() -> Iterator[Words]:
    """Keep off stderr what is printed inside. The words are there after it; with those of other threads, if any."""
    words = Words()
    _redirection.begin()
    try:
        yield words
        words.text = _redirection.said()
    finally:
        _redirection.end()


@contextmanager
def no_native_words() -> Iterator[None]:
    """Drop what is printed inside, such as the lines of the face mesh at its start."""
    _redirection.begin()
    try:
        yield
    finally:
        _redirection.end()


def pass_on(text: str) -> None:
    """Print what another thread meant for stderr."""
    with suppress(OSError):
        os.write(2, text.encode())
