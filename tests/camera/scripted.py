"""Scripted sources and a fake clock."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
from cv2.typing import MatLike

from app.camera.pictures import SourceLost, SourceRefused

PICTURE = np.full((240, 320, 3), 90, np.uint8)
LOST = SourceLost("the plug was pulled")
REFUSED = SourceRefused("/dev/video0 may not be opened")
CUT_OFF = np.vstack([PICTURE[:150], np.full((90, 320, 3), 128, np.uint8)])


class Hang:
    """A grab that does not return before `over` is set."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.over = threading.Event()


Shot = MatLike | None | Exception | Hang
"""What a scripted source does at a grab: a picture, an empty one, an error, or hanging."""


class Scripted:
    """A source that plays a list of shots, then is lost."""

    name = "scripted"

    def __init__(self, shots: Iterable[Shot], size: tuple[int, int] | None = (320, 240)) -> None:
        self._shots = iter(shots)
        self.size = size
        self.period_s = 0.0
        self.note = ""
        self._picture: MatLike | None = None
        self.decoded = 0
        self.closed = False

    def grab(self, time_s: float) -> None:
        shot = next(self._shots, LOST)
        if isinstance(shot, Hang):
            shot.began.set()
            shot.over.wait(10)
            shot = LOST
        if isinstance(shot, Exception):
            raise shot
        self._picture = shot

    def retrieve(self) -> MatLike | None:
        self.decoded += 1
        return self._picture

    def close(self) -> None:
        self.closed = True


class Time:
    """A clock that runs only during `wait`; at `end_s` the waiting becomes real."""

    def __init__(self, end_s: float = 1e9) -> None:
        self.now_s = 100.0
        self._end_s = 100.0 + end_s
        self.is_over = threading.Event()

    def __call__(self) -> float:
        return self.now_s

    def wait(self, closing: threading.Event, seconds: float) -> None:
        if self.now_s + seconds > self._end_s:
            self.is_over.set()
            closing.wait()
        self.now_s += seconds
