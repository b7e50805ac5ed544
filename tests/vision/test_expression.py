"""Lids, mouth and brows from exactly known landmarks and blendshapes."""

from __future__ import annotations

import pytest

from app.vision.expression import (
    ATTENTION_MESH,
    PLAIN_MESH,
    brow_down,
    eye_aspect_ratio,
    eye_blink,
    mean_ear,
    mouth_aspect_ratio,
    smile,
)
from app.vision.landmarks import LEFT_EYE, LEFT_MOUTH, LOWER_LIP, RIGHT_EYE, RIGHT_MOUTH, UPPER_LIP
from tests.support.landmarks import eye_points, face_with, scores


def test_ear_is_the_opening_of_the_lids_over_the_width_of_the_eye() -> None:
    landmarks = face_with(eye_points(RIGHT_EYE, 50, 9))
    assert eye_aspect_ratio(landmarks, RIGHT_EYE) == pytest.approx(0.3)
    assert eye_aspect_ratio(landmarks, LEFT_EYE) == 0  # no width at all: no crash


def test_mar_is_the_lips_opening_over_the_mouths_width() -> None:
    lips = {UPPER_LIP: (0.0, -10.0), LOWER_LIP: (0.0, 10.0), RIGHT_MOUTH: (-20.0, 0.0), LEFT_MOUTH: (20.0, 0.0)}
    assert mouth_aspect_ratio(face_with(lips)) == pytest.approx(0.5)
    assert mouth_aspect_ratio(face_with({})) == 0


def test_mean_ear_is_the_mean_of_both_eyes() -> None:
    assert mean_ear(face_with(eye_points(RIGHT_EYE, 50, 3) | eye_points(LEFT_EYE, 150, 9))) == pytest.approx(0.2)


@pytest.mark.parametrize("score", (0.0, 0.3, 0.7, 1.0))
def test_two_equal_blink_scores_give_that_score(score: float) -> None:
    assert eye_blink(scores(right_blink=score, left_blink=score), ATTENTION_MESH) == pytest.approx(score)


def test_lower_of_two_blink_scores_counts_more() -> None:
    wink, other = (eye_blink(scores(**{eye: 0.8}), ATTENTION_MESH) for eye in ("right_blink", "left_blink"))
    assert wink == pytest.approx(other)
    assert 0 < wink < 0.3
    misread = eye_blink(scores(right_blink=0.7, left_blink=0.5), ATTENTION_MESH)
    assert 0.5 < misread < 0.6


def test_blink_score_of_the_plain_mesh_is_corrected_up_to_one() -> None:
    lids = scores(right_blink=0.4, left_blink=0.4)
    assert eye_blink(lids, PLAIN_MESH) == pytest.approx(PLAIN_MESH.blink_gain * 0.4)
    assert PLAIN_MESH.blink_gain > 1 == ATTENTION_MESH.blink_gain
    assert eye_blink(scores(right_blink=0.9, left_blink=0.9), PLAIN_MESH) == 1


def test_smile_and_frown_are_the_mean_of_both_sides() -> None:
    assert smile(scores(right_smile=0.8, left_smile=0.4)) == pytest.approx(0.6)
    assert brow_down(scores(right_brow=0.2, left_brow=0.6)) == pytest.approx(0.4)
