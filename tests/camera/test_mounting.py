"""Pictures are mirrored and turned as the camera is mounted, in `run` and `analyze` alike."""

from __future__ import annotations

import numpy as np
import pytest

from app.camera.capture import Capture
from app.camera.frame import Frame
from app.camera.mounting import mounted
from app.part_status import CameraHealth
from config.settings import Camera
from tests.camera.scripted import Scripted, Time

LIT = 200
CORNERS = {(0, 0): "top left", (0, -1): "top right", (-1, 0): "bottom left", (-1, -1): "bottom right"}
LIT_TOP_LEFT = np.zeros((240, 320, 3), np.uint8)
LIT_TOP_LEFT[:60, :80] = LIT
TURNED = [
    (Camera(), "top left", (240, 320)),
    (Camera(rotate=90), "top right", (320, 240)),
    (Camera(rotate=180), "bottom right", (240, 320)),
    (Camera(rotate=270), "bottom left", (320, 240)),
    (Camera(mirror=True), "top right", (240, 320)),
    (Camera(mirror=True, rotate=90), "bottom right", (320, 240)),  # mirrored first
]


def lit(frame: Frame) -> list[str]:
    return [name for corner, name in CORNERS.items() if frame.bgr[corner][0] == LIT]


@pytest.mark.parametrize(("camera", "corner", "shape"), TURNED)
def test_picture_is_mirrored_then_turned_clockwise(camera: Camera, corner: str, shape: tuple[int, int]) -> None:
    frame = mounted(Frame(LIT_TOP_LEFT, 3.0, 7), camera)
    assert (lit(frame), frame.bgr.shape[:2]) == ([corner], shape)
    assert frame.bgr.flags.c_contiguous
    assert (frame.rotated_deg, frame.time_s, frame.number) == (camera.rotate, 3.0, 7)


def test_capture_delivers_mounted_frames() -> None:
    time, (camera, corner, shape) = Time(), TURNED[-1]
    capture = Capture(camera, lambda: Scripted([LIT_TOP_LEFT]), time, time(), CameraHealth())
    capture.step()
    frame = capture.step()
    assert frame is not None
    assert (lit(frame), frame.bgr.shape[:2]) == ([corner], shape)
