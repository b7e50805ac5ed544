"""Frame -> Sight: can the driver be seen, or is the lens covered, the cabin dark, the picture frozen, noise?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from app.events import Sight
from app.vision.thumbnail import sampled

if TYPE_CHECKING:
    from cv2.typing import MatLike

GREY_SIZE = (64, 48)  # enough for brightness and contrast; averaging takes most of the noise out
# Of 255. Where the mesh finds a face even so, observer.py says clear; README.md, sight
DARK_MEAN = 14.0
# Standard deviation: that of a covered lens, or less than this share of its brightness; README.md, sight
COVERED_CONTRAST = 4.0
FLAT_CONTRAST, FLAT_OF_MEAN = 7.0, 0.35
FLAT_OF_USUAL = 0.25  # or this share of the usual contrast, which is scaled down where it is darker now (a tunnel)
EMPTY_CONTRAST = 0.5  # less is one colour all over, which a covered lens may repeat without being frozen
NOISE_OF_CONTRAST = 0.6  # a picture that keeps less of its contrast when it is averaged is noise; README.md, sight
USUAL_WEIGHT = 0.05  # of each new clear picture in what the lens usually sees
SMEARED_OF_USUAL = 0.65  # of the usual sharpness of the driver's face; README.md, sight
SHARPNESS_MIN_PX = 16  # a smaller face shows no lids


class Lens:
    """Judges pictures in their order by the last one and the usual contrast."""

    def __init__(self) -> None:
        self._last: npt.NDArray[np.uint8] | None = None
        self._usual: tuple[float, float] | None = None  # brightness and contrast

    def judge(self, bgr: npt.NDArray[np.uint8]) -> Sight:
        """What can be seen in a uint8 (height, width, 3) BGR picture."""
        grey = cv2.cvtColor(sampled(bgr), cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        frozen = self._last is not None and np.array_equal(grey, self._last)
        self._last = grey
        small = cv2.resize(grey, GREY_SIZE, interpolation=cv2.INTER_AREA)
        mean, contrast = (float(value[0, 0]) for value in cv2.meanStdDev(small))
        if frozen and contrast >= EMPTY_CONTRAST:
            return Sight.FROZEN
        is_flat = contrast < COVERED_CONTRAST or contrast < min(FLAT_CONTRAST, FLAT_OF_MEAN * mean)
        if mean < DARK_MEAN and is_flat:
            return Sight.DARK
        if _is_noise(grey, contrast):
            return Sight.NOISE
        if is_flat or self._is_flatter_than_usual(mean, contrast):
            return Sight.FLAT
        usual_mean, usual_contrast = self._usual or (mean, contrast)
        self._usual = (
            usual_mean + USUAL_WEIGHT * (mean - usual_mean),
            usual_contrast + USUAL_WEIGHT * (contrast - usual_contrast),
        )
        return Sight.CLEAR

    def _is_flatter_than_usual(self, mean: float, contrast: float) -> bool:
        if self._usual is None:
            return False
        usual_mean, usual_contrast = self._usual
        return contrast < FLAT_OF_USUAL * usual_contrast * min(1.0, mean / usual_mean)


class Sharpness:
    """How sharp the driver's face usually is: where a bump smears it, open lids look shut and lips closed."""

    def __init__(self) -> None:
        self._usual: float | None = None

    def is_smeared(self, bgr: npt.NDArray[np.uint8], outline_px: npt.NDArray[np.float32]) -> bool:
        """Whether a face, by its points as float32 (N, 2), is less sharp than usual, not than in focus."""
        now = _sharpness(bgr, outline_px)
        if now is None:
            return False
        usual = self._usual or now
        self._usual = usual + USUAL_WEIGHT * (now - usual)
        return now < SMEARED_OF_USUAL * usual


def contrast_of(grey: MatLike) -> float:
    """Standard deviation of a picture with one channel, of 255."""
    return float(cv2.meanStdDev(grey)[1][0, 0])


def _sharpness(bgr: npt.NDArray[np.uint8], outline_px: npt.NDArray[np.float32]) -> float | None:
    """The finest details' contrast over that of all; at half size, as single pixels are half noise."""
    left, top, right, bottom = np.r_[outline_px.min(axis=0), outline_px.max(axis=0)].clip(0).astype(int)
    face = bgr[top:bottom, left:right]
    if min(face.shape[:2]) < SHARPNESS_MIN_PX:
        return None
    grey = cv2.cvtColor(cv2.resize(face, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    contrast = contrast_of(grey)
    return contrast_of(cv2.Laplacian(grey, cv2.CV_16S)) / contrast if contrast > 0 else None


def _is_noise(grey: npt.NDArray[np.uint8], averaged_contrast: float) -> bool:
    contrast = contrast_of(grey)
    return contrast >= FLAT_CONTRAST and averaged_contrast < NOISE_OF_CONTRAST * contrast
