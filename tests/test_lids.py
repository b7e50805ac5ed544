"""What the picture itself says of lids: drawn eyes, whose light and dark are known, and rendered drivers."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from app.face import FaceMesh, Landmarks
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.lids import eye_contrast
from app.signals import LEFT_EYE, RIGHT_EYE
from tests.evaluation.cases import FACES

SIZE = (320, 240)
EYE_PX = 24
SKINS = {"fair": (200, 240, 60), "dark": (60, 150, 20)}  # grey of the skin, of the white, of the iris
Picture = npt.NDArray[np.uint8]


def landmarks_of(right: tuple[float, float], left: tuple[float, float], roll_deg: float = 0.0) -> Landmarks:
    """Landmarks with the corners of two eyes, whose middles these are."""
    landmarks = np.zeros((468, 3), np.float32)
    half = EYE_PX / 2 * np.array((np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))))
    for eye, middle in ((RIGHT_EYE, right), (LEFT_EYE, left)):
        landmarks[eye[0], :2], landmarks[eye[3], :2] = middle - half, middle + half
    return landmarks


def drawn(
    skin: str, is_open: tuple[bool, bool], light: float = 1.0, roll_deg: float = 0.0
) -> tuple[Picture, Landmarks]:
    """Two eyes on plain skin; a shut one is skin with a dark line of lashes."""
    grey, white, iris = SKINS[skin]
    places = ((120.0, 100.0), (200.0, 100.0))
    picture = np.full((SIZE[1], SIZE[0]), grey, np.uint8)
    for (x, y), opened in zip(places, is_open, strict=True):
        centre, axes = (int(x), int(y)), (EYE_PX // 2, EYE_PX // 5)
        if opened:
            cv2.ellipse(picture, centre, axes, roll_deg, 0, 360, white, -1)
            cv2.circle(picture, centre, EYE_PX // 6, iris, -1)
        else:
            cv2.ellipse(picture, centre, axes, roll_deg, 20, 160, int(0.7 * grey), 1)
    lit = np.clip(picture * light, 0, 255).astype(np.uint8)
    return cv2.cvtColor(lit, cv2.COLOR_GRAY2BGR).astype(np.uint8), landmarks_of(*places, roll_deg)


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("light", (1.0, 0.25))
@pytest.mark.parametrize("roll_deg", (0.0, 25.0))
def test_an_open_eye_has_contrast_and_a_shut_one_little_on_any_skin_in_any_light(
    skin: str, light: float, roll_deg: float
) -> None:
    opened = eye_contrast(*drawn(skin, (True, True), light, roll_deg), yaw_deg=0)
    shut = eye_contrast(*drawn(skin, (False, False), light, roll_deg), yaw_deg=0)
    assert opened is not None and shut is not None
    assert opened == pytest.approx(eye_contrast(*drawn(skin, (True, True)), yaw_deg=0), rel=0.15)
    assert shut < 0.1 * opened


def half_mirrored(picture: Picture) -> Picture:
    """Glasses that mirror a window over one half of each eye."""
    seen = picture.astype(np.float32)
    for x in (120, 200):
        half = seen[:, x - EYE_PX : x]
        half += 0.5 * (230 - half)
    return seen.astype(np.uint8)


@pytest.mark.parametrize("skin", SKINS)
def test_the_edge_of_a_mirrored_window_is_no_iris(skin: str) -> None:
    opened, shut = (drawn(skin, (is_open, is_open)) for is_open in (True, False))
    open_contrast = eye_contrast(half_mirrored(opened[0]), opened[1], yaw_deg=0)
    shut_contrast = eye_contrast(half_mirrored(shut[0]), shut[1], yaw_deg=0)
    assert open_contrast is not None and shut_contrast is not None
    assert shut_contrast < 0.1 * open_contrast


@pytest.mark.parametrize(("yaw_deg", "is_open"), [(20, True), (-20, False)])
def test_the_nearer_eye_speaks_of_a_turned_head(yaw_deg: float, is_open: bool) -> None:
    picture, landmarks = drawn("fair", (False, True))  # turned to the right, the left eye is nearer
    alone = eye_contrast(*drawn("fair", (is_open, is_open)), yaw_deg=0)
    assert eye_contrast(picture, landmarks, yaw_deg) == pytest.approx(alone)


@pytest.mark.parametrize("middle", [(4, 100), (316, 100), (100, 1), (100, 238), (-50, -50), (400, 100)])
def test_an_eye_outside_the_picture_has_none(middle: tuple[float, float]) -> None:
    picture, _ = drawn("fair", (True, True))
    assert eye_contrast(picture, landmarks_of((120.0, 100.0), middle), yaw_deg=0) is None


def test_landmarks_in_one_place_have_none() -> None:
    assert eye_contrast(drawn("fair", (True, True))[0], np.full((468, 3), 100, np.float32), yaw_deg=0) is None


DRIVERS = {
    "collins": (Renderer(*SIZE, seed=1), 0.0),
    "behind glasses": (Renderer(*SIZE, seed=1), 0.15),
    "hopper": (Renderer(*SIZE, 1, "hopper", FACES), 0.0),
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_lids_that_the_mesh_follows_weakly_are_told_by_their_contrast(driver: str) -> None:
    renderer, glasses = DRIVERS[driver]
    seen: dict[float, list[float]] = {0.0: [], 1.0: []}
    with FaceMesh("lite") as mesh:
        for closed, contrasts in seen.items():
            for second, (yaw_deg, light) in enumerate(((0, 1.0), (8, 1.0), (-8, 0.7), (0, 0.3), (4, 1.2))):
                scene = Scene(time_s=second, yaw_deg=yaw_deg, glasses=glasses, light=light, eyes_closed=closed)
                picture = renderer.picture(replace(scene, x_cm=second - 2))
                mesh.reset()
                face = mesh.find(picture)
                assert face is not None
                contrast = eye_contrast(picture, face.landmarks, yaw_deg)
                assert contrast is not None
                contrasts.append(contrast)
    assert max(seen[1.0]) < 0.33 * min(seen[0.0])
