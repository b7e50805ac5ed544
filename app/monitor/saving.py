"""Saving beside the loop: a thread saves what the loop hands it, so that no disk or lock keeps the loop waiting."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[], object]

WAITING_MAX = 300  # pieces of work, as many as the journal keeps reports
HANGS_S = 10.0  # a sync on a worn SD card takes several seconds
END_S = 3.0  # that the end of the detector waits for what is still to be saved


class Save(Protocol):
    """Does the work, now or soon; with is_newest in the place of work that waits under the same name."""

    def __call__(self, what: str, work: Work, *, is_newest: bool = False) -> None:
        """Do it, or leave it to be done."""


def save_now(what: str, work: Work, *, is_newest: bool = False) -> None:
    """Do it here and now: for tests, and for who may wait."""
    work()


@dataclass(frozen=True, slots=True)
class _Piece:
    what: str
    work: Work
    is_newest: bool


class SavingThread:
    """Saves in order. What cannot be saved is logged by the work itself, and an error ends nothing."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[_Piece] = deque()
        self._changed = threading.Condition()
        self._busy: tuple[str, float] | None = None
        self._is_over = self._is_told = False
        self._failure = ""
        self.lost = 0
        """Pieces of work for which no room was left."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def save(self, what: str, work: Work, *, is_newest: bool = False) -> None:
        """Leave the work for the thread; as Save. It never waits for a disk."""
        with self._changed:
            if is_newest:
                self._waiting = deque(piece for piece in self._waiting if not (piece.is_newest and piece.what == what))
            elif len(self._waiting) >= WAITING_MAX:
                self._waiting.popleft()
                self.lost += 1
            self._waiting.append(_Piece(what, work, is_newest))
            self._changed.notify()
        if hung := self.hung_in:
            if not self._is_told:
                log.warning("saving hangs: %s; watching goes on", hung)
            self._is_told = True

    @property
    def hung_in(self) -> str:
        """What it has been doing for too long, in words; "" while it answers."""
        what, since_s = self._busy or ("", 0.0)
        lasts_s = self._clock() - since_s
        return f"{what}, for {lasts_s:.0f} s" if what and lasts_s >= HANGS_S else ""

    def close(self) -> None:
        """Wait, but not for long, until everything is saved."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._thread.join(END_S)

    def _run(self) -> None:
        while piece := self._next():
            try:
                piece.work()
            except Exception as error:
                self._log(f"not saved, while {piece.what}: {type(error).__name__}: {error}")
            self._busy = None
            if self._is_told:
                self._is_told = False
                log.info("saving goes on, after %s", piece.what)

    def _log(self, failure: str) -> None:
        """Once, as long as it stays the same."""
        if failure != self._failure:
            log.warning("%s", failure)
        self._failure = failure

    def _next(self) -> _Piece | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            if not self._waiting:
                return None
            piece = self._waiting.popleft()
            self._busy = piece.what, self._clock()
            return piece


def in_time(what: str, work: Callable[[], T], limit_s: float = HANGS_S) -> T:
    """What the work returns or raises, if it ends in time. Raises: TimeoutError; then the work goes on by itself."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    thread.join(limit_s)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError(errno.ETIMEDOUT, f"no answer for {limit_s:g} s, while {what}")
    return done[0]
