"""Frame: a picture and its moment, and when another one soon after it is worth taking. Loads neither numpy nor cv2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# At 1 frame a second two blinks look like one closure of a second, on the fake driver six times an hour. A look so soon
# after each one with closed eyes tells them apart
SECOND_LOOK_S = 0.35


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture and its moment."""

    bgr: npt.NDArray[np.uint8]
    """(height, width, 3), BGR"""
    time_s: float
    """Monotonic seconds at capture; under `analyze` seconds in the file."""
    number: int
    """Counts captured frames from 0."""
    rotated_deg: int = 0
    """How far `camera.rotate` has turned it clockwise already."""


def has_second_look(taken_s: float, due_s: float) -> bool:
    """Whether there is time for one between a frame and the next that is due."""
    return due_s - taken_s >= 1.5 * SECOND_LOOK_S
