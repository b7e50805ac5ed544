"""Geometry on landmarks that are exactly known, and head pose on rendered drivers."""

from __future__ import annotations

import math
from dataclasses import fields
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events import State
from app.fake_driver.render import Renderer, rotation_of_pose
from app.fake_driver.scene import Scene
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
from app.vision.face import ATTENTION_MESH, IRIS_START, PLAIN_MESH, Face, FaceMesh, Landmarks
from app.vision.measurements import Signals
from app.vision.regions import ROI_SCALE, Region
from app.vision.signals import (
    CANONICAL_CM,
    CONFIDENCE_MIN,
    LEFT_EAR,
    LEFT_EYE,
    LEFT_IRIS,
    LEFT_MOUTH,
    LOWER_LIP,
    PITCH_GAIN,
    PITCH_OFFSET_DEG,
    RIGHT_EAR,
    RIGHT_EYE,
    RIGHT_IRIS,
    RIGHT_MOUTH,
    RIGID_INDICES,
    UPPER_LIP,
    WRIST,
    Pose,
    brow_down,
    camera_matrix,
    detected_only,
    eye_aspect_ratio,
    eye_blink,
    gaze_yaw,
    hand_at_ear,
    head_pose,
    mean_ear,
    measure,
    mouth_aspect_ratio,
    pose_confidence,
    smile,
)

SIZE = (320, 240)
FOV_DEG = 53.13
CAMERA = camera_matrix(*SIZE, FOV_DEG)
MAE_MAX_DEG = 4.0


def projected(pose: Pose, distance_cm: float = 60, x_cm: float = 0, y_cm: float = 0) -> Landmarks:
    """Landmarks of the canonical face turned so, as a pinhole camera sees its rigid points."""
    turned = CANONICAL_CM @ rotation_of_pose(pose.yaw_deg, pose.pitch_deg, pose.roll_deg).T.astype(np.float64)
    x, y, z = np.add(turned, (x_cm, y_cm, -distance_cm)).T
    landmarks = np.zeros((IRIS_START, 3), np.float32)
    landmarks[RIGID_INDICES, 0] = CAMERA[0, 2] + CAMERA[0, 0] * x / -z
    landmarks[RIGID_INDICES, 1] = CAMERA[1, 2] - CAMERA[1, 1] * y / -z
    return landmarks


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
def test_any_pose_is_read_exactly_from_exact_landmarks(
    pose: Pose, distance_cm: float, x_cm: float, y_cm: float
) -> None:
    seen = angles(head_pose(projected(pose, distance_cm, x_cm, y_cm), CAMERA))
    np.testing.assert_allclose(seen, angles(pose), atol=0.5)


def test_53_degrees_across_make_the_focal_length_the_width() -> None:
    np.testing.assert_allclose(CAMERA, [[320, 0, 160], [0, 320, 120], [0, 0, 1]], atol=0.05)


@pytest.mark.parametrize(
    ("pose", "point", "axis", "sign"),
    [
        (Pose(20, 0, 0), 4, 0, -1),  # the nose goes to the driver's right, left in the picture
        (Pose(0, 20, 0), 4, 1, -1),  # up
        (Pose(0, 0, 20), 10, 0, -1),  # the forehead goes towards the right shoulder
    ],
)
def test_signs_are_the_drivers(pose: Pose, point: int, axis: int, sign: int) -> None:
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


def test_a_turned_head_is_read_as_turned_to_the_same_side(renderers: tuple[Renderer, ...]) -> None:
    poses = (Pose(25, 0, 0), Pose(-25, 0, 0), Pose(0, 15, 0), Pose(0, -20, 0), Pose(0, 0, 20), Pose(0, 0, -20))
    with FaceMesh("lite") as mesh:
        for pose in poses:
            face = mesh.find(renderers[0].picture(Scene(0, pose.yaw_deg, pose.pitch_deg, pose.roll_deg)))
            assert face is not None
            np.testing.assert_allclose(angles(head_pose(face.landmarks, CAMERA)), angles(pose), atol=8)


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
def test_garbage_is_never_a_crash_and_never_nan(landmarks: Landmarks) -> None:
    for reading in (PLAIN_MESH, ATTENTION_MESH):
        seen = measure(Face(landmarks, 1.0, hands=(landmarks[:21],)), SIZE, FOV_DEG, reading, sees_hands=True)
        parts = [getattr(seen, field.name) for field in fields(Signals)]
        assert all(math.isfinite(part) for part in parts if part is not None)
        assert 0 <= seen.confidence <= 1


@pytest.mark.parametrize("roll_deg", (90, -90, 180, 61, -61))
def test_a_lying_or_hanging_head_has_no_pose(roll_deg: float) -> None:
    seen = measure(Face(projected(Pose(0, 0, roll_deg)), 1.0), SIZE, FOV_DEG, PLAIN_MESH)
    assert seen.confidence == 0
    assert (seen.yaw_deg, seen.pitch_deg, seen.roll_deg, seen.ear, seen.mar) == (None,) * 5
    assert (seen.eye_blink, seen.eyes_hidden, seen.gaze_yaw_deg) == (None,) * 3


def test_pitch_and_yaw_are_told_as_of_real_faces_and_roll_as_it_is_read() -> None:
    seen = measure(Face(projected(Pose(12, -10, 5)), 1.0), SIZE, FOV_DEG, PLAIN_MESH)
    assert seen.pitch_deg == pytest.approx(-10 * PITCH_GAIN + PITCH_OFFSET_DEG, abs=0.2)
    assert seen.yaw_deg == pytest.approx(1.1 * 12, abs=0.2)
    assert seen.roll_deg == pytest.approx(5, abs=0.2)


def test_confidence_falls_with_turn_size_presence_and_what_is_cut_off() -> None:
    ahead = Pose(0, 0, 0)
    assert pose_confidence(ahead, 80, 1, 1) == 1
    assert pose_confidence(ahead, 80, 0.7, 1) == pytest.approx(0.7)
    sure, less, lost = (pose_confidence(Pose(yaw, 0, 0), 80, 1, 1) for yaw in (-30, -60, -80))
    assert sure == 1 > less > lost == 0
    sure, less, lost = (pose_confidence(ahead, width, 1, 1) for width in (50, 30, 15))
    assert sure == 1 > less > lost == 0
    assert pose_confidence(ahead, 80, 1, 0.85) == 0
    assert pose_confidence(Pose(0, 0, 70), 80, 1, 1) == 0


def test_a_pose_that_is_hardly_believed_is_not_told() -> None:
    seen = measure(Face(projected(Pose(0, 0, 0)), CONFIDENCE_MIN / 2), SIZE, FOV_DEG, PLAIN_MESH)
    assert seen.yaw_deg is None
    assert seen.face_width > 0  # where the face is remains known


def face_with(points: dict[int, tuple[float, float]], columns: int = 478) -> Landmarks:
    landmarks = np.zeros((columns, 3), np.float32)
    for index, point in points.items():
        landmarks[index, :2] = point
    return landmarks


def eye_points(eye: tuple[int, int, int, int, int, int], x: float, opening: float) -> dict[int, tuple[float, float]]:
    """An eye 30 wide, from its corner on the picture's left on, with lids so far apart."""
    at = ((0, 0), (10, -opening / 2), (20, -opening / 2), (30, 0), (20, opening / 2), (10, opening / 2))
    return {index: (x + dx, 100 + dy) for index, (dx, dy) in zip(eye, at, strict=True)}


def test_ear_is_the_lids_opening_over_the_eyes_width() -> None:
    landmarks = face_with(eye_points(RIGHT_EYE, 50, 9))
    assert eye_aspect_ratio(landmarks, RIGHT_EYE) == pytest.approx(0.3)
    assert eye_aspect_ratio(landmarks, LEFT_EYE) == 0  # no width at all: no crash


def test_mar_is_the_lips_opening_over_the_mouths_width() -> None:
    lips = {UPPER_LIP: (0.0, -10.0), LOWER_LIP: (0.0, 10.0), RIGHT_MOUTH: (-20.0, 0.0), LEFT_MOUTH: (20.0, 0.0)}
    assert mouth_aspect_ratio(face_with(lips)) == pytest.approx(0.5)
    assert mouth_aspect_ratio(face_with({})) == 0


def test_the_ear_that_is_shown_is_that_of_both_eyes() -> None:
    assert mean_ear(face_with(eye_points(RIGHT_EYE, 50, 3) | eye_points(LEFT_EYE, 150, 9))) == pytest.approx(0.2)


def scores(**at: float) -> Scores:
    """All zero but these: `left_blink` and so on."""
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


@pytest.mark.parametrize("score", (0.0, 0.3, 0.7, 1.0))
def test_lids_that_both_do_the_same_score_what_each_scores(score: float) -> None:
    assert eye_blink(scores(right_blink=score, left_blink=score), ATTENTION_MESH) == pytest.approx(score)


def test_a_wink_and_one_lid_that_the_mesh_misses_are_nearer_to_what_the_opener_eye_shows() -> None:
    wink, other = (eye_blink(scores(**{eye: 0.8}), ATTENTION_MESH) for eye in ("right_blink", "left_blink"))
    assert wink == pytest.approx(other)
    assert 0 < wink < 0.3
    misread = eye_blink(scores(right_blink=0.7, left_blink=0.5), ATTENTION_MESH)
    assert 0.5 < misread < 0.6


def test_the_plain_mesh_shuts_lids_less_far_and_is_read_so_and_never_above_one() -> None:
    lids = scores(right_blink=0.4, left_blink=0.4)
    assert eye_blink(lids, PLAIN_MESH) == pytest.approx(PLAIN_MESH.blink_gain * 0.4)
    assert PLAIN_MESH.blink_gain > 1 == ATTENTION_MESH.blink_gain
    assert eye_blink(scores(right_blink=0.9, left_blink=0.9), PLAIN_MESH) == 1


def test_smile_and_frown_are_those_of_both_sides() -> None:
    assert smile(scores(right_smile=0.8, left_smile=0.4)) == pytest.approx(0.6)
    assert brow_down(scores(right_brow=0.2, left_brow=0.6)) == pytest.approx(0.4)


def test_a_face_without_blendshapes_says_nothing_of_lids_and_brows() -> None:
    seen = measure(Face(projected(Pose(0, 0, 0)), 1.0), SIZE, FOV_DEG, ATTENTION_MESH)
    assert seen.yaw_deg is not None
    assert (seen.eye_blink, seen.brow_down, seen.smile) == (None, None, None)
    face = Face(projected(Pose(0, 0, 0)), 1.0, scores(right_blink=0.7, left_blink=0.7, right_brow=1, left_smile=1))
    seen = measure(face, SIZE, FOV_DEG, ATTENTION_MESH)
    assert seen.eye_blink == pytest.approx(0.7)
    assert (seen.brow_down, seen.smile) == (0.5, 0.5)


def irises(right_px: float) -> Landmarks:
    """Both irises this far from between the corners, in the picture."""
    points = eye_points(RIGHT_EYE, 50, 9) | eye_points(LEFT_EYE, 150, 9)
    return face_with(points | {RIGHT_IRIS: (65 + right_px, 100), LEFT_IRIS: (165 + right_px, 100)})


def test_gaze_is_the_arc_sine_of_the_iris_offset_over_the_balls_radius_times_what_the_mesh_loses() -> None:
    half = 30 / 2.5 / 2  # half the ball's radius in an eye 30 wide: 30 degrees, of which the mesh shows 1 of 1.6
    for right_px, expected_deg in ((0, 0), (-half, 1.6 * 30), (half, -1.6 * 30)):
        assert gaze_yaw(irises(right_px)) == pytest.approx(expected_deg, abs=0.01)


def test_gaze_is_unknown_without_irises_and_where_no_eye_turns_so_far() -> None:
    assert gaze_yaw(irises(0)[:IRIS_START]) is None
    assert gaze_yaw(irises(9)) is None  # sin 0.75 is 48.6 degrees, of which the mesh would show 1 of 1.6


@pytest.mark.parametrize(("away_px", "is_at_ear"), [(10, True), (60, False)])
def test_a_hand_is_at_the_ear_within_half_a_face(away_px: float, is_at_ear: bool) -> None:
    landmarks = face_with({RIGHT_EAR: (100, 100), LEFT_EAR: (200, 100)})
    hand = np.full((21, 3), (200 + away_px, 100, 0), np.float32)
    assert hand_at_ear(Face(landmarks, 1, hands=(hand,)), 100) is is_at_ear
    assert hand_at_ear(Face(landmarks, 1), 100) is False


@pytest.mark.parametrize(("wrist_x", "is_at_ear"), [(100, True), (125, False), (150, False), (175, False), (215, True)])
def test_a_hand_before_the_face_is_at_no_ear(wrist_x: float, is_at_ear: bool) -> None:
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


def region(nose: tuple[float, float], mouth: tuple[float, float] = (160, 130), width_px: float = 80) -> Region:
    """A face whose eyes are at 145 and 175, nose and mouth where they are said."""
    keypoints = np.array([(145, 100), (175, 100), nose, mouth], np.float32)
    return Region(160, 110, ROI_SCALE * width_px, 0.0, 0.9, keypoints)


@pytest.mark.parametrize(
    ("nose", "turned"),
    [
        ((160, 120), None),
        ((175, 115), State.LOOKING_AWAY),
        ((144, 115), State.LOOKING_AWAY),
        ((161, 126), State.LOOKING_DOWN),
    ],
)
def test_a_glimpsed_face_says_where_it_is_turned(nose: tuple[float, float], turned: State | None) -> None:
    seen = detected_only(region(nose), (320, 240))
    assert (seen and seen.detected_only) == turned
    if seen:
        assert seen.yaw_deg is None
        assert seen.face_x == 0.5
        assert seen.face_width == pytest.approx(0.25, abs=0.03)


def test_points_all_in_one_place_say_nothing() -> None:
    heap = Region(1, 1, 1, 0.0, 0.9, np.zeros((4, 2), np.float32))
    assert detected_only(heap, (320, 240)) is None
    assert detected_only(Region(1, 1, 1, 0.0), (320, 240)) is None
