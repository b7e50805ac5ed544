"""Frames -> how far the whole picture must be turned to be upright: a camera that hangs upside down or on its side.

Where no face is surely upright, copies of the picture are turned and looked at, seldom enough to cost little. A driver
whose head lies on the shoulder must not be taken for a camera on its side: once the picture has been upright, only open
eyes that stay there for long tell that somebody has turned the camera.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from app.vision.face import DOUBTED_SCORE
from app.vision.measurements import Signals

Picture = npt.NDArray[np.uint8]
Seen = tuple[float, Signals | None]
"""The detector's score of a face, and its signals; 0 and None without one."""

_TURNS = {180: cv2.ROTATE_180, 90: cv2.ROTATE_90_CLOCKWISE, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
UPRIGHT_ROLL_DEG = 45.0  # nearer to upright than to any other turn
COPY_SCORE = 0.85  # of a face in a copy; a masked one may look upside down with less; README.md, turned pictures
OPEN_BLINK_MAX = 0.4  # the same
# Three looks in a row settle how the picture lies. Where it was upright before, a head may lie on a shoulder instead
SURE_LOOKS, REMOUNTED_S = 3, 30.0
# Copies are looked at so often at first, and later; a picture that was upright is doubted after so long without a face
TRY_S, FIRST_TRIES, TRY_LATER_S = 0.9, 30, 5.0
DOUBT_S = 10.0


class Turned:
    """Learns how the picture lies from looks in the order of their time."""

    def __init__(self) -> None:
        self._settled: int | None = None
        self._newest: int | None = None  # what the newest looks agree in: 0 is upright
        self._looks, self._since_s = 0, -math.inf  # how many do, and since when
        self._tries, self._tried_s, self._upright_s = 0, -math.inf, -math.inf

    @property
    def turn_deg(self) -> int:
        """Clockwise degrees, 90, 180 or 270, that the picture is known or suspected to need; 0 while it is upright."""
        return (self._newest if self._settled is None else self._settled) or 0

    def look(self, bgr: Picture, time_s: float, seen: Seen, glance: Callable[[Picture], Seen]) -> int:
        """turn_deg after a frame, by the face seen in it as it is and by what glance sees in turned copies."""
        if _is_upright(seen[1]) and (self._settled == 0 or seen[0] >= DOUBTED_SCORE):
            self._take(0, time_s)
        elif self._is_due(time_s):
            self._tries, self._tried_s = self._tries + 1, time_s
            self._take(self._surest(bgr, seen, glance), time_s)
        return self.turn_deg

    def _is_due(self, time_s: float) -> bool:
        if self._settled == 0 and time_s - self._upright_s < DOUBT_S:
            return False
        is_early = self._settled is None and self._tries <= FIRST_TRIES
        return time_s - self._tried_s >= (TRY_S if is_early else TRY_LATER_S)

    def _surest(self, bgr: Picture, seen: Seen, glance: Callable[[Picture], Seen]) -> int | None:
        """The turn after which a face is upright most surely; None where none is."""
        score, signals = seen
        surest, highest = (0, score) if _is_upright(signals) else (None, 0.0)
        for turn_deg, code in _TURNS.items():
            score, signals = glance(cv2.rotate(bgr, code).astype(np.uint8, copy=False))
            if score > max(highest, COPY_SCORE) and _is_upright(signals) and self._may_be(turn_deg, signals):
                surest, highest = turn_deg, score
        return surest

    def _may_be(self, turn_deg: int, signals: Signals | None) -> bool:
        """A driver asleep lays the head on a shoulder, or back, but cannot hang upside down from the start."""
        is_hanging = turn_deg == 180 and self._settled != 0
        blink = signals.eye_blink if signals else None
        return is_hanging or (blink is not None and blink < OPEN_BLINK_MAX)

    def _take(self, turn_deg: int | None, time_s: float) -> None:
        if turn_deg == 0:
            self._upright_s, self._tries = time_s, 0
        if turn_deg != self._newest:
            self._newest, self._looks, self._since_s = turn_deg, 0, time_s
        self._looks += 1
        is_long = self._settled != 0 or time_s - self._since_s >= REMOUNTED_S
        if turn_deg is not None and self._looks >= SURE_LOOKS and is_long:
            self._settled = turn_deg


def _is_upright(signals: Signals | None) -> bool:
    return signals is not None and signals.roll_deg is not None and abs(signals.roll_deg) < UPRIGHT_ROLL_DEG
