"""Frame, face -> how much the brightness varies along the eyes: a second sign of shut lids.

The mesh follows lids weakly, through glasses most of all. Along an open eye a dark iris stands between whites; lids and
lashes, whatever the skin, look much the same from corner to corner, and so does most of what glasses mirror.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from app.face import Landmarks
from app.signals import LEFT_EYE, RIGHT_EYE, eye_weights

SIZE = (18, 6)  # of the patch between the corners; an eye of a driver 60 cm away is 20 px wide at 320 x 240
WIDTH, HEIGHT, DOWN = 0.9, 0.3, 0.025  # of it, and how far below the corners its middle lies, in widths of the eye
CORNER_MARGIN = 0.5  # of the picture around an eye that is looked at, in its widths


def eye_contrast(bgr: npt.NDArray[np.uint8], landmarks: Landmarks, yaw_deg: float) -> float | None:
    """Standard deviation of the brightness along an eye over its mean, of both eyes as yaw_deg shows them.

    bgr: uint8 (height, width, 3); landmarks: float32 (N, 3), px of it. None where an eye is outside the picture.
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
    reach_px = (0.5 + CORNER_MARGIN) * float(np.hypot(*across))
    top, bottom = (round(float(middle[1] + side * reach_px)) for side in (-1, 1))
    first, last = (round(float(middle[0] + side * reach_px)) for side in (-1, 1))
    height_px, width_px = bgr.shape[:2]
    if top < 0 or first < 0 or bottom > height_px or last > width_px or min(bottom - top, last - first) < 2:
        return None
    grey = cv2.cvtColor(bgr[top:bottom, first:last], cv2.COLOR_BGR2GRAY)
    down = np.array((-across[1], across[0]))
    step_x, step_y = across * WIDTH / SIZE[0], down * HEIGHT / SIZE[1]
    corner = middle + DOWN * down - (first, top) - step_x * (SIZE[0] - 1) / 2 - step_y * (SIZE[1] - 1) / 2
    turn = np.column_stack((step_x, step_y, corner))
    patch = cv2.warpAffine(
        grey, turn, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    along = patch.mean(axis=0)
    return float(along.std() / max(along.mean(), 1.0))
