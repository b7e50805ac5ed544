"""Observation -> what aiming the camera needs to know: where the face is in the picture, and how the picture lies."""

from __future__ import annotations

from math import isfinite

from app.observer import Observation
from app.telemetry.status import Aim, Box
from app.vision.landmarks import Landmarks

SHARE_DIGITS = 3  # a pixel of 640 is 0.0016


def aim_of(look: Observation) -> Aim:
    """As the status tells it of one look."""
    if look.frame is None:
        return Aim(look.sight, learning=look.verdict.learning)
    height_px, width_px = look.frame.bgr.shape[:2]
    return Aim(
        sight=look.sight,
        rotate_to=look.rotate_to,
        width_px=width_px,
        height_px=height_px,
        face=None if look.face is None else box_of(look.face.landmarks, width_px, height_px),
        face_px=round(look.signals.face_width * width_px, 1) if look.signals else 0.0,
        distance_cm=look.signals.distance_cm if look.signals else None,
        learning=look.verdict.learning,
    )


def box_of(landmarks: Landmarks, width_px: int, height_px: int) -> Box | None:
    """The box around a face, as far as it is in the picture; None where nothing of it is."""
    (left, top), (right, bottom) = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    x, y = (max(0.0, float(low) / size_px) for low, size_px in ((left, width_px), (top, height_px)))
    width = min(1.0, float(right) / width_px) - x
    height = min(1.0, float(bottom) / height_px) - y
    if not (width > 0 and height > 0 and isfinite(left + top + right + bottom)):
        return None
    return Box(*(round(share, SHARE_DIGITS) for share in (x, y, width, height)))
