"""A face is tracked from frame to frame, and forgotten when it is lost."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import numpy as np
import numpy.typing as npt
import pytest

from app.fake_driver.scene import Scene
from app.vision.face import DETECT_EVERY, DISAGREEMENT_MAX, Face, FaceMesh, disagreement
from app.vision.landmarks import CHIN, FOREHEAD, KEYPOINTS, Landmarks
from app.vision.regions import ROI_SCALE, Region
from tests.support.rendered_faces import BLACK, DRIVER, Picture, error_px, found, fresh, render, signals

DOWN_10_PX = np.array((0, 10), np.float32)


def landmarks_with_keypoints(at_px: npt.NDArray[np.float32]) -> Landmarks:
    landmarks = np.zeros((468, 3), np.float32)
    for point_px, pair in zip(at_px, KEYPOINTS, strict=True):
        landmarks[list(pair), :2] = point_px
    return landmarks


def test_disagreement_is_the_distance_in_boxes() -> None:
    at_px = np.array([(100, 80), (140, 80), (120, 100), (120, 120)], np.float32)
    region = Region(120, 100, 100 * ROI_SCALE, 0, keypoints=at_px)
    assert disagreement(landmarks_with_keypoints(at_px), region) == 0
    assert disagreement(landmarks_with_keypoints(at_px + DOWN_10_PX), region) == pytest.approx(0.1)
    assert disagreement(landmarks_with_keypoints(at_px + 3 * DOWN_10_PX), region) > DISAGREEMENT_MAX
    undetected = Region(120, 100, 165, 0)
    assert disagreement(landmarks_with_keypoints(at_px + 3 * DOWN_10_PX), undetected) == 0


def hidden_from_the_detector() -> Picture:
    """A driver in so much noise that only the mesh, given the place, still finds the face."""
    noise = np.random.default_rng(0).normal(0, 60, BLACK.shape)
    return np.clip(render(DRIVER) + noise, 0, 255).astype(np.uint8)


def test_tracked_face_is_found_although_the_detector_misses_it(lite: FaceMesh) -> None:
    assert fresh(lite, hidden_from_the_detector()) is None
    found(lite, DRIVER)
    face = lite.find(hidden_from_the_detector())
    assert face is not None
    assert error_px(face, DRIVER) < 4


def test_lost_face_is_not_tracked_any_longer(lite: FaceMesh) -> None:
    found(lite, DRIVER)
    assert lite.find(BLACK) is None
    assert lite.find(hidden_from_the_detector()) is None
    assert found(lite, DRIVER).presence > 0.9


def test_reset_ends_the_tracking(lite: FaceMesh) -> None:
    found(lite, DRIVER)
    lite.reset()
    assert lite.find(hidden_from_the_detector()) is None


def test_static_image_mode_never_tracks() -> None:
    with FaceMesh("lite", static_image_mode=True) as mesh:
        found(mesh, DRIVER)
        assert mesh.find(hidden_from_the_detector()) is None


def test_landmarks_after_a_move_do_not_depend_on_earlier_frames(lite: FaceMesh) -> None:
    alone = found(lite, DRIVER)
    found(lite, Scene(x_cm=-6, yaw_deg=-20))
    after = lite.find(render(DRIVER))
    assert after is not None
    np.testing.assert_array_equal(after.landmarks, alone.landmarks)


@pytest.mark.parametrize("model", ("lite", "standard"))
def test_tracking_a_still_face_is_as_exact_as_detecting_it(model: str) -> None:
    swaying = [Scene(n, yaw_deg=2 * (n % 3), pitch_deg=-(n % 2), x_cm=0.2 * n) for n in range(2 * DETECT_EVERY)]
    with FaceMesh(model) as mesh:
        detected_px = [error_px(found(mesh, scene), scene) for scene in swaying]
        mesh.reset()
        followed = [(mesh.find(render(scene)), scene) for scene in swaying]
    followed_px = [error_px(face, scene) for face, scene in followed if face is not None]
    assert len(followed_px) == len(swaying)
    assert mean(followed_px) < mean(detected_px) + 0.3
    assert max(followed_px) < max(detected_px) + 1


def test_tracked_head_that_jumps_to_another_pose_is_read_exactly(mesh: FaceMesh) -> None:
    for yaw_deg, pitch_deg in ((35, 0), (-35, 0), (0, -25), (0, 20), (25, -15)):
        found(mesh, DRIVER)
        face = mesh.find(render(replace(DRIVER, yaw_deg=yaw_deg, pitch_deg=pitch_deg)))
        assert face is not None
        assert error_px(face, replace(DRIVER, yaw_deg=yaw_deg, pitch_deg=pitch_deg)) < 4


HEADS_BACK = [
    replace(DRIVER, time_s=time_s, pitch_deg=pitch_deg, yaw_deg=yaw_deg, eyes_closed=1, jaw_open=0.3)
    for pitch_deg in range(24, 36, 2)
    for yaw_deg in (0, 8)
    for time_s in (1, 2)
]


@pytest.mark.parametrize("model", ("standard", "full"))
def test_head_thrown_back_is_read_with_its_shut_lids(model: str) -> None:
    """The detector misplaces the points of such faces; with one fit to each 9 of these 24 were level or awake."""
    with FaceMesh(model) as mesh:
        seen = [(scene, signals(mesh, render(scene))) for scene in HEADS_BACK]
    read = [(scene.pitch_deg - (signals.pitch_deg or 0.0), signals.eye_blink or 0.0) for scene, signals in seen]
    assert sum(lost_deg < 10 and blink > 0.43 for lost_deg, blink in read) >= len(read) - 1, read


UPSIDE_DOWN = np.ascontiguousarray(render(Scene(1, yaw_deg=-7, pitch_deg=-2))[::-1, ::-1])


def is_upside_down(face: Face | None) -> bool:
    assert face is not None
    return float(face.landmarks[CHIN, 1]) < float(face.landmarks[FOREHEAD, 1])


def test_doubted_face_is_tried_both_ways_up_unless_the_camera_is_known_to_be_upright() -> None:
    """This picture gets a sure upright mesh, too."""
    with FaceMesh("standard") as mesh:
        assert is_upside_down(fresh(mesh, UPSIDE_DOWN))
        assert is_upside_down(mesh.find(UPSIDE_DOWN))
        found(mesh, DRIVER)
        assert not is_upside_down(mesh.find(UPSIDE_DOWN))
        assert is_upside_down(fresh(mesh, UPSIDE_DOWN))


def test_upside_down_face_is_not_followed(lite: FaceMesh) -> None:
    """Whether a face is upside down is asked of each frame, as it may be a head thrown back."""
    noise = np.random.default_rng(0).normal(0, 60, BLACK.shape)  # in which the detector finds none
    assert is_upside_down(fresh(lite, UPSIDE_DOWN))
    assert lite.find(np.clip(UPSIDE_DOWN + noise, 0, 255).astype(np.uint8)) is None


def test_larger_face_replaces_a_tracked_smaller_one(lite: FaceMesh) -> None:
    both = Scene(time_s=1, passenger=1)
    assert fresh(lite, render(replace(both, present=0))) is not None
    faces = [lite.find(render(both)) for _ in range(DETECT_EVERY)]
    assert faces[-1] is not None
    assert error_px(faces[-1], both) < 4
