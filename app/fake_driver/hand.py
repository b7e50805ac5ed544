"""A hand that holds a phone to the ear; it is drawn, but MediaPipe's hand model accepts it."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from app.fake_driver.mesh import Floats, floats

Mask = npt.NDArray[np.uint8]

PALM_CM = 8.5  # from the wrist to the knuckle of the middle finger
SMOOTH = 3  # drawn this many times larger
SKIN_BGR = floats((122, 152, 198))
PHONE_BGR = (30, 27, 26)
LEAN_DEG = -24.0
FROM_EAR_PALMS = (0.62, 0.85)  # of the wrist: to the side and down
# Joints of a left hand whose palm is seen, numbered as MediaPipe's hand landmarks; the palm's length is the unit, the
# wrist the origin, y down
JOINTS = floats(
    [
        *[(0, 0), (-0.28, -0.18), (-0.5, -0.42), (-0.62, -0.64), (-0.68, -0.84)],
        *[(-0.26, -0.92), (-0.33, -1.24), (-0.36, -1.44), (-0.38, -1.6)],
        *[(-0.04, -0.97), (-0.05, -1.34), (-0.05, -1.57), (-0.05, -1.75)],
        *[(0.16, -0.93), (0.2, -1.26), (0.22, -1.46), (0.23, -1.62)],
        *[(0.34, -0.82), (0.43, -1.06), (0.48, -1.2), (0.52, -1.33)],
    ]
)
FINGERS = ((17, 18, 19, 20), (13, 14, 15, 16), (9, 10, 11, 12), (5, 6, 7, 8), (1, 2, 3, 4))  # the thumb on top
WIDTHS = (0.24, 0.19, 0.15)  # of the bones from the knuckle to the tip
PALM = floats([(-0.22, 0.05), (0.22, 0.05), (0.44, -0.8), (0.18, -0.98), (-0.04, -1.02), (-0.34, -0.94), (-0.5, -0.42)])
ARM = floats([(-0.22, 0), (0.22, 0), (0.3, 1.8), (-0.3, 1.8)])
PHONE = floats([(-0.62, -1.7), (-0.12, -1.78), (0.0, 0.12), (-0.5, 0.2)])


def draw_phone_at_ear(picture: Floats, ear_px: tuple[float, float], px_per_cm: float) -> None:
    """Draw hand and phone into the picture, at the ear on the picture's right."""
    size = SMOOTH * PALM_CM * px_per_cm
    lean = np.radians(LEAN_DEG)
    turn = floats([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    wrist = floats(ear_px) * SMOOTH + floats(FROM_EAR_PALMS) * size
    large = floats(cv2.resize(picture, None, fx=SMOOTH, fy=SMOOTH))

    def pixels(points: Floats) -> npt.NDArray[np.int32]:
        return np.round(points @ turn.T * size + wrist).astype(np.int32)

    def shape() -> Mask:
        return np.zeros(large.shape[:2], np.uint8)

    cv2.fillConvexPoly(large, pixels(PHONE), PHONE_BGR, cv2.LINE_AA)
    for outline in (ARM, PALM):
        mask = shape()
        cv2.fillConvexPoly(mask, cv2.convexHull(pixels(outline)), 255)
        _shade(large, mask, 0.72)
    joints = pixels(JOINTS)
    for finger in FINGERS:
        mask = shape()
        for (start, end), width in zip(pairwise(finger), WIDTHS, strict=True):
            cv2.line(mask, joints[start].tolist(), joints[end].tolist(), 255, max(1, round(width * size)))
        _shade(large, mask, 0.6)
    picture[:] = cv2.resize(large, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_AREA)


def _shade(large: Floats, mask: Mask, edge: float) -> None:
    """Paint the mask in skin, this much darker at its edge, as a round thing is."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    light = edge + (1 - edge) * np.sqrt(inside / max(float(inside.max()), 1e-6))
    opacity = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None] / np.float32(255)
    large += opacity * (light[..., None] * SKIN_BGR - large)
