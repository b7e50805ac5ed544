"""Frame, landmarks -> whether something hides the eyes. The mesh draws lids there all the same.

Opaque lenses are dark and of one brightness; glare and a hand leave nothing darker than skin, where an open eye has
its iris and a shut one its lashes.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from app.vision.landmarks import Landmarks

EYES = ((33, 133), (362, 263))  # landmarks at the corners of the right and of the left eye, from the picture's left
SKIN = (151, 9, 8, 197, 195, 5, 4, 101, 330, 50, 280)  # brow, ridge of the nose, cheeks
SKIN_SHARE = 0.7  # quantile of their brightness that is skin: up to this share may lie behind a frame, a mask or hair
SKIN_MIN = 4.0  # of 255; less is a black picture
# Where pixels are read, in widths of the eye: along the line between its corners, and below it
ALONG = np.linspace(-0.5, 0.5, 12)[None, :, None]
BELOW = np.linspace(-0.25, 0.3, 8)[:, None, None]
MARGIN = 0.12  # around the eyes, in widths of both
EYE_MIN_PX = 4.0  # of a driver 60 cm away it is 20 px wide at 320 x 240
# A dark lens: brightness over that of skin, and how much darker its darkest tenth is than its middle, for both lenses
# and for one alone; README.md, hidden eyes
DARK, FLAT, ONE_FLAT = 0.38, 0.085, 0.05
NOTHING_DARK = 0.9  # glare and hands: the darkest tenth has more of the middle's brightness than any eye has


def eyes_hidden(bgr: npt.NDArray[np.uint8], landmarks: Landmarks) -> bool:
    """Whether something hides the eyes of a face; bgr: uint8 (height, width, 3), landmarks: float32 (N, 3), px."""
    grey = _grey(bgr, landmarks[list({*SKIN, *(corner for eye in EYES for corner in eye)}), :2])
    if grey is None:
        return False
    picture, corner = grey
    x, y = (landmarks[list(SKIN), :2] - corner).round().astype(int).T
    skin = max(SKIN_MIN, _quantile(picture[y, x], SKIN_SHARE))
    eyes = [_brightness(picture, landmarks[right, :2] - corner, landmarks[left, :2] - corner) for right, left in EYES]
    seen = [(darkest / skin, middle / skin) for darkest, middle in filter(None, eyes)]
    dark = [middle - darkest for darkest, middle in seen if middle < DARK]
    has_dark_lenses = len(dark) == len(EYES) and max(dark) < FLAT
    has_flat_lens = bool(dark) and min(dark) < ONE_FLAT
    has_nothing_dark = bool(seen) and all(darkest > NOTHING_DARK * middle for darkest, middle in seen)
    return has_dark_lenses or has_flat_lens or has_nothing_dark


def _grey(bgr: npt.NDArray[np.uint8], points_px: Landmarks) -> tuple[npt.NDArray[np.float32], Landmarks] | None:
    """The part of the picture around these points, its noise averaged, and its corner; None where they lie outside."""
    margin_px = MARGIN * float(np.ptp(points_px[:, 0]))
    low = np.floor(points_px.min(axis=0) - margin_px).astype(int)
    high = np.ceil(points_px.max(axis=0) + margin_px).astype(int) + 1
    if low.min() < 0 or high[0] > bgr.shape[1] or high[1] > bgr.shape[0]:
        return None
    part = cv2.cvtColor(bgr[low[1] : high[1], low[0] : high[0]], cv2.COLOR_BGR2GRAY)
    return cv2.blur(part, (3, 3)).astype(np.float32), low.astype(np.float32)


def _brightness(grey: npt.NDArray[np.float32], right: Landmarks, left: Landmarks) -> tuple[float, float] | None:
    """Darkest tenth and median of one eye's brightness, of 255; None where it is too small."""
    across, middle = left - right, (left + right) / 2
    if np.hypot(*across) < EYE_MIN_PX:
        return None
    down = np.array((-across[1], across[0]))
    x, y = np.moveaxis((middle + ALONG * across + BELOW * down).round().astype(int), 2, 0)
    inside = (y >= 0) & (y < grey.shape[0]) & (x >= 0) & (x < grey.shape[1])
    shades = grey[y[inside], x[inside]]
    return _quantile(shades, 0.1), _quantile(shades, 0.5)


def _quantile(values: npt.NDArray[np.float32], share: float) -> float:
    """The quantile, as np.quantile gives it in ten times the time for so few values."""
    place = share * (len(values) - 1)
    low, high = np.sort(values)[[int(place), math.ceil(place)]].tolist()
    return float(low + (high - low) * (place - int(place)))
