"""Frames -> is the driver's trunk still below the place of the face? So a face that is lost was turned, not taken away.

The face mesh loses a head that is turned by more than 60 degrees or so. At 1 frame a second nothing may have been seen
of it between the road and there; what is then left of the driver in the picture is neck, collar and shoulders.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]

# Below the chin, in widths of the face: from here, so far down and so far to either side
TOP, HEIGHT, HALF_WIDTH = 0.1, 1.2, 1.1
HEIGHT_MIN = 0.35  # less of it in the picture says nothing
FACE_MIN_PX = 20  # signals.py believes no smaller one
SWAY = 0.2  # how far it may have moved: a driver sways by 2 cm, a face is 14 cm wide
SIZE = (32, 16)
CONTRAST_MIN = 3.0  # standard deviation, of 255; a dark pullover in a dark cabin shows nothing
# Correlation with what was there, whatever the light. Of 600 rendered moments it was 0.81 to 1 with the driver there,
# looking ahead or aside, by night, in low sun or on a bump; below an empty seat 0.53 at most, below a bowed head 0.86
STAYS, GONE = 0.75, 0.6


class Trunk:
    """Knows how it looked when the face was measured last."""

    def __init__(self) -> None:
        self._looked: Grey | None = None
        self._shape: tuple[int, ...] = ()
        self._box = (0, 0, 0, 0)
        self._sway_px = 0

    def remember(self, bgr: npt.NDArray[np.uint8], outline_px: npt.NDArray[np.float32]) -> None:
        """The driver's face, by its points as float32 (N, 2), is in this uint8 (height, width, 3) BGR picture."""
        height_px, width_px = bgr.shape[:2]
        (left, top), (right, chin) = outline_px.min(axis=0).tolist(), outline_px.max(axis=0).tolist()
        face_px, middle = max(right - left, 0.75 * (chin - top)), (left + right) / 2
        x = np.clip((middle - HALF_WIDTH * face_px, middle + HALF_WIDTH * face_px), 0, width_px)
        y = np.clip((chin + TOP * face_px, chin + (TOP + HEIGHT) * face_px), 0, height_px)
        self._looked = None
        if face_px < FACE_MIN_PX or y[1] - y[0] < HEIGHT_MIN * face_px or x[1] - x[0] < face_px:
            return
        self._shape = bgr.shape
        self._box = int(x[0]), int(y[0]), int(x[1]), int(y[1])
        self._sway_px = int(SWAY * face_px)
        looked = _small(_grey(bgr, self._box), SIZE)
        if float(cv2.meanStdDev(looked)[1][0, 0]) >= CONTRAST_MIN:
            self._looked = looked

    def stays(self, bgr: npt.NDArray[np.uint8]) -> bool | None:
        """It is there still, or something else is; None where neither is sure, none was seen, or the size is new."""
        if self._looked is None or bgr.shape != self._shape:
            return None
        left, top, right, bottom = self._box
        reach = self._sway_px
        box = max(0, left - reach), max(0, top - reach), right + reach, bottom + reach
        around = _grey(bgr, box)
        scale_x, scale_y = SIZE[0] / (right - left), SIZE[1] / (bottom - top)
        size = max(SIZE[0], round(around.shape[1] * scale_x)), max(SIZE[1], round(around.shape[0] * scale_y))
        alike = float(cv2.matchTemplate(_small(around, size), self._looked, cv2.TM_CCOEFF_NORMED).max())
        return True if alike >= STAYS else False if alike <= GONE else None


def _grey(bgr: npt.NDArray[np.uint8], box: tuple[int, int, int, int]) -> Grey:
    left, top, right, bottom = box
    return cv2.cvtColor(bgr[top:bottom, left:right], cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _small(grey: Grey, size: tuple[int, int]) -> Grey:
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
