"""Dark lenses, hands and glare hide a rendered driver's eyes; clear glasses and lids do not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.eye_visibility import EYES, eyes_hidden
from app.vision.face import FaceMesh
from tests.evaluation.cases import FACES

Picture = npt.NDArray[np.uint8]
Landmarks = npt.NDArray[np.float32]

PORTRAITS = {"collins": Renderer(320, 240, 1), "hopper": Renderer(320, 240, 3, "hopper", FACES)}
DAY = Scene(3)
LIGHTS = {"day": DAY, "night": replace(DAY, light=0.2, noise=5), "infrared": replace(DAY, infrared=1)}
OPAQUE: dict[str, dict[str, float]] = {
    "black": {"glasses": 0.9},
    "black, eyes shut": {"glasses": 0.9, "eyes_closed": 1},
    "mirroring": {"glasses": 0.05, "lens_mirrors": 0.85},
    "black, head turned": {"glasses": 0.9, "yaw_deg": 20},
}
SEEN: dict[str, dict[str, float]] = {
    "no glasses": {},
    "eyes shut": {"eyes_closed": 1},
    "clear": {"glasses": 0.05},
    "clear, eyes shut": {"glasses": 0.05, "eyes_closed": 1},
    "tinted": {"glasses": 0.35},
    "tinted, eyes shut": {"glasses": 0.35, "eyes_closed": 1},
    "head turned": {"yaw_deg": 25},
    "looking down": {"gaze_pitch_deg": -30},
    "smiling": {"smile": 1},
}
CHEEKS = (101, 330)


def seen(mesh: FaceMesh, portrait: str, scene: Scene) -> tuple[Picture, Landmarks]:
    picture = PORTRAITS[portrait].picture(scene)
    mesh.reset()
    face = mesh.find(picture)
    assert face is not None
    return picture, face.landmarks


@pytest.mark.parametrize("lenses", OPAQUE)
@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("portrait", PORTRAITS)
def test_opaque_lenses_hide_eyes(standard: FaceMesh, portrait: str, light: str, lenses: str) -> None:
    assert eyes_hidden(*seen(standard, portrait, replace(LIGHTS[light], **OPAQUE[lenses])))


@pytest.mark.parametrize("look", SEEN)
@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("portrait", PORTRAITS)
def test_eyes_are_seen_without_lenses_and_through_clear_and_tinted_ones(
    standard: FaceMesh, portrait: str, light: str, look: str
) -> None:
    assert not eyes_hidden(*seen(standard, portrait, replace(LIGHTS[light], **SEEN[look])))


def with_hand(picture: Picture, landmarks: Landmarks, eyes: tuple[tuple[int, int], ...]) -> Picture:
    """The picture with smooth skin, in a cheek's colour, in front of these eyes."""
    covered = picture.copy()
    skin = np.mean([picture[round(float(y)), round(float(x))] for x, y in landmarks[list(CHEEKS), :2]], axis=0)
    for eye in eyes:
        (x0, y0), (x1, y1) = landmarks[list(eye), :2]
        middle, reach = (round((x0 + x1) / 2), round((y0 + y1) / 2)), round(0.9 * float(np.hypot(x1 - x0, y1 - y0)))
        cv2.circle(covered, middle, reach, [float(part) for part in skin], -1)
    noise = np.random.default_rng(0).normal(0, 1.5, covered.shape)
    return np.clip(covered + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("light", ("day", "infrared"))
@pytest.mark.parametrize("portrait", PORTRAITS)
def test_hand_hides_the_eyes_only_if_it_covers_both(standard: FaceMesh, portrait: str, light: str) -> None:
    picture, landmarks = seen(standard, portrait, LIGHTS[light])
    assert eyes_hidden(with_hand(picture, landmarks, EYES), landmarks)
    for eye in EYES:
        assert not eyes_hidden(with_hand(picture, landmarks, (eye,)), landmarks)


def test_glare_over_both_eyes_hides_them(standard: FaceMesh) -> None:
    picture, landmarks = seen(standard, "collins", DAY)
    middle = landmarks[[corner for eye in EYES for corner in eye], :2].mean(axis=0).round().astype(int)
    cv2.ellipse(picture, [int(part) for part in middle], (60, 22), 0, 0, 360, (255, 255, 255), -1)
    assert eyes_hidden(picture, landmarks)


def test_eyes_outside_the_picture_are_not_judged(standard: FaceMesh) -> None:
    picture, landmarks = seen(standard, "collins", replace(DAY, glasses=0.9))
    assert eyes_hidden(picture, landmarks)
    for x, y in ((-200, 0), (200, 0), (0, -200), (0, 200)):
        assert not eyes_hidden(picture, (landmarks + np.array((x, y, 0))).astype(np.float32))


def test_eyes_too_small_to_show_an_iris_are_not_judged(standard: FaceMesh) -> None:
    picture, landmarks = seen(standard, "collins", replace(DAY, glasses=0.9))
    tiny = (160 + 0.1 * (landmarks - 160)).astype(np.float32)
    assert not eyes_hidden(picture, tiny)


def test_eyes_hidden_does_not_change_the_picture(standard: FaceMesh) -> None:
    picture, landmarks = seen(standard, "collins", DAY)
    before = picture.copy()
    eyes_hidden(picture, landmarks)
    np.testing.assert_array_equal(picture, before)
