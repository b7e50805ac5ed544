"""The advice for aiming with a rendered driver and the real face mesh: it must lead to a good place."""

from __future__ import annotations

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from admin.aim.aiming import FACE_PX_MIN, GOOD_SO_FAR, hints
from app.camera.frame import Frame
from app.camera.mounting import mounted
from app.fake_driver.scene import Scene
from app.monitor.aim import aim_of
from app.part_status import CameraHealth
from app.telemetry.status import Configuration, RoadRange, Signals, Status
from app.vision.head_pose import FACE_SURE_PX
from config.settings import Settings
from tests.support.observing import SETTINGS, new_watch, rendered

LOOKS = 8  # seconds of learning: enough to notice a road outside the allowed angles
BACK = {0: None, 90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
RANGE = RoadRange(0.0, 0.0, 25.0, 20.0)


def advice(scene: Scene, rotate: int = 0, *, mirror: bool = False) -> str:
    """The first hint with a camera mounted like this, and settings that correct its picture."""
    camera = replace(Settings().camera, rotate=rotate, mirror=mirror)
    with new_watch() as watch:
        for second in range(LOOKS):
            picture = rendered(replace(scene, time_s=second))
            back = BACK[rotate]
            raw = picture if back is None else cv2.rotate(picture, back)
            raw = np.ascontiguousarray(raw[:, ::-1] if mirror else raw)
            sized = replace(camera, width=raw.shape[1], height=raw.shape[0])
            look = watch.look(mounted(Frame(raw.astype(np.uint8), float(second), second), sized))
    seen = look.signals
    signals = Signals() if seen is None else Signals(has_face=True, yaw_deg=seen.yaw_deg, pitch_deg=seen.pitch_deg)
    status = Status(
        signals=signals,
        aim=aim_of(look),
        neutral=look.verdict.neutral,
        camera=CameraHealth(state="live"),
        configuration=Configuration(fov_deg=SETTINGS.vision.horizontal_fov_deg, road_range=RANGE),
    )
    return hints(status)[0].words


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("rotate", BACK)
def test_the_advice_is_the_same_for_each_rotation_and_mirroring(rotate: int, *, mirror: bool) -> None:
    aside = Scene(x_cm=17, yaw_deg=6) if rotate in (0, 180) else Scene(y_cm=13, x_cm=0)
    said = advice(aside, rotate, mirror=mirror)
    assert said == advice(aside), "the picture must be corrected before it is judged"


@pytest.mark.parametrize(("x_cm", "side"), [(17, "left"), (-17, "right")])
def test_a_driver_at_the_edge_asks_to_turn_the_camera_towards_them(x_cm: float, side: str) -> None:
    said = advice(Scene(x_cm=x_cm))
    found = re.fullmatch(r"Turn the camera (\d+)° to the driver's (\w+)\.", said)
    assert found, said
    assert found[2] == side
    assert int(found[1]) == pytest.approx(16, abs=3)


@pytest.mark.parametrize(("y_cm", "way"), [(14, "up"), (-13, "down")])
def test_a_driver_above_or_below_asks_to_tilt_the_camera(y_cm: float, way: str) -> None:
    assert re.fullmatch(rf"Tilt the camera \d+° {way}\.", advice(Scene(y_cm=y_cm)))


@pytest.mark.parametrize(("yaw_deg", "side"), [(38, "right"), (-38, "left")])
def test_a_road_too_far_aside_asks_to_move_the_camera_there(yaw_deg: float, side: str) -> None:
    said = advice(Scene(yaw_deg=yaw_deg))
    assert re.match(rf"Move the camera \d+ cm to the driver's {side}: the road is", said), said


def test_a_driver_too_far_or_too_near_asks_to_move_the_camera() -> None:
    assert re.fullmatch(r"Bring the camera (20|25|30) cm closer.*", advice(Scene(distance_cm=122)))
    assert re.fullmatch(r"Move the camera \d+ cm away.*", advice(Scene(distance_cm=33)))


@pytest.mark.parametrize(
    "scene", [Scene(), Scene(x_cm=-6, y_cm=0, distance_cm=48), Scene(yaw_deg=15, pitch_deg=-10), Scene(distance_cm=90)]
)
def test_places_where_detection_was_measured_are_reported_as_good(scene: Scene) -> None:
    assert advice(scene) == GOOD_SO_FAR


def test_an_empty_seat_is_reported_as_no_face() -> None:
    assert advice(Scene(present=0)).startswith("No face")


def test_the_smallest_face_advised_is_the_smallest_with_a_sure_pose() -> None:
    assert FACE_PX_MIN == FACE_SURE_PX
