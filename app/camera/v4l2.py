"""Cameras of the Video4Linux kernel interface: finding the node of a camera, and reading pictures from it."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from app.camera.pictures import (
    BadPicture,
    SourceLost,
    SourceRefused,
    decoded_jpeg,
    has_jpegs_end,
    jpeg_reduction,
    with_jpegs_end,
)

Ioctl = Callable[[int, int, bytearray], int]
"""fcntl.ioctl, or what stands in for it in a test."""

# linux/videodev2.h: struct v4l2_capability is driver[16], card[32], bus_info[32], version, capabilities,
# device_caps, reserved[3]; device_caps is what this node can do, capabilities what the whole device can.
_CAPABILITY = struct.Struct("=16s32s32s6I")
_VIDIOC_QUERYCAP = 0x80685600
_VIDEO_CAPTURE, _VIDEO_M2M_MPLANE, _VIDEO_M2M, _DEVICE_CAPS = 0x1, 0x4000, 0x8000, 0x8000_0000
# struct v4l2_requestbuffers: count, type, memory, capabilities, flags. Asking for none changes nothing but
# answers EBUSY while another program streams, where OpenCV would wait at each of its own attempts.
_REQUEST_BUFFERS = struct.Struct("=5I")
_VIDIOC_REQBUFS = 0xC0145608
_BUF_TYPE_VIDEO_CAPTURE, _MEMORY_MMAP = 1, 1

# Nodes of the Pi that exist without a camera, and its ribbon cable receivers, whose raw sensor data needs libcamera.
# Source: the names of these drivers in Raspberry Pi's Linux 6.6.
_CODECS = ("bcm2835-codec", "bcm2835-isp", "pispbe", "rpi-hevc", "rpivid")
_RIBBON_CABLE = ("unicam", "rp1-cfe")
_NODES = 64  # the Pi's own end at 31; asking by number needs no right to list /dev

_NO_CAMERA = "no camera found: plug a USB camera in; `lsusb` lists what is plugged in"
_ONLY_RIBBON_CABLE = "a camera on the ribbon cable cannot be read: plug a USB camera in"

_SELECT_TIMEOUT_S = "3"  # that OpenCV waits for a picture, 10 of its own accord; a camera at 10 a second needs 0.2
# Before the buffer that is waited for the driver fills an old one, and each can take two of the device's frames, as the
# one under way is lost. A faster device costs USB and processor time
_DEVICE_FRAMES, _MIN_DEVICE_FPS = 4.0, 10.0
_MJPG = cv2.VideoWriter.fourcc(*"MJPG")
# At shorter intervals than this even a picture that waited in the buffer is new
_NEW_S = 0.15


@dataclass(frozen=True, slots=True)
class Node:
    """How a /dev/videoN describes itself."""

    path: Path
    driver: str
    card: str
    captures: bool

    @property
    def is_camera(self) -> bool:
        """Whether it gives pictures of the world."""
        return self.captures and not self.driver.startswith((*_CODECS, *_RIBBON_CABLE))

    def __str__(self) -> str:
        return f"{self.path} ({self.driver}: {self.card})"


def query_node(path: Path, ioctl: Ioctl = fcntl.ioctl) -> Node:
    """Ask a node what it is. Raises: OSError (also ENOTTY, where the file is no V4L2 device)."""
    answer = bytearray(_CAPABILITY.size)
    _ask(path, ioctl, _VIDIOC_QUERYCAP, answer)
    driver, card, _, _, capabilities, device_caps, *_ = _CAPABILITY.unpack(answer)
    caps = device_caps if capabilities & _DEVICE_CAPS else capabilities
    captures = caps & (_VIDEO_CAPTURE | _VIDEO_M2M | _VIDEO_M2M_MPLANE) == _VIDEO_CAPTURE
    return Node(path, _text(driver), _text(card), captures)


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode(errors="replace")


def _ask(path: Path, ioctl: Ioctl, request: int, answer: bytearray) -> None:
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        ioctl(fd, request, answer)
    finally:
        os.close(fd)


def find_node(source: str, dev: Path = Path("/dev"), ioctl: Ioctl = fcntl.ioctl) -> Node:
    """The node that the setting `camera.source` names: auto, a number or a path. Raises: SourceLost."""
    if source == "auto":
        return find_camera(dev, ioctl)
    path = dev / f"video{int(source)}" if source.isdecimal() else Path(source)
    path = path.resolve()  # /dev/v4l/by-id/… are links
    try:
        node = query_node(path, ioctl)
        if not node.captures:
            raise OSError(errno.ENOTTY, "it does not capture")
        check_free(node, ioctl)
    except OSError as error:
        raise explain(path, error) from error
    return node


def find_camera(dev: Path = Path("/dev"), ioctl: Ioctl = fcntl.ioctl) -> Node:
    """The node that `auto` means: the first USB camera, else the first other camera. Raises: SourceLost."""
    nodes: list[Node] = []
    refusals: list[SourceLost] = []
    for path in (dev / f"video{number}" for number in range(_NODES)):
        try:
            node = query_node(path, ioctl)
            if node.is_camera:
                check_free(node, ioctl)
            nodes.append(node)
        except FileNotFoundError:
            continue
        except OSError as error:
            refusals.append(explain(path, error))
    cameras = [node for node in nodes if node.is_camera]
    if cameras:
        return min(cameras, key=lambda node: node.driver != "uvcvideo")  # the first of the best
    if refusals:
        raise refusals[0]
    raise SourceLost(_ONLY_RIBBON_CABLE if any(n.driver.startswith(_RIBBON_CABLE) for n in nodes) else _NO_CAMERA)


def check_free(node: Node, ioctl: Ioctl = fcntl.ioctl) -> None:
    """Refuse a camera that another program uses. Raises: OSError."""
    request = _REQUEST_BUFFERS.pack(0, _BUF_TYPE_VIDEO_CAPTURE, _MEMORY_MMAP, 0, 0)
    try:
        _ask(node.path, ioctl, _VIDIOC_REQBUFS, bytearray(request))
    except OSError as error:
        if error.errno == errno.EBUSY:  # other answers differ by driver and say nothing; opening will show
            raise


def explain(path: Path, error: OSError) -> SourceLost:
    """What is wrong with a device, then what helps."""
    match error.errno:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            text = f"{path} does not exist: plug the camera in, or set camera.source to auto"
        case errno.EACCES | errno.EPERM:
            remedy, then = _grant()
            return SourceRefused(f"{path} may not be opened: `{remedy}`{then}", remedy)
        case errno.EBUSY:
            remedy = f"sudo fuser -v {path}"
            return SourceLost(f"{path} is used by another program: `{remedy}` names it", remedy)
        case errno.ENOTTY | errno.EINVAL:
            text = f"{path} gives no pictures of its own: set camera.source to auto"
        case _:
            text = f"{path} gives no picture ({error.strerror}): plug the camera out and in again"
    return SourceLost(text)


def _grant() -> tuple[str, str]:
    """The command that lets this process open cameras, and what to do after it."""
    snap = os.environ.get("SNAP_INSTANCE_NAME")
    return (f"sudo snap connect {snap}:camera", "") if snap else ("sudo usermod -aG video $USER", ", then log in again")


class Device:
    """An opened V4L2 camera."""

    def __init__(
        self,
        node: Node,
        size: tuple[int, int],
        fps: float,
        open_capture: Callable[[str, int], cv2.VideoCapture] = cv2.VideoCapture,
    ) -> None:
        self.name = str(node)
        self._path = node.path
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", _SELECT_TIMEOUT_S)  # read at the first wait
        self._capture = open_capture(str(node.path), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise self._no_picture("it cannot be opened")
        self._request(size, fps)
        get = self._capture.get
        self.period_s = 0.0
        self._sent = int(get(cv2.CAP_PROP_FRAME_WIDTH)), int(get(cv2.CAP_PROP_FRAME_HEIGHT))
        self._buffers = max(1, int(get(cv2.CAP_PROP_BUFFERSIZE)))
        self._grabbed_s = 0.0
        # Undecoded JPEGs can be decoded smaller, and those that are cut off recognised
        self._has_jpegs = get(cv2.CAP_PROP_FOURCC) == _MJPG and self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        self._reduction = jpeg_reduction(self._sent, size) if self._has_jpegs else 1
        self._ends_jpegs = False  # there are cameras that leave the marker of the end out
        width, height = (-(-pixels // self._reduction) for pixels in self._sent)
        self.size: tuple[int, int] | None = (width, height)

    def _request(self, size: tuple[int, int], fps: float) -> None:
        # A device that has another format, size or rate keeps its own: that is no error.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        any(self._capture.set(cv2.CAP_PROP_FOURCC, code) for code in (_MJPG, cv2.VideoWriter.fourcc(*"YUYV")))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        self._capture.set(cv2.CAP_PROP_FPS, max(fps * _DEVICE_FRAMES, _MIN_DEVICE_FPS))

    def grab(self, time_s: float) -> None:
        """Wait for the device's next picture.

        Retrieving gives the buffer back to the driver, which fills it at once: a second later every buffer holds a
        picture of the past. One grab more than there are buffers removes all of those.
        """
        is_new = time_s - self._grabbed_s < _NEW_S
        for _ in range(1 if is_new else 1 + self._buffers):
            if not self._capture.grab():
                raise self._no_picture("it has stopped sending")
        self._grabbed_s = time_s

    def retrieve(self) -> MatLike | None:
        """Decode it, no larger than needed. Raises: BadPicture."""
        picture = self._capture.retrieve()[1]
        if not self._has_jpegs or picture is None or picture.dtype != np.uint8 or len(picture) != 1:
            return picture
        return self._decoded(picture.ravel().astype(np.uint8, copy=False))

    def _decoded(self, jpeg: npt.NDArray[np.uint8]) -> MatLike:
        is_whole = has_jpegs_end(jpeg)
        if self._ends_jpegs and not is_whole:
            raise BadPicture("a JPEG that is cut off")
        picture = decoded_jpeg(jpeg if is_whole else with_jpegs_end(jpeg), self._sent, self._reduction)
        self._ends_jpegs |= is_whole
        return picture

    def _no_picture(self, reason: str) -> SourceLost:
        return explain(self._path, OSError(errno.EIO, reason))

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


def open_device(source: str, size: tuple[int, int], fps: float) -> Device:
    """Open what `camera.source` names. Raises: SourceLost."""
    return Device(find_node(source), size, fps)
