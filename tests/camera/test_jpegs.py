"""JPEGs as a camera sends them: decoded no larger than needed, and those that are cut off told as bad pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from cv2.typing import MatLike

from app.camera.pictures import BadPicture, decoded_jpeg, has_jpegs_end, jpeg_reduction
from app.camera.v4l2 import Device, Node

Bytes = npt.NDArray[np.uint8]
SENT = (640, 480)


def jpeg(size: tuple[int, int] = SENT) -> Bytes:
    """A gradient, as a camera's MJPG: one row of bytes."""
    across, down = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    picture = np.stack([across, down, 255 - across], axis=2).astype(np.uint8)
    return cast(Bytes, cv2.imencode(".jpg", picture)[1].reshape(1, -1))


@dataclass
class Camera:
    """OpenCV over a camera that sends these buffers, one after the other."""

    buffers: list[MatLike]
    fourcc: str = "MJPG"
    properties: dict[int, float] = field(default_factory=dict)

    def isOpened(self) -> bool:
        return True

    def set(self, name: int, value: float) -> bool:
        self.properties[name] = value
        return True

    def get(self, name: int) -> float:
        own = {
            cv2.CAP_PROP_FRAME_WIDTH: SENT[0],
            cv2.CAP_PROP_FRAME_HEIGHT: SENT[1],
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*self.fourcc),
        }
        return own.get(name, 1)

    def retrieve(self) -> tuple[bool, MatLike]:
        return True, self.buffers.pop(0)


def device(camera: Camera, wanted: tuple[int, int] = (320, 240)) -> Device:
    node = Node(Path("/dev/video0"), "uvcvideo", "A Camera", captures=True)
    return Device(node, wanted, 1.0, lambda path, api: cast(cv2.VideoCapture, camera))


@pytest.mark.parametrize(
    ("sent", "wanted", "reduction"),
    [
        ((320, 240), (320, 240), 1),
        ((639, 479), (320, 240), 1),
        ((640, 480), (320, 240), 2),
        ((1280, 720), (320, 240), 4),  # judged at 320 x 180
        ((1280, 960), (320, 240), 4),
        ((3840, 2160), (320, 240), 8),
        ((160, 120), (320, 240), 1),
    ],
)
def test_a_picture_is_decoded_as_small_as_the_size_judged_allows(
    sent: tuple[int, int], wanted: tuple[int, int], reduction: int
) -> None:
    assert jpeg_reduction(sent, wanted) == reduction


def test_a_camera_that_sends_twice_the_size_is_decoded_at_half() -> None:
    camera = device(Camera([jpeg()]))
    picture = camera.retrieve()
    assert picture is not None
    assert picture.shape == (240, 320, 3)
    assert camera.size == (320, 240)
    whole = decoded_jpeg(jpeg().ravel(), SENT, 1)
    assert np.abs(picture.astype(int) - cv2.resize(whole, (320, 240), interpolation=cv2.INTER_AREA)).max() <= 4


@pytest.mark.parametrize("share", [0.02, 0.18, 0.5, 0.95, 0.999])
def test_a_jpeg_that_is_cut_off_is_a_bad_picture(share: float) -> None:
    whole = jpeg()
    camera = device(Camera([whole, whole[:, : int(share * whole.size)], whole]))
    assert camera.retrieve() is not None
    with pytest.raises(BadPicture, match="cut off"):
        camera.retrieve()
    assert camera.retrieve() is not None


def test_a_camera_that_never_sends_the_end_marker_is_accepted() -> None:
    without = jpeg()[:, :-2]
    camera = device(Camera([without, without]))
    assert camera.retrieve() is not None
    assert camera.retrieve() is not None


def test_data_behind_the_end_marker_is_ignored() -> None:
    whole = jpeg().ravel()
    assert has_jpegs_end(np.r_[whole, np.zeros(10_000, np.uint8)])
    assert has_jpegs_end(np.r_[whole, np.full(100, 7, np.uint8)])
    assert not has_jpegs_end(whole[:-2])


@pytest.mark.parametrize(
    "data",
    [np.zeros((1, 5000), np.uint8), jpeg((320, 240)), np.frombuffer(b"\xff\xd8\xff\xe0\xff\xd9", np.uint8)[None]],
    ids=["zeros", "another size", "no picture in it"],
)
def test_bytes_that_are_no_picture_of_the_promised_size_are_a_bad_picture(data: Bytes) -> None:
    with pytest.raises(BadPicture):
        device(Camera([data])).retrieve()


def test_a_camera_of_another_format_is_decoded_by_opencv() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    camera = Camera([picture], fourcc="YUYV")
    opened = device(camera)
    assert opened.retrieve() is picture
    assert opened.size == SENT
    assert cv2.CAP_PROP_CONVERT_RGB not in camera.properties
