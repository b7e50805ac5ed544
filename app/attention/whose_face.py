"""Whose face it is: the driver's, or that of a passenger beside or behind."""

from __future__ import annotations

from typing import NamedTuple

from app.vision.measurements import Signals


class Elsewhere(NamedTuple):
    """A face farther aside than this and smaller than this is somebody else's; both in widths of the driver's face."""

    aside: float
    width: float


# The farther aside, the larger it may be: hardly aside and much smaller is a face in the back, or a profile that the
# mesh misfits; far aside even a face as large as the driver's is a passenger's. One that is larger by more than 15 %
# is never a passenger's, wherever it is: the driver leans towards the camera
PASSENGERS = (Elsewhere(0.25, 0.65), Elsewhere(0.8, 0.8), Elsewhere(1.1, 0.9), Elsewhere(1.6, 1.15))


class WhoseFace:
    """Learns where the driver's face is in the picture, and how wide."""

    def __init__(self) -> None:
        self._known: tuple[float, float] | None = None  # centre and width

    def is_drivers(self, signals: Signals) -> bool:
        """Whether a face is where the driver's may be; any face is, until one is known."""
        if self._known is None:
            return True
        x, width = self._known
        aside = abs(signals.face_x - x)
        return not any(aside > one.aside * width and signals.face_width < one.width * width for one in PASSENGERS)

    def learn(self, signals: Signals) -> None:
        """Take a steady look at the driver."""
        self._known = signals.face_x, signals.face_width
