"""Signals measured from one face; garbage gives None and never an error."""

from __future__ import annotations

import math
from dataclasses import fields
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from app.events import State
from app.vision.expression import ATTENTION_MESH, PLAIN_MESH
from app.vision.face import Face
from app.vision.head_pose import PITCH_GAIN, PITCH_OFFSET_DEG, Pose
from app.vision.landmarks import LEFT_EAR, RIGHT_EAR, WRIST, Landmarks
from app.vision.measurements import Signals
from app.vision.measuring import CONFIDENCE_MIN, hand_at_ear, measure
from tests.support.landmarks import FOV_DEG, SIZE, face_with, projected, scores


def spread(seed: int, scale: float, columns: int) -> Landmarks:
    return (np.random.default_rng(seed).normal(120, scale, (columns, 3))).astype(np.float32)


GARBAGE: tuple[Landmarks, ...] = (
    np.zeros((468, 3), np.float32),
    np.full((478, 3), 100, np.float32),
    np.linspace(0, 200, 468, dtype=np.float32)[:, None].repeat(3, axis=1),
    np.full((468, 3), 1e6, np.float32),
    np.where(np.arange(468)[:, None] % 2, 0, 200).astype(np.float32) * np.ones(3, np.float32),
    -projected(Pose(0, 0, 0)),
    projected(Pose(0, 0, 0)) * 1e-4,
    *(spread(seed, scale, columns) for seed, scale, columns in product((1, 2), (0.01, 1, 60, 1e5), (468, 478))),
)


@pytest.mark.parametrize("landmarks", GARBAGE)
def test_garbage_landmarks_give_finite_signals_or_none(landmarks: Landmarks) -> None:
    for reading in (PLAIN_MESH, ATTENTION_MESH):
        seen = measure(Face(landmarks, 1.0, hands=(landmarks[:21],)), SIZE, FOV_DEG, reading, sees_hands=True)
        parts = [getattr(seen, field.name) for field in fields(Signals)]
        assert all(math.isfinite(part) for part in parts if part is not None and part is not State.LOOKING_AWAY)
        assert 0 <= seen.confidence <= 1


@pytest.mark.parametrize(("presence", "has_pose"), [(0.98, False), (0.998, True)])  # empty seats, real faces
def test_a_mesh_that_is_unsure_of_a_face_gives_lids_and_no_pose(presence: float, has_pose: bool) -> None:
    face = Face(projected(Pose(12, -10, 5)), presence, blendshapes=scores(right_blink=0.7, left_blink=0.7))
    seen = measure(face, SIZE, FOV_DEG, PLAIN_MESH)
    assert [part is not None for part in (seen.yaw_deg, seen.pitch_deg, seen.roll_deg)] == [has_pose] * 3
    assert seen.eye_blink is not None and seen.presence == presence


@pytest.mark.parametrize(
    ("yaw_deg", "roll_deg", "presence", "is_away"),
    [(60, 0, 1.0, True), (-60, 0, 1.0, True), (60, 0, 0.98, False), (60, 70, 1.0, False), (45, 0, 1.0, False)],
)
def test_head_turned_too_far_to_be_measured_looks_away(
    yaw_deg: float, roll_deg: float, presence: float, is_away: bool
) -> None:
    seen = measure(Face(projected(Pose(yaw_deg, 0, roll_deg)), presence), SIZE, FOV_DEG, ATTENTION_MESH)
    assert seen.detected_only is (State.LOOKING_AWAY if is_away else None)


@pytest.mark.parametrize("roll_deg", (90, -90, 180, 61, -61))
def test_head_on_its_side_or_upside_down_has_no_pose(roll_deg: float) -> None:
    seen = measure(Face(projected(Pose(0, 0, roll_deg)), 1.0), SIZE, FOV_DEG, PLAIN_MESH)
    assert seen.confidence == 0
    assert (seen.yaw_deg, seen.pitch_deg, seen.roll_deg, seen.ear, seen.mar) == (None,) * 5
    assert (seen.eye_blink, seen.eyes_hidden, seen.gaze_yaw_deg) == (None,) * 3


def test_pitch_and_yaw_are_corrected_and_roll_is_not() -> None:
    seen = measure(Face(projected(Pose(12, -10, 5)), 1.0), SIZE, FOV_DEG, PLAIN_MESH)
    assert seen.pitch_deg == pytest.approx(-10 * PITCH_GAIN + PITCH_OFFSET_DEG, abs=0.2)
    assert seen.yaw_deg == pytest.approx(1.1 * 12, abs=0.2)
    assert seen.roll_deg == pytest.approx(5, abs=0.2)


def test_pose_of_low_confidence_is_none() -> None:
    seen = measure(Face(projected(Pose(0, 0, 0)), CONFIDENCE_MIN / 2), SIZE, FOV_DEG, PLAIN_MESH)
    assert seen.yaw_deg is None
    assert seen.face_width > 0  # where the face is remains known


def test_without_blendshapes_lids_and_brows_are_none() -> None:
    seen = measure(Face(projected(Pose(0, 0, 0)), 1.0), SIZE, FOV_DEG, ATTENTION_MESH)
    assert seen.yaw_deg is not None
    assert (seen.eye_blink, seen.brow_down, seen.smile) == (None, None, None)
    face = Face(projected(Pose(0, 0, 0)), 1.0, scores(right_blink=0.7, left_blink=0.7, right_brow=1, left_smile=1))
    seen = measure(face, SIZE, FOV_DEG, ATTENTION_MESH)
    assert seen.eye_blink == pytest.approx(0.7)
    assert (seen.brow_down, seen.smile) == (0.5, 0.5)


@pytest.mark.parametrize(("away_px", "is_at_ear"), [(10, True), (60, False)])
def test_a_hand_is_at_the_ear_within_half_a_face(away_px: float, is_at_ear: bool) -> None:
    landmarks = face_with({RIGHT_EAR: (100, 100), LEFT_EAR: (200, 100)})
    hand = np.full((21, 3), (200 + away_px, 100, 0), np.float32)
    assert hand_at_ear(Face(landmarks, 1, hands=(hand,)), 100) is is_at_ear
    assert hand_at_ear(Face(landmarks, 1), 100) is False


@pytest.mark.parametrize(("wrist_x", "is_at_ear"), [(100, True), (125, False), (150, False), (175, False), (215, True)])
def test_hand_at_the_ear_needs_the_wrist_beside_the_face(wrist_x: float, is_at_ear: bool) -> None:
    landmarks = face_with({RIGHT_EAR: (100, 100), LEFT_EAR: (200, 100)})
    hand = np.full((21, 3), (195, 110, 0), np.float32)
    hand[WRIST, :2] = wrist_x, 160
    assert hand_at_ear(Face(landmarks, 1, hands=(hand,)), 100) is is_at_ear


def test_face_place_and_width_are_shares_of_the_picture() -> None:
    landmarks: npt.NDArray[np.float32] = projected(Pose(0, 0, 0), 60)
    landmarks[landmarks[:, 0] == 0] = landmarks[4]
    seen = measure(Face(landmarks, 1.0), SIZE, FOV_DEG, PLAIN_MESH)
    assert seen.face_x == pytest.approx(0.5, abs=0.01)
    assert seen.face_width == pytest.approx(2 * 7.66 / 62.4, abs=0.01)
