"""One frame as the graphs take it: RGB packets of the whole picture or of the part around a region, each made once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from app.vision.regions import Region, Size

# The mesh was trained on faces by day. A darker one is made so bright on average, of 255, and at most this many times
# brighter; README.md, dark faces
FACE_GREY, GAIN_MIN, GAIN_MAX = 110.0, 1.15, 4.0
FACE_SHARE = 0.6  # of a region's side, in its middle, is face
MARGIN_PX = 2  # around a region, so that its outermost pixels are interpolated as in the whole picture


class Part(NamedTuple):
    """A packet, and where in the frame its picture begins and how large it is, in pixels."""

    packet: object
    left: int
    top: int
    size: Size

    def placed(self, region: Region) -> Region:
        """A region of the frame as one of this part."""
        return replace(region, x_px=region.x_px - self.left, y_px=region.y_px - self.top)


class MeshInput:
    """A frame whose packets are made when they are first asked for."""

    def __init__(self, bgr: npt.NDArray[np.uint8], make_packet: Callable[[npt.NDArray[np.uint8]], object]) -> None:
        self.bgr = bgr
        self.size: Size = (bgr.shape[1], bgr.shape[0])
        self._make_packet = make_packet
        self._whole: object = None

    @property
    def whole(self) -> object:
        """The whole picture, for detectors."""
        if self._whole is None:
            self._whole = self._make_packet(_rgb(self.bgr))
        return self._whole

    def around(self, region: Region) -> Part:
        """What the mesh reads for a region, made brighter where it is dark.

        Less than the whole picture, as converting 1280 x 720 pixels takes 1 ms.
        """
        gain = self._gain(region)
        if self._whole is not None and gain == 1.0:
            return Part(self._whole, 0, 0, self.size)
        turn = abs(math.cos(region.rotation_rad)) + abs(math.sin(region.rotation_rad))
        reach_px = region.side_px / 2 * turn + MARGIN_PX
        left, right = _within(region.x_px, reach_px, self.size[0])
        top, bottom = _within(region.y_px, reach_px, self.size[1])
        rgb = _rgb(self.bgr[top:bottom, left:right])
        part = self._make_packet(
            rgb if gain == 1.0 else cv2.convertScaleAbs(rgb, alpha=gain).astype(np.uint8, copy=False)
        )
        return Part(part, left, top, (right - left, bottom - top))

    def _gain(self, region: Region) -> float:
        """How many times brighter the face should be; 1 unless it is dark."""
        reach_px = FACE_SHARE * region.side_px / 2
        left, right = _within(region.x_px, reach_px, self.size[0])
        top, bottom = _within(region.y_px, reach_px, self.size[1])
        grey = sum(cv2.mean(self.bgr[top:bottom, left:right])[:3]) / 3
        gain = min(GAIN_MAX, FACE_GREY / max(grey, 1.0))
        return gain if gain >= GAIN_MIN else 1.0


def _rgb(bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _within(middle_px: float, reach_px: float, length_px: int) -> tuple[int, int]:
    """First and last-but-one pixel of a stretch of the picture, at least one pixel of it."""
    first = min(max(0, math.floor(middle_px - reach_px)), length_px - 1)
    return first, max(first + 1, min(math.ceil(middle_px + reach_px) + 1, length_px))
