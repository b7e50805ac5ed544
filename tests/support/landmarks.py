"""Landmarks and blendshapes with known values."""

from __future__ import annotations

import numpy as np

from app.fake_driver.render import rotation_of_pose
from app.vision.blendshapes import (
    BROW_DOWN_LEFT,
    BROW_DOWN_RIGHT,
    COUNT,
    EYE_BLINK_LEFT,
    EYE_BLINK_RIGHT,
    MOUTH_SMILE_LEFT,
    MOUTH_SMILE_RIGHT,
    Scores,
)
from app.vision.head_pose import (
    CANONICAL_CM,
    RIGID_INDICES,
    Pose,
    camera_matrix,
)
from app.vision.landmarks import (
    IRIS_START,
    Landmarks,
)

SIZE = (320, 240)
FOV_DEG = 53.13
CAMERA = camera_matrix(*SIZE, FOV_DEG)


def projected(pose: Pose, distance_cm: float = 60, x_cm: float = 0, y_cm: float = 0) -> Landmarks:
    """Landmarks of the canonical face in this pose, as a pinhole camera sees its rigid points."""
    turned = CANONICAL_CM @ rotation_of_pose(pose.yaw_deg, pose.pitch_deg, pose.roll_deg).T.astype(np.float64)
    x, y, z = np.add(turned, (x_cm, y_cm, -distance_cm)).T
    landmarks = np.zeros((IRIS_START, 3), np.float32)
    landmarks[RIGID_INDICES, 0] = CAMERA[0, 2] + CAMERA[0, 0] * x / -z
    landmarks[RIGID_INDICES, 1] = CAMERA[1, 2] - CAMERA[1, 1] * y / -z
    return landmarks


def face_with(points: dict[int, tuple[float, float]], columns: int = 478) -> Landmarks:
    landmarks = np.zeros((columns, 3), np.float32)
    for index, point in points.items():
        landmarks[index, :2] = point
    return landmarks


def eye_points(eye: tuple[int, int, int, int, int, int], x: float, opening: float) -> dict[int, tuple[float, float]]:
    """The points of an eye 30 px wide from x on, with lids `opening` px apart."""
    at = ((0, 0), (10, -opening / 2), (20, -opening / 2), (30, 0), (20, opening / 2), (10, opening / 2))
    return {index: (x + dx, 100 + dy) for index, (dx, dy) in zip(eye, at, strict=True)}


def scores(**at: float) -> Scores:
    """Blendshape scores, zero except the given ones, such as `left_blink`."""
    places = {
        "right_blink": EYE_BLINK_RIGHT,
        "left_blink": EYE_BLINK_LEFT,
        "right_smile": MOUTH_SMILE_RIGHT,
        "left_smile": MOUTH_SMILE_LEFT,
        "right_brow": BROW_DOWN_RIGHT,
        "left_brow": BROW_DOWN_LEFT,
    }
    made = np.zeros(COUNT, np.float32)
    for name, score in at.items():
        made[places[name]] = score
    return made
