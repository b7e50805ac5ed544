"""An opened V4L2 device: how old its pictures are, what it is asked for, and how it is lost."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from cv2.typing import MatLike

from app.camera.pictures import SourceLost
from app.camera.v4l2 import Device, Node


@dataclass
class Driver:
    """OpenCV over a driver: pictures come at a steady rate into the buffers queued, and are lost while there are none.

    `retrieve` gives the buffer back at once, as OpenCV's does (modules/videoio/src/cap_v4l.cpp).
    """

    buffers: int = 1
    period_s: float = 0.1
    formats: tuple[str, ...] = ("MJPG", "YUYV")
    opens: bool = True
    now_s: float = 0.0
    grabs: int = 0
    ends: bool = False
    released: bool = False
    properties: dict[int, float] = field(default_factory=dict)
    queued_s: deque[float] | None = None
    taken: int | None = None
    last: int = -1

    def open(self, _: str, api: int) -> cv2.VideoCapture:
        assert api == cv2.CAP_V4L2
        return cast(cv2.VideoCapture, self)

    def isOpened(self) -> bool:
        return self.opens

    def set(self, name: int, value: float) -> bool:
        if name == cv2.CAP_PROP_FOURCC and int(value).to_bytes(4, "little").decode() not in self.formats:
            return False
        self.properties[name] = max(value, self.buffers) if name == cv2.CAP_PROP_BUFFERSIZE else value
        return True

    def get(self, name: int) -> float:
        return self.properties[name]

    def grab(self) -> bool:
        self.grabs += 1
        if self.queued_s is None:
            self.queued_s = deque([self.now_s] * self.buffers)
        if self.taken is not None:
            self.queued_s.append(self.now_s)
        self.taken = self.last = max(self.last, math.floor(self.queued_s.popleft() / self.period_s)) + 1
        self.now_s = max(self.now_s, self.taken * self.period_s)
        return not self.ends

    def retrieve(self) -> tuple[bool, MatLike]:
        assert self.taken is not None and self.queued_s is not None
        picture = np.full((1, 1), self.taken)
        self.queued_s.append(self.now_s)
        self.taken = None
        return True, picture

    def release(self) -> None:
        self.released = True


CAMERA = Node(Path("/dev/video0"), "uvcvideo", "A Camera", captures=True)


def device(driver: Driver, fps: float = 1.0) -> Device:
    return Device(CAMERA, (320, 240), fps, driver.open)


def ages_s(driver: Driver, camera: Device, fps: float, skip: int = 1) -> list[float]:
    """How old each picture is when it has been grabbed."""
    ages = []
    for number in range(1, 40):
        driver.now_s = max(driver.now_s, number / fps)
        camera.grab(driver.now_s)
        taken_s = (driver.taken or 0) * driver.period_s
        ages.append(driver.now_s - taken_s)
        if number % skip == 0:
            camera.retrieve()
    return ages


@pytest.mark.parametrize("skip", [1, 3])
@pytest.mark.parametrize("buffers", [1, 2, 4])
def test_a_picture_is_never_one_that_waited_in_the_driver(buffers: int, skip: int) -> None:
    driver = Driver(buffers)
    assert max(ages_s(driver, device(driver), fps=1.0, skip=skip)) < driver.period_s


def test_a_fast_camera_is_read_once_a_frame() -> None:
    driver = Driver(period_s=1 / 30)
    camera = device(driver, fps=15)
    assert max(ages_s(driver, camera, fps=15)) < 0.1
    assert driver.grabs == 39
    assert driver.now_s == pytest.approx(39 / 15, abs=0.1)


def test_the_device_is_asked_for_mjpg_one_buffer_and_a_higher_rate() -> None:
    driver = Driver()
    device(driver, fps=5)
    assert driver.properties == {
        cv2.CAP_PROP_BUFFERSIZE: 1,
        cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
        cv2.CAP_PROP_FRAME_WIDTH: 320,
        cv2.CAP_PROP_FRAME_HEIGHT: 240,
        cv2.CAP_PROP_FPS: 20,
        cv2.CAP_PROP_CONVERT_RGB: 0,
    }


def test_a_camera_without_mjpg_is_asked_for_yuyv() -> None:
    driver = Driver(formats=("YUYV",))
    device(driver)
    assert driver.properties[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"YUYV")


def test_what_the_device_gives_instead_of_the_size_asked_for_is_promised() -> None:
    class Stubborn(Driver):
        def get(self, name: int) -> float:
            return {cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FRAME_HEIGHT: 480}.get(name, 0)

    assert device(Stubborn()).size == (640, 480)


def test_device_that_cannot_be_opened_is_named() -> None:
    with pytest.raises(SourceLost, match=r"/dev/video0 gives no picture \(it cannot be opened\): plug the camera"):
        device(Driver(opens=False))


def test_device_that_stops_is_named_and_released() -> None:
    driver = Driver()
    camera = device(driver)
    camera.grab(1.0)
    driver.ends = True
    with pytest.raises(SourceLost, match=r"/dev/video0 gives no picture \(it has stopped sending\)"):
        camera.grab(2.0)
    camera.close()
    assert driver.released
