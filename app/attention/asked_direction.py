"""The request to take where the driver looks now as the road's direction: granted once the head is held still there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from app.events import DirectionAnswer
from app.vision.measurements import Signals

LOOK_UP_S = 3.0  # who presses a button on a telephone looks at that
HELD_S = 1.9  # three looks at 1 frame a second, which come a little early or late
HELD_WITHIN_DEG = 6.0  # of yaw and pitch: the sway of a head that is held still (driver.STEADY_DEG_PER_S)
GIVE_UP_S = 15.0
SAMPLES_MAX = 256  # at 30 frames a second more than HELD_S has


class Direction(NamedTuple):
    """Means over the time for which the head was held; gaze_yaw_deg None where the eyes were not read."""

    yaw_deg: float
    pitch_deg: float
    gaze_yaw_deg: float | None


class AskedDirection:
    """One request at a time, from asking to its answer."""

    def __init__(self) -> None:
        self._begin(DirectionAnswer.NOT_ASKED)

    def ask(self) -> None:
        """Begin with the next look."""
        self._begin(DirectionAnswer.WAITING)

    def _begin(self, answer: DirectionAnswer) -> None:
        self.answer = answer
        self.answered_s: float | None = None
        self._asked_s: float | None = None
        self._held: deque[tuple[float, Direction]] = deque(maxlen=SAMPLES_MAX)
        self._refusal = DirectionAnswer.NO_FACE

    def update(
        self, time_s: float, signals: Signals | None, is_in_range: Callable[[float, float], bool]
    ) -> Direction | None:
        """Take one look while a request waits; the direction when it is granted. signals None: no face, or not sure."""
        if self.answer is not DirectionAnswer.WAITING:
            return None
        self._asked_s = time_s if self._asked_s is None else self._asked_s
        if time_s - self._asked_s < LOOK_UP_S:
            return None
        direction = self._held_direction(time_s, signals)
        if direction is not None and is_in_range(direction.yaw_deg, direction.pitch_deg):
            self._give(DirectionAnswer.TAKEN, time_s)
            return direction
        if direction is not None:
            self._refusal = DirectionAnswer.OUT_OF_RANGE
        if time_s - self._asked_s >= GIVE_UP_S:
            self._give(self._refusal, time_s)
        return None

    def _give(self, answer: DirectionAnswer, time_s: float) -> None:
        self.answer, self.answered_s = answer, time_s
        self._held.clear()

    def _held_direction(self, time_s: float, signals: Signals | None) -> Direction | None:
        """The mean of the newest HELD_S, if the head was held still for so long."""
        if signals is None or signals.yaw_deg is None or signals.pitch_deg is None:
            self._held.clear()
            return None
        if self._refusal is DirectionAnswer.NO_FACE:
            self._refusal = DirectionAnswer.UNSTEADY
        self._held.append((time_s, Direction(signals.yaw_deg, signals.pitch_deg, signals.gaze_yaw_deg)))
        while not _is_still([direction for _, direction in self._held]):
            self._held.popleft()
        if time_s - self._held[0][0] < HELD_S:
            return None
        return _mean([direction for held_s, direction in self._held if time_s - held_s <= HELD_S])


def _is_still(held: list[Direction]) -> bool:
    yaws, pitches = [one.yaw_deg for one in held], [one.pitch_deg for one in held]
    return max(max(yaws) - min(yaws), max(pitches) - min(pitches)) <= HELD_WITHIN_DEG


def _mean(held: list[Direction]) -> Direction:
    count = len(held)
    gazes = [one.gaze_yaw_deg for one in held if one.gaze_yaw_deg is not None]
    gaze_yaw_deg = sum(gazes) / len(gazes) if gazes else None
    return Direction(sum(one.yaw_deg for one in held) / count, sum(one.pitch_deg for one in held) / count, gaze_yaw_deg)
