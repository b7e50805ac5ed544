"""Frame, face -> how dark an iris stands between the lids: a second sign of shut eyes.

The mesh follows lids weakly, through glasses most of all. Along an open eye a dark iris stands between brighter whites;
along shut lids, whatever the skin, and at the edge of what glasses mirror, nothing is darker than both of its sides.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from app.face import Landmarks
from app.signals import LEFT_EYE, RIGHT_EYE, eye_weights

Places = npt.NDArray[np.float64]

# The places that are looked at, in widths of the eye: so far along the line between its corners, and below that line.
# The iris of an open eye stands above it, the lashes of a shut one hang below
ALONG = np.linspace(-0.475, 0.475, 20)[None, :, None]
BELOW = np.linspace(-0.2, 0.05, 6)[:, None, None]
EYE_MIN_PX = 4.0  # of a driver 60 cm away it is 20 px wide at 320 x 240


def eye_contrast(bgr: npt.NDArray[np.uint8], landmarks: Landmarks, yaw_deg: float) -> float | None:
    """How much darker the iris is than the whites on both sides, over the mean brightness; of both eyes as seen.

    bgr: uint8 (height, width, 3); landmarks: float32 (N, 3), px of it. None where an eye is outside the picture, or
    too small.
    """
    total = 0.0
    for eye, weight in zip((RIGHT_EYE, LEFT_EYE), eye_weights(yaw_deg), strict=True):
        contrast = _contrast(bgr, landmarks[eye[0], :2], landmarks[eye[3], :2]) if weight else 0.0
        if contrast is None:
            return None
        total += weight * contrast
    return total


def _contrast(bgr: npt.NDArray[np.uint8], right: Landmarks, left: Landmarks) -> float | None:
    """Of one eye, whose corners stand in the picture from left to right."""
    across, middle = left - right, (left + right) / 2
    if np.hypot(*across) < EYE_MIN_PX:
        return None
    down = np.array((-across[1], across[0]))
    places = middle + ALONG * across + BELOW * down
    first = np.floor(places.min(axis=(0, 1))).astype(int)
    last = np.floor(places.max(axis=(0, 1))).astype(int) + 2
    if first.min() < 0 or last[0] > bgr.shape[1] or last[1] > bgr.shape[0]:
        return None
    grey = cv2.cvtColor(bgr[first[1] : last[1], first[0] : last[0]], cv2.COLOR_BGR2GRAY)
    rows = _between(grey.astype(np.float32), *np.moveaxis(places - first, 2, 0))
    return float(_darker_than_both_sides(rows).mean(axis=0).max() / max(rows.mean(), 1.0))


def _darker_than_both_sides(rows: Places) -> Places:
    """By how much each place is darker than the brightest to its left and the brightest to its right, row by row.

    Three places together, for a dark pixel is noise and an iris is wider.
    """
    smooth = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3
    left, right = np.maximum.accumulate(smooth, axis=1), np.maximum.accumulate(smooth[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.minimum(left, right) - smooth, np.float64)


def _between(grey: npt.NDArray[np.float32], x: Places, y: Places) -> Places:
    """Bilinear; by hand, for cv2.remap's and cv2.warpAffine's first call takes 0.3 MB."""
    left, top = x.astype(int), y.astype(int)
    dx, dy = x - left, y - top
    above = grey[top, left] * (1 - dx) + grey[top, left + 1] * dx
    below = grey[top + 1, left] * (1 - dx) + grey[top + 1, left + 1] * dx
    return np.asarray(above * (1 - dy) + below * dy, np.float64)
