"""Irises -> where the eyes look, sideways."""

from __future__ import annotations

import math

import numpy as np

from app.vision.landmarks import LEFT_EYE, LEFT_IRIS, RIGHT_EYE, RIGHT_IRIS, Eye, Landmarks

# An eye is about 30 mm between its corners and its ball about 24 mm across: sin(gaze) = offset / width * 30 / 12
EYE_WIDTH_PER_RADIUS = 2.5
GAZE_GAIN = 1.6  # the mesh moves an iris too little; up and down it is no better than chance (README.md, gaze)
GAZE_MAX_DEG = 50.0  # no eye turns so far: the irises are misread, as beside a hand


def gaze_yaw(landmarks: Landmarks) -> float | None:
    """Yaw of the eyes in the head from the irises; None without irises, or where they are misread."""
    if len(landmarks) <= LEFT_IRIS:
        return None
    eyes = ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE))
    offset = sum(_iris_offset(landmarks, iris, eye) for iris, eye in eyes) / len(eyes)
    yaw_deg = GAZE_GAIN * math.degrees(math.asin(max(-1.0, min(1.0, EYE_WIDTH_PER_RADIUS * offset))))
    return yaw_deg if abs(yaw_deg) <= GAZE_MAX_DEG else None


def _iris_offset(landmarks: Landmarks, iris: int, eye: Eye) -> float:
    """How far the iris is from between the corners, in eye widths, to the driver's right."""
    left_in_picture, right_in_picture = landmarks[eye[0], :2], landmarks[eye[3], :2]
    across = right_in_picture - left_in_picture
    width_px = max(float(np.linalg.norm(across)), 1e-6)
    middle = (left_in_picture + right_in_picture) / 2
    return -float((landmarks[iris, :2] - middle) @ across) / width_px**2
