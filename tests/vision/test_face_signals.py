"""Signals of rendered faces: pose, lids, mouth, gaze and hands; None if they cannot be measured."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import cv2
import numpy as np
import pytest

from app.attention.driver import Driver
from app.attention.policy import NORMAL
from app.events import Neutral
from app.fake_driver.render import PASSENGER
from app.fake_driver.scene import Scene
from app.vision.face import FaceMesh
from app.vision.head_pose import PITCH_OFFSET_DEG
from tests.support.rendered_faces import DRIVER, HEIGHT_PX, WIDTH_PX, Picture, is_unmeasured, render, signals


def test_passenger_alone_is_a_face_at_the_passengers_place(mesh: FaceMesh) -> None:
    seen = signals(mesh, render(Scene(present=0, passenger=1)))
    assert seen.face_x == pytest.approx(0.5 + PASSENGER.x_cm / PASSENGER.distance_cm, abs=0.03)
    assert seen.face_width < 0.2


def turned(picture: Picture, by_deg: float) -> Picture:
    turn = cv2.getRotationMatrix2D((WIDTH_PX / 2, HEIGHT_PX / 2), by_deg, 1)
    return cv2.warpAffine(picture, turn, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


@pytest.mark.parametrize("model", ("lite", "standard"))
def test_an_upside_down_face_has_no_pose(model: str) -> None:
    scenes = [Scene(number, yaw_deg=7 * number - 14, pitch_deg=-2 * number) for number in range(5)]
    with FaceMesh(model) as mesh:
        for scene in scenes:
            mesh.reset()
            assert is_unmeasured(signals(mesh, turned(render(scene), 180))), scene
            assert not is_unmeasured(signals(mesh, render(scene))), scene


@pytest.mark.parametrize("by_deg", (-90, 90))
def test_a_face_lying_on_its_side_has_no_pose(mesh: FaceMesh, by_deg: float) -> None:
    assert is_unmeasured(signals(mesh, turned(render(DRIVER), by_deg)))


@pytest.mark.parametrize("place", ({"x_cm": -24}, {"x_cm": 24}, {"y_cm": 17}, {"y_cm": -19}))
def test_a_face_cut_off_by_the_edge_has_no_pose(lite: FaceMesh, place: dict[str, float]) -> None:
    assert is_unmeasured(signals(lite, render(Scene(**place))))


@pytest.mark.parametrize("place", ({"x_cm": -20}, {"x_cm": 20}, {"y_cm": 13}, {"y_cm": -14}))
def test_a_face_beside_the_edge_has_its_true_pose(lite: FaceMesh, place: dict[str, float]) -> None:
    seen = signals(lite, render(Scene(**place)))
    assert abs(seen.yaw_deg or 99) < 7
    assert abs((seen.pitch_deg or 99) - PITCH_OFFSET_DEG) < 7  # which real faces need and this one does not


def test_a_tiny_face_has_no_pose(mesh: FaceMesh) -> None:
    assert is_unmeasured(signals(mesh, render(Scene(distance_cm=250))))
    assert is_unmeasured(signals(mesh, render(Scene(distance_cm=400))))


def test_head_turned_far_is_not_read_as_facing_the_road() -> None:
    far = [Scene(cm, yaw_deg=yaw_deg, distance_cm=cm) for yaw_deg in range(61, 80, 3) for cm in (56, 64)]
    far += [Scene(scene.time_s, yaw_deg=-scene.yaw_deg, distance_cm=scene.distance_cm) for scene in far]
    with FaceMesh("standard") as mesh:
        yaws_deg = [signals(mesh, render(scene)).yaw_deg for scene in far]
    as_road = [yaw_deg for yaw_deg in yaws_deg if yaw_deg is not None and abs(yaw_deg) < 23]
    assert len(as_road) <= 1  # without asking the detector whether it agrees there are 3 of these 28


def frontal(pitch_deg: float, **shown: float) -> list[Scene]:
    return [
        Scene(pitch_deg + 50 * turn, 4 * turn - 4, pitch_deg, distance_cm=52 + 8 * turn, **shown) for turn in (0, 1)
    ]


@pytest.mark.parametrize(
    ("model", "pitches_deg", "shut_least"),
    [("standard", (-12, -6, 0, 8), 0.45), ("lite", (0, 8), 0.3)],  # the plain mesh loses shut lids with the chin down
)
def test_shut_lids_score_high_and_open_ones_low(model: str, pitches_deg: tuple[float, ...], shut_least: float) -> None:
    with FaceMesh(model) as mesh:
        blinks = {
            closed: [
                signals(mesh, render(scene)).eye_blink or 0.0
                for pitch_deg in pitches_deg
                for scene in frontal(pitch_deg, eyes_closed=closed)
            ]
            for closed in (0.0, 1.0)
        }
    assert max(blinks[0.0]) < 0.15
    assert min(blinks[1.0]) > shut_least


@pytest.mark.parametrize(("model", "yawn_mar"), [("lite", 0.57), ("standard", 0.7)])
def test_a_yawn_opens_the_mouth_wider_than_a_word(model: str, yawn_mar: float) -> None:
    with FaceMesh(model) as mesh:
        wide = Driver(NORMAL, Neutral(0.0, 0.0, learnt=False)).yawn_mar()
        mar = {
            jaw: [signals(mesh, render(scene)).mar or 0 for scene in frontal(1, jaw_open=jaw)]
            for jaw in (0.0, 0.3, 0.8)
        }
    assert max(mar[0.0]) < min(mar[0.3])
    assert max(mar[0.3]) < wide < min(mar[0.8])
    assert np.mean(mar[0.8]) == pytest.approx(yawn_mar, abs=0.1)  # by day, which brings the plain mesh less: mar_gain


def gaze_deg(mesh: FaceMesh, **gaze: float) -> float:
    seen = [signals(mesh, render(scene)) for scene in frontal(0, **gaze)]
    return mean(one.gaze_yaw_deg or 0 for one in seen)


def test_gaze_has_the_signs_of_the_heads_yaw(standard: FaceMesh) -> None:
    ahead, right, left = (gaze_deg(standard, gaze_yaw_deg=gaze) for gaze in (0, 25, -25))
    assert abs(ahead) < 5
    assert right > ahead + 12
    assert left < ahead - 12


def test_gaze_is_unknown_without_irises(lite: FaceMesh) -> None:
    seen = signals(lite, render(DRIVER))
    assert seen.gaze_yaw_deg is None
    assert seen.yaw_deg is not None


def test_a_phone_at_the_ear_is_a_hand_at_the_ear() -> None:
    with FaceMesh("full", hands=True) as mesh:
        assert mesh.sees_hands
        assert signals(mesh, render(DRIVER), sees_hands=True).hand_at_ear is False
        assert signals(mesh, render(replace(DRIVER, phone_at_ear=1)), sees_hands=True).hand_at_ear is True
        assert signals(mesh, render(DRIVER)).hand_at_ear is None
