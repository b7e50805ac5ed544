"""Frames -> Torso: whether the driver still sits where the face was, so that a lost face was turned and has not left.

The face mesh loses a head that is turned by more than about 60 degrees. At 1 frame a second there may be no frame
between the road and there; what then remains of the driver in the picture is collar and shoulders.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from app.events import Torso
from app.vision.head_pose import FACE_LOST_PX
from app.vision.sight import contrast_of
from app.vision.thumbnail import sampled

Grey = npt.NDArray[np.uint8]

# The trunk below the chin, in widths of the face: from here, so far down and so far to either side
TOP, HEIGHT, HALF_WIDTH = 0.1, 1.2, 1.1
HEIGHT_MIN = 0.6  # a trunk cut off above this shows no shoulders, only background that stays when the driver leaves
SWAY = 0.2  # how far it may have moved: a driver sways by 2 cm, a face is 14 cm wide
SIZE, SIDE = (32, 16), 9  # pixels of the trunk, and of them each shoulder's columns, which no bowed head hides
CONTRAST_MIN = 3.0  # standard deviation, of 255; a dark pullover in a dark cabin has less
# Correlation with what was there, which the light does not change; README.md, seat
SHOULDERS_STAY, SHOULDERS_GONE = 0.7, 0.45
CHEST_HIDDEN = 0.74


class Seat:
    """The driver's trunk as it was when the face was measured last."""

    def __init__(self) -> None:
        self._trunk: Grey | None = None
        self._shape: tuple[int, ...] = ()
        self._box = (0, 0, 0, 0)
        self._sway_px = 0

    def remember(self, bgr: npt.NDArray[np.uint8], outline_px: npt.NDArray[np.float32]) -> None:
        """Keep the trunk below a face, whose points are float32 (N, 2), in a uint8 (height, width, 3) picture."""
        height_px, width_px = bgr.shape[:2]
        (left, top), (right, chin) = outline_px.min(axis=0).tolist(), outline_px.max(axis=0).tolist()
        face_px, middle = max(right - left, 0.75 * (chin - top)), (left + right) / 2
        x = np.clip((middle - HALF_WIDTH * face_px, middle + HALF_WIDTH * face_px), 0, width_px)
        y = np.clip((chin + TOP * face_px, chin + (TOP + HEIGHT) * face_px), 0, height_px)
        self._trunk = None
        if face_px < FACE_LOST_PX or y[1] - y[0] < HEIGHT_MIN * face_px or x[1] - x[0] < face_px:
            return
        self._shape = bgr.shape
        self._box = int(x[0]), int(y[0]), int(x[1]), int(y[1])
        self._sway_px = int(SWAY * face_px)
        trunk = _grey(bgr, self._box, SIZE)
        if min(contrast_of(trunk[:, :SIDE]), contrast_of(trunk[:, -SIDE:])) >= CONTRAST_MIN:
            self._trunk = trunk

    def look(self, bgr: npt.NDArray[np.uint8]) -> Torso | None:
        """Who sits there now; None where that is not sure, nothing is remembered, or the picture has another size."""
        likeness = self.likeness(bgr)
        if likeness is None:
            return None
        shoulders, chest = likeness
        if shoulders < SHOULDERS_STAY:
            return Torso.GONE if shoulders <= SHOULDERS_GONE else None
        return Torso.UPRIGHT if chest >= CHEST_HIDDEN else Torso.BOWED

    def likeness(self, bgr: npt.NDArray[np.uint8]) -> tuple[float, float] | None:
        """How far shoulders and chest correlate with those remembered, -1..1 each; None where that cannot be told."""
        if self._trunk is None or bgr.shape != self._shape:
            return None
        (left, top, right, bottom), reach = self._box, self._sway_px
        height_px, width_px = bgr.shape[:2]
        box = max(0, left - reach), max(0, top - reach), min(right + reach, width_px), min(bottom + reach, height_px)
        scale = SIZE[0] / (right - left), SIZE[1] / (bottom - top)
        size = tuple(max(least, round((box[i + 2] - box[i]) * scale[i])) for i, least in enumerate(SIZE))
        around, rest = _grey(bgr, box, size), SIZE[0] - SIDE
        shoulders = _alike(around[:, :-rest], self._trunk[:, :SIDE]) + _alike(around[:, rest:], self._trunk[:, rest:])
        chest = _alike(around[:, SIDE:-SIDE], self._trunk[:, SIDE:-SIDE])
        return float(shoulders.max()) / 2, float(chest.max())


def _grey(bgr: npt.NDArray[np.uint8], box: tuple[int, int, int, int], size: tuple[int, ...]) -> Grey:
    left, top, right, bottom = box
    grey = cv2.cvtColor(sampled(bgr[top:bottom, left:right]), cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _alike(around: Grey, part: Grey) -> npt.NDArray[np.float32]:
    """How well the part fits at each place: the normalised correlation, -1..1; 0 where all is of one colour.

    By hand, because cv2.matchTemplate's first call takes 0.4 MB.
    """
    places = np.lib.stride_tricks.sliding_window_view(around.astype(np.float32), part.shape)
    places = places - places.mean(axis=(2, 3), keepdims=True)
    wanted = part - part.mean(dtype=np.float32)
    shared = (places * wanted).sum(axis=(2, 3))
    return np.asarray(shared / np.sqrt(((places**2).sum(axis=(2, 3)) * (wanted**2).sum()).clip(1e-6)), np.float32)
