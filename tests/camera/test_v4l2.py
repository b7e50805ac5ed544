"""Which video node is the camera, what is said when there is none, and how old its pictures are."""

from __future__ import annotations

import errno
import math
import os
import struct
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from cv2.typing import MatLike

from app.camera.pictures import SourceLost, SourceRefused
from app.camera.v4l2 import Device, Node, find_node

CAPTURE, METADATA, M2M, DEVICE_CAPS = 0x1, 0x0080_0000, 0x8000, 0x8000_0000


@dataclass
class Kernel:
    """Answers the V4L2 ioctls for nodes that are plain files under dev: (driver, what the node can do)."""

    dev: Path
    nodes: dict[str, tuple[str, int]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)

    def add(self, name: str, driver: str, caps: int = CAPTURE) -> Path:
        self.nodes[name] = driver, caps
        path = self.dev / name
        path.touch()
        return path

    def ioctl(self, fd: int, request: int, buffer: bytearray) -> int:
        assert len(buffer) == request >> 16 & 0x3FFF, "the size is part of the number"
        name = Path(f"/proc/self/fd/{fd}").readlink().name
        if name in self.errors:
            raise OSError(self.errors[name], os.strerror(self.errors[name]))
        driver, caps = self.nodes[name]
        if request & 0xFF == 0:
            # The device as a whole can all that any of its nodes can.
            everything = CAPTURE | METADATA | DEVICE_CAPS
            struct.pack_into("16s32s32s3I", buffer, 0, driver.encode(), b"A Camera", b"usb-1", 0, everything, caps)
        elif name in self.busy:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return 0

    def find(self, source: str = "auto") -> str:
        return find_node(source, self.dev, self.ioctl).path.name


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    dev = tmp_path / "dev"
    dev.mkdir()
    return Kernel(dev)


def add_pi_nodes(kernel: Kernel) -> None:
    """What a Pi 4 has without any camera."""
    kernel.add("video10", "bcm2835-codec", M2M)
    kernel.add("video13", "bcm2835-isp", CAPTURE)
    kernel.add("video18", "bcm2835-codec-image_fx", M2M)
    kernel.add("video19", "rpi-hevc-dec", M2M)
    kernel.add("video20", "a-codec-to-come", CAPTURE | M2M)


def why_not(kernel: Kernel, source: str = "auto") -> str:
    with pytest.raises(SourceLost) as lost:
        kernel.find(source)
    return str(lost.value)


def test_auto_takes_the_usb_camera_and_not_the_pis_own_nodes_nor_metadata(kernel: Kernel) -> None:
    add_pi_nodes(kernel)
    kernel.add("video30", "uvcvideo", METADATA)
    kernel.add("video31", "uvcvideo")
    assert kernel.find() == "video31"


def test_auto_takes_the_lowest_number_and_usb_before_others(kernel: Kernel) -> None:
    kernel.add("video0", "v4l2 loopback")
    assert kernel.find() == "video0"
    kernel.add("video10", "uvcvideo")
    kernel.add("video2", "uvcvideo")
    assert kernel.find() == "video2"


def test_auto_takes_the_second_camera_while_the_first_is_in_use(kernel: Kernel) -> None:
    kernel.add("video0", "uvcvideo")
    kernel.add("video2", "uvcvideo")
    kernel.busy.add("video0")
    assert kernel.find() == "video2"


def test_without_a_camera_the_message_says_what_helps(kernel: Kernel) -> None:
    add_pi_nodes(kernel)
    assert why_not(kernel) == "no camera found: plug a USB camera in; `lsusb` lists what is plugged in"


def test_ribbon_cable_camera_is_told_apart_from_none(kernel: Kernel) -> None:
    kernel.add("video0", "unicam")
    assert "ribbon cable" in why_not(kernel)


def test_only_camera_in_use_is_named(kernel: Kernel) -> None:
    add_pi_nodes(kernel)
    path = kernel.add("video0", "uvcvideo")
    kernel.busy.add("video0")
    assert why_not(kernel) == f"{path} is used by another program: `sudo fuser -v {path}` names it"


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EPERM])  # AppArmor's, the device cgroup's
@pytest.mark.parametrize("source", ["auto", "0"])
def test_refusal_names_the_connection_in_a_snap_and_the_group_outside(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, refusal: int, source: str
) -> None:
    kernel.add("video0", "uvcvideo")
    kernel.errors["video0"] = refusal
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_2")
    assert why_not(kernel, source).endswith("video0 may not be opened: `sudo snap connect drivewatch_2:camera`")
    monkeypatch.delenv("SNAP_INSTANCE_NAME")
    assert "usermod -aG video" in why_not(kernel, source)


@pytest.mark.parametrize("source", ["auto", "0"])
def test_only_a_refusal_is_costly_to_try_again(kernel: Kernel, source: str) -> None:
    kernel.add("video0", "uvcvideo")
    for number in (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EIO, errno.ENODEV):
        kernel.errors["video0"] = number
        with pytest.raises(SourceLost) as lost:
            kernel.find(source)
        assert isinstance(lost.value, SourceRefused) == (number in (errno.EACCES, errno.EPERM))


def test_camera_is_found_by_number_path_and_link(kernel: Kernel) -> None:
    path = kernel.add("video3", "uvcvideo")
    link = kernel.dev / "by-id"
    link.symlink_to(path)
    assert [kernel.find(source) for source in ("3", str(path), str(link))] == ["video3"] * 3


def test_missing_node_is_named(kernel: Kernel) -> None:
    assert why_not(kernel, "7").startswith(f"{kernel.dev}/video7 does not exist: plug the camera in")


@pytest.mark.parametrize(("driver", "caps"), [("bcm2835-codec", M2M), ("uvcvideo", METADATA)])
def test_node_that_does_not_capture_is_refused(kernel: Kernel, driver: str, caps: int) -> None:
    kernel.add("video0", driver, caps)
    assert why_not(kernel, "0").endswith("video0 gives no pictures of its own: set camera.source to auto")


def test_file_that_is_no_device_is_refused() -> None:
    with pytest.raises(SourceLost, match="/dev/null gives no pictures of its own"):
        find_node("/dev/null")


def test_device_that_fails_otherwise_gives_the_kernels_message(kernel: Kernel) -> None:
    kernel.add("video0", "uvcvideo")
    kernel.errors["video0"] = errno.EIO
    assert why_not(kernel, "0").endswith("gives no picture (Input/output error): plug the camera out and in again")


def test_looking_for_cameras_leaves_no_files_open(kernel: Kernel) -> None:
    for number in range(9):
        kernel.add(f"video{number}", "uvcvideo")
        kernel.errors[f"video{number}"] = errno.EIO
    why_not(kernel)
    links = [entry.resolve() for entry in Path("/proc/self/fd").iterdir()]
    assert not [link for link in links if link.is_relative_to(kernel.dev)]


# ---- reading


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
