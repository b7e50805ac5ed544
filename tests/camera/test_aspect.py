"""A face keeps its proportions in pictures of any shape, and with pixels that are not square."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.camera.frame import Frame
from app.camera.mounting import mounted
from app.camera.pictures import BadPicture, check_size
from app.camera.sources import VideoFile
from app.recordings.frames import InputError, recorded_frames
from config.settings import Camera


def round_face(width: int, height: int, stretch: float = 1.0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A white disc. stretch: how many times too high its pixels show it."""
    picture = np.zeros((height, width, 3), np.uint8)
    radius = 0.35 * min(width, height)
    middle, axes = (width // 2, height // 2), (round(radius / max(1.0, stretch)), round(radius * min(1.0, stretch)))
    cv2.ellipse(picture, middle, axes, 0, 0, 360, (255, 255, 255), -1)
    return picture


def proportion(bgr: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """Width of the lit part, divided by its height."""
    rows, columns = np.nonzero(bgr[:, :, 0] > 127)
    return float(np.ptp(columns) + 1) / float(np.ptp(rows) + 1)


SIZES = [(640, 480), (2560, 1080), (1080, 2560), (480, 480), (333, 517), (64, 48), (1601, 201)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("camera", [Camera(), Camera(rotate=90), Camera(width=640, height=360), Camera(width=64)])
def test_mounted_picture_keeps_its_proportions(width: int, height: int, camera: Camera) -> None:
    picture = mounted(Frame(round_face(width, height), 0.0, 0), camera).bgr
    assert proportion(picture) == pytest.approx(1, abs=0.12 if min(picture.shape[:2]) < 64 else 0.05)


@pytest.mark.parametrize(("width", "height"), [(320, 1), (1, 240), (4000, 15), (0, 5)])
def test_picture_of_less_than_16_pixels_is_refused(width: int, height: int) -> None:
    with pytest.raises(BadPicture, match="less than 16 pixels"):
        check_size(width, height)


def write_y4m(path: Path, pixel: str, stretch: float) -> Path:
    """Write a video of three raw frames. pixel: a pixel's width to its height."""
    grey = round_face(160, 120, stretch)[:, :, 0]
    chroma = np.full((60, 160), 128, np.uint8)  # both planes
    head = f"YUV4MPEG2 W160 H120 F10:1 Ip A{pixel} C420jpeg\n".encode()
    path.write_bytes(head + 3 * (b"FRAME\n" + grey.tobytes() + chroma.tobytes()))
    return path


@pytest.mark.parametrize(
    ("pixel", "stretch"), [("1:1", 1.0), ("4:3", 4 / 3), ("64:45", 64 / 45), ("3:4", 0.75), ("0:0", 1.0)]
)
def test_video_with_pixels_that_are_not_square_is_corrected(tmp_path: Path, pixel: str, stretch: float) -> None:
    path = write_y4m(tmp_path / "dash.y4m", pixel, stretch)
    source = VideoFile(path)
    source.grab(0.0)
    shown = source.retrieve()
    assert shown is not None
    assert proportion(shown.astype(np.uint8)) == pytest.approx(1, abs=0.05)
    for recorded in recorded_frames([path]):
        assert not isinstance(recorded, InputError)
        assert proportion(recorded.frame.bgr) == pytest.approx(1, abs=0.05)
