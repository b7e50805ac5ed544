"""Gaze from irises at exactly known places."""

from __future__ import annotations

import pytest

from app.vision.gaze import gaze_yaw
from app.vision.landmarks import IRIS_START, LEFT_EYE, LEFT_IRIS, RIGHT_EYE, RIGHT_IRIS, Landmarks
from tests.support.landmarks import eye_points, face_with


def irises(right_px: float) -> Landmarks:
    """A face whose irises are this far to the right of the middle between the corners of the eyes."""
    points = eye_points(RIGHT_EYE, 50, 9) | eye_points(LEFT_EYE, 150, 9)
    return face_with(points | {RIGHT_IRIS: (65 + right_px, 100), LEFT_IRIS: (165 + right_px, 100)})


def test_gaze_is_the_arc_sine_of_the_iris_offset_times_the_gain() -> None:
    half = 30 / 2.5 / 2  # half the ball's radius in an eye 30 wide: 30 degrees, of which the mesh shows 1 of 1.6
    for right_px, expected_deg in ((0, 0), (-half, 1.6 * 30), (half, -1.6 * 30)):
        assert gaze_yaw(irises(right_px)) == pytest.approx(expected_deg, abs=0.01)


def test_gaze_is_none_without_irises_and_beyond_an_eyes_range() -> None:
    assert gaze_yaw(irises(0)[:IRIS_START]) is None
    assert gaze_yaw(irises(9)) is None  # sin 0.75 is 48.6 degrees, of which the mesh would show 1 of 1.6
