"""The status for aiming the camera: the face's box, its distance, and how the picture is turned."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.camera.frame import Frame
from app.camera.mounting import mounted
from app.events import Sight
from app.fake_driver.scene import Scene
from app.monitor.aim import aim_of, box_of
from app.observer import Observer
from app.telemetry.status import Aim
from config.settings import Settings
from tests.support.observing import rendered

ASIDE = Scene(yaw_deg=15, x_cm=8)
DISTANCES_CM = (40, 58, 80, 100)
CAMERA = replace(Settings().camera, width=320, height=240)


def aim(watch: Observer, scene: Scene) -> Aim:
    watch.reset()
    return aim_of(watch.look(Frame(rendered(scene), 0.0, 0)))


def test_face_box_is_given_in_shares_of_the_picture(watch: Observer) -> None:
    found = aim(watch, ASIDE)
    assert found.face is not None
    assert (found.sight, found.width_px, found.height_px, found.rotate_to) == (Sight.CLEAR, 320, 240, None)
    middle = found.face.x + found.face.width / 2
    assert 0.58 < middle < 0.68, "8 cm to the driver's left at 58 cm, which is right in the picture"
    assert 0.15 < found.face.width < 0.35


@pytest.mark.parametrize("cm", DISTANCES_CM)
def test_face_distance_is_within_ten_percent(watch: Observer, cm: float) -> None:
    assert aim(watch, Scene(distance_cm=cm)).distance_cm == pytest.approx(cm, rel=0.1)


def test_face_box_is_missing_without_a_face_or_frame(watch: Observer) -> None:
    assert aim(watch, Scene(present=0)).face is None
    assert aim_of(watch.no_frame(0.0)).sight is Sight.NOTHING


def test_face_box_is_cut_at_the_edge_of_the_picture() -> None:
    cut = np.array([[-20.0, 100.0, 0.0], [80.0, 260.0, 0.0]], np.float32)
    box = box_of(cut, 320, 240)
    assert box is not None
    assert (box.x, box.y, box.width, box.height) == pytest.approx((0, 0.417, 0.25, 0.583))
    assert box_of(cut + 1000, 320, 240) is None
    assert box_of(cut * np.nan, 320, 240) is None


@pytest.mark.parametrize("turn_deg", [0, 180, 90])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_yaw_and_box_are_the_same_for_every_mounting(watch: Observer, turn_deg: int, *, is_mirrored: bool) -> None:
    """The raw picture is turned and mirrored so that `mounted` restores the original."""
    picture = rendered(ASIDE)
    back = {0: None, 180: cv2.ROTATE_180, 90: cv2.ROTATE_90_COUNTERCLOCKWISE}[turn_deg]
    raw = picture if back is None else cv2.rotate(picture, back)
    raw = cv2.flip(raw, 1) if is_mirrored else raw
    size = {"width": raw.shape[1], "height": raw.shape[0]}
    frame = mounted(Frame(raw.astype(np.uint8), 0.0, 0), replace(CAMERA, mirror=is_mirrored, rotate=turn_deg, **size))
    look = watch.look(frame)
    assert look.signals is not None
    assert look.signals.yaw_deg == pytest.approx(15, abs=5)
    assert aim_of(look).face == aim(watch, ASIDE).face


def test_upside_down_camera_is_reported_with_the_rotation_to_set(watch: Observer) -> None:
    upside_down = cv2.rotate(rendered(Scene()), cv2.ROTATE_180).astype(np.uint8)
    told = aim_of(watch.look(Frame(upside_down, 0.0, 0)))
    assert (told.sight, told.rotate_to) == (Sight.UPSIDE_DOWN, 180)
