"""Head pose from landmarks that are exactly known, and on rendered drivers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.face import FaceMesh
from app.vision.head_pose import Pose, head_pose, pose_confidence
from tests.support.landmarks import CAMERA, SIZE, projected

MAE_MAX_DEG = 4.0


def angles(pose: Pose | None) -> list[float]:
    assert pose is not None
    return [pose.yaw_deg, pose.pitch_deg, pose.roll_deg]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.builds(Pose, st.floats(-85, 85), st.floats(-80, 80), st.floats(-175, 175)),
    st.floats(35, 120),
    st.floats(-15, 15),
    st.floats(-10, 10),
)
def test_pose_is_read_exactly_from_exact_landmarks(pose: Pose, distance_cm: float, x_cm: float, y_cm: float) -> None:
    seen = angles(head_pose(projected(pose, distance_cm, x_cm, y_cm), CAMERA))
    np.testing.assert_allclose(seen, angles(pose), atol=0.5)


def test_field_of_view_of_53_degrees_has_a_focal_length_of_the_width() -> None:
    np.testing.assert_allclose(CAMERA, [[320, 0, 160], [0, 320, 120], [0, 0, 1]], atol=0.05)


@pytest.mark.parametrize(
    ("pose", "point", "axis", "sign"),
    [
        (Pose(20, 0, 0), 4, 0, -1),  # the nose goes to the driver's right, left in the picture
        (Pose(0, 20, 0), 4, 1, -1),  # up
        (Pose(0, 0, 20), 10, 0, -1),  # the forehead goes towards the right shoulder
    ],
)
def test_positive_angles_are_the_drivers_right_up_and_right_shoulder(
    pose: Pose, point: int, axis: int, sign: int
) -> None:
    moved = projected(pose)[point, axis] - projected(Pose(0, 0, 0))[point, axis]
    assert moved * sign > 5


@pytest.fixture(scope="module")
def renderers() -> tuple[Renderer, ...]:
    return tuple(Renderer(*SIZE, seed) for seed in (1, 2, 3))


@pytest.mark.parametrize("model", ("lite", "standard"))
def test_rendered_heads_are_read_within_four_degrees(model: str, renderers: tuple[Renderer, ...]) -> None:
    errors_deg = []
    with FaceMesh(model) as mesh:
        for number, (yaw_deg, pitch_deg) in enumerate(product((-30, -15, 0, 15, 30), (-15, 0, 15))):
            roll_deg = (-10, 10, 0, 5)[number % 4]
            scene = Scene(number, yaw_deg, pitch_deg, roll_deg, distance_cm=48 + number % 5 * 6)
            mesh.reset()
            face = mesh.find(renderers[number % 3].picture(scene))
            assert face is not None
            seen = angles(head_pose(face.landmarks, CAMERA))
            errors_deg.append(np.subtract(seen, (yaw_deg, pitch_deg, roll_deg)))
    assert (np.abs(errors_deg).mean(axis=0) < MAE_MAX_DEG).all()  # measured: yaw 2.6, pitch 2.8, roll 1.4


def test_confidence_falls_with_turn_size_presence_and_cut_off_share() -> None:
    ahead = Pose(0, 0, 0)
    assert pose_confidence(ahead, 80, 1, 1) == 1
    assert pose_confidence(ahead, 80, 0.7, 1) == pytest.approx(0.7)
    sure, less, lost = (pose_confidence(Pose(yaw, 0, 0), 80, 1, 1) for yaw in (-30, -60, -80))
    assert sure == 1 > less > lost == 0
    sure, less, lost = (pose_confidence(ahead, width, 1, 1) for width in (50, 30, 15))
    assert sure == 1 > less > lost == 0
    assert pose_confidence(ahead, 80, 1, 0.85) == 0
    assert pose_confidence(Pose(0, 0, 70), 80, 1, 1) == 0
