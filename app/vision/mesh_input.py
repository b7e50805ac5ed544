"""One frame as the graphs take it: RGB packets of the whole picture or of the part around a region, each made once.

Detectors and mesh were trained on faces by day, so both get a dark picture made brighter, and its noise averaged first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from app.vision.regions import Region, Size
from app.vision.thumbnail import sampled

# A dark face is made so bright on average, of 255, a dark picture so bright in its brightest place, and neither more
# than this many times brighter; README.md, dark faces
FACE_GREY, BRIGHTEST_GREY, GAIN_MIN, GAIN_MAX = 110.0, 200.0, 1.15, 4.0
PLACES = 16, 12  # across and down: a face by infrared light fills more than one of them, so that it is not overexposed
DETECTED_PX = 160  # of the longer side: the detectors read 128 and skip the pixels between, whose mean has less noise
DARK_GAIN = 2.0  # from here on noise matters: detectors see their pictures as they are up to it
SMOOTHED_PX, SMOOTHED_GREY, SMOOTHED_SIGMA_PX = 5, 15.0, 2.0  # of the bilateral filter, which leaves lids their edges
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
        self._for_detectors: object = None

    @property
    def whole(self) -> object:
        """The whole picture."""
        if self._whole is None:
            self._whole = self._make_packet(_rgb(self.bgr))
        return self._whole

    @property
    def for_detectors(self) -> object:
        """The whole picture; where it is dark, smaller and made brighter."""
        if self._for_detectors is None:
            brightest = cv2.resize(sampled(self.bgr), PLACES, interpolation=cv2.INTER_AREA).mean(axis=2).max()
            gain = _gain(BRIGHTEST_GREY, float(brightest))
            self._for_detectors = self.whole if gain < DARK_GAIN else self._make_packet(self._small(gain))
        return self._for_detectors

    def _small(self, gain: float) -> npt.NDArray[np.uint8]:
        # never enlarged: MediaPipe aborts the process over a single column made 160 pixels wide
        scale = min(1.0, DETECTED_PX / max(self.size))
        width_px, height_px = (max(1, round(side_px * scale)) for side_px in self.size)
        small = cv2.resize(self.bgr, (width_px, height_px), interpolation=cv2.INTER_AREA)
        return _brighter(_rgb(small.astype(np.uint8, copy=False)), gain)

    def around(self, region: Region) -> Part:
        """What the mesh reads for a region, smoothed and made brighter where it is dark.

        Less than the whole picture, as converting 1280 x 720 pixels takes 1 ms.
        """
        gain = _gain(FACE_GREY, self._face_grey(region))
        if self._whole is not None and gain == 1.0:
            return Part(self._whole, 0, 0, self.size)
        turn = abs(math.cos(region.rotation_rad)) + abs(math.sin(region.rotation_rad))
        reach_px = region.side_px / 2 * turn + MARGIN_PX
        left, right = _within(region.x_px, reach_px, self.size[0])
        top, bottom = _within(region.y_px, reach_px, self.size[1])
        rgb = _rgb(self.bgr[top:bottom, left:right])
        if gain >= DARK_GAIN:
            rgb = _smoothed(rgb)
        part = self._make_packet(rgb if gain == 1.0 else _brighter(rgb, gain))
        return Part(part, left, top, (right - left, bottom - top))

    def _face_grey(self, region: Region) -> float:
        reach_px = FACE_SHARE * region.side_px / 2
        left, right = _within(region.x_px, reach_px, self.size[0])
        top, bottom = _within(region.y_px, reach_px, self.size[1])
        return sum(cv2.mean(self.bgr[top:bottom, left:right])[:3]) / 3


def _gain(wanted_grey: float, grey: float) -> float:
    """How many times brighter a picture should be; 1 unless it is dark."""
    gain = min(GAIN_MAX, wanted_grey / max(grey, 1.0))
    return gain if gain >= GAIN_MIN else 1.0


def _brighter(rgb: npt.NDArray[np.uint8], gain: float) -> npt.NDArray[np.uint8]:
    return cv2.convertScaleAbs(rgb, alpha=gain).astype(np.uint8, copy=False)


def _smoothed(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return cv2.bilateralFilter(rgb, SMOOTHED_PX, SMOOTHED_GREY, SMOOTHED_SIGMA_PX).astype(np.uint8, copy=False)


def _rgb(bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _within(middle_px: float, reach_px: float, length_px: int) -> tuple[int, int]:
    """First and last-but-one pixel of a stretch of the picture, at least one pixel of it."""
    first = min(max(0, math.floor(middle_px - reach_px)), length_px - 1)
    return first, max(first + 1, min(math.ceil(middle_px + reach_px) + 1, length_px))
