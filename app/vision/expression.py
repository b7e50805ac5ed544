"""Landmarks and blendshapes -> how far the lids are shut, the mouth open, the brows down, and the smile."""

from __future__ import annotations

from dataclasses import dataclass

from app.vision.blendshapes import (
    BROW_DOWN_LEFT,
    BROW_DOWN_RIGHT,
    EYE_BLINK_LEFT,
    EYE_BLINK_RIGHT,
    MOUTH_SMILE_LEFT,
    MOUTH_SMILE_RIGHT,
    Scores,
)
from app.vision.landmarks import (
    LEFT_EYE,
    LEFT_MOUTH,
    LOWER_LIP,
    RIGHT_EYE,
    RIGHT_MOUTH,
    UPPER_LIP,
    Eye,
    Landmarks,
    distance,
)

MAR_AT_REST = 0.2  # both meshes read the fake driver's smile as this
# Of the two blink scores the lower counts so much: sleep shuts both lids, while a wink, glare on one lens or the far
# eye of a turned head shuts one
LOWER_BLINK = 0.75


@dataclass(frozen=True, slots=True)
class MeshCalibration:
    """How many times less than the attention mesh a mesh sees a mouth open and lids shut."""

    mar_gain: float
    blink_gain: float


# Measured on the fake driver (mouth) and on real open eyes (lids); README.md, eyes and mouth
PLAIN_MESH, ATTENTION_MESH = MeshCalibration(1.47, 1.45), MeshCalibration(1.0, 1.0)


def eye_aspect_ratio(landmarks: Landmarks, eye: Eye) -> float:
    """EAR of one eye in the mesh's three dimensions, so that turning the head changes it little.

    Source: Soukupová and Čech 2016, eq. 1.
    """
    p1, p2, p3, p4, p5, p6 = eye
    across = distance(landmarks, p1, p4)
    return (distance(landmarks, p2, p6) + distance(landmarks, p3, p5)) / (2 * across) if across > 0 else 0.0


def mouth_aspect_ratio(landmarks: Landmarks) -> float:
    """Opening of the inner lips over the width of the mouth."""
    across = distance(landmarks, RIGHT_MOUTH, LEFT_MOUTH)
    return distance(landmarks, UPPER_LIP, LOWER_LIP) / across if across > 0 else 0.0


def driver_mar(landmarks: Landmarks, calibration: MeshCalibration) -> float:
    """MAR as the attention mesh reads it."""
    return max(0.0, MAR_AT_REST + calibration.mar_gain * (mouth_aspect_ratio(landmarks) - MAR_AT_REST))


def mean_ear(landmarks: Landmarks) -> float:
    """EAR of both eyes."""
    return (eye_aspect_ratio(landmarks, RIGHT_EYE) + eye_aspect_ratio(landmarks, LEFT_EYE)) / 2


def eye_blink(blendshapes: Scores, calibration: MeshCalibration) -> float:
    """How far both lids are shut, 0 open to 1 shut, as the attention mesh reads it."""
    lower, upper = sorted((float(blendshapes[EYE_BLINK_LEFT]), float(blendshapes[EYE_BLINK_RIGHT])))
    return min(1.0, calibration.blink_gain * (LOWER_BLINK * lower + (1 - LOWER_BLINK) * upper))


def smile(blendshapes: Scores) -> float:
    """How far the mouth smiles, 0..1; a smile narrows eyes that are awake."""
    return float(blendshapes[MOUTH_SMILE_LEFT] + blendshapes[MOUTH_SMILE_RIGHT]) / 2


def brow_down(blendshapes: Scores) -> float:
    """How far the brows are drawn down, 0..1; a driver who frowns is awake."""
    return float(blendshapes[BROW_DOWN_LEFT] + blendshapes[BROW_DOWN_RIGHT]) / 2
