"""Cameras of the Video4Linux kernel interface: which nodes are cameras, and reading them."""

import errno
import fcntl
import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
from cv2.typing import MatLike

from app.pictures import SourceLost

Ioctl = Callable[[int, int, bytearray], int]
"""fcntl.ioctl, or what stands in for it in a test."""

# linux/videodev2.h: struct v4l2_capability is driver[16], card[32], bus_info[32], version, capabilities,
# device_caps, reserved[3]; device_caps is what this node can do, capabilities what the whole device can.
_CAPABILITY = struct.Struct("=16s32s32s6I")
_VIDIOC_QUERYCAP = 0x80685600
_VIDEO_CAPTURE, _VIDEO_M2M_MPLANE, _VIDEO_M2M, _DEVICE_CAPS = 0x1, 0x4000, 0x8000, 0x8000_0000
# struct v4l2_requestbuffers: count, type, memory, capabilities, flags. Asking for none changes nothing but
# answers EBUSY while another program streams, where OpenCV would wait 10 s for each of its own attempts.
_REQUEST_BUFFERS = struct.Struct("=5I")
_VIDIOC_REQBUFS = 0xC0145608
_BUF_TYPE_VIDEO_CAPTURE, _MEMORY_MMAP = 1, 1

# Nodes of the Pi that exist without a camera (codec, ISP), and its ribbon cable receivers, whose raw sensor
# data needs libcamera. Source: shared/snap-facts.md section 4.
_NOT_CAMERAS = ("bcm2835-codec", "bcm2835-isp", "pispbe", "rpi-hevc", "rpivid", "unicam", "rp1-cfe")

_CONNECT = "`sudo snap connect drivewatch:camera` (outside the snap: `sudo usermod -aG video $USER`)"
# s that OpenCV waits for a picture, 10 of its own accord; a camera at 5 a second never needs so long.
_SELECT_TIMEOUT_S = "3"
# UVC cameras offer 5 and more; the slower, the less USB and processor time is spent on pictures nobody takes.
_MIN_DEVICE_FPS = 5.0


@dataclass(frozen=True, slots=True)
class Node:
    """What a /dev/videoN says of itself."""

    path: Path
    driver: str
    card: str
    captures: bool

    @property
    def is_camera(self) -> bool:
        """Whether pictures of the world come from it."""
        return self.captures and not self.driver.startswith(_NOT_CAMERAS)

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


def video_nodes(dev: Path = Path("/dev")) -> list[Path]:
    """The /dev/videoN in order of their numbers."""
    return sorted(dev.glob("video[0-9]*"), key=lambda path: int(re.sub(r"\D", "", path.name)))


def find_camera(dev: Path = Path("/dev"), ioctl: Ioctl = fcntl.ioctl) -> Node:
    """The node that `auto` means: the first USB camera, else the first other camera. Raises: SourceLost."""
    cameras: list[Node] = []
    refusals: list[SourceLost] = []
    for path in video_nodes(dev):
        try:
            node = query_node(path, ioctl)
            if node.is_camera:
                check_free(node, ioctl)
                cameras.append(node)
        except OSError as error:
            refusals.append(explain(path, error))
    if cameras:
        return min(cameras, key=lambda node: node.driver != "uvcvideo")  # the first of the best
    raise refusals[0] if refusals else SourceLost(f"no camera found: plug a USB camera in; if it is, {_CONNECT}")


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


def check_free(node: Node, ioctl: Ioctl = fcntl.ioctl) -> None:
    """Find out whether another program uses the camera. Raises: OSError."""
    request = _REQUEST_BUFFERS.pack(0, _BUF_TYPE_VIDEO_CAPTURE, _MEMORY_MMAP, 0, 0)
    try:
        _ask(node.path, ioctl, _VIDIOC_REQBUFS, bytearray(request))
    except OSError as error:
        if error.errno == errno.EBUSY:  # any other answer is the driver's own way; opening will tell
            raise


def explain(path: Path, error: OSError) -> SourceLost:
    """Say what is wrong with a device and what helps."""
    match error.errno:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            text = f"{path} does not exist: plug the camera in, or set camera.source to auto"
        case errno.EACCES | errno.EPERM:
            text = f"{path} may not be opened: {_CONNECT}"
        case errno.EBUSY:
            text = f"{path} is used by another program: `sudo fuser -v {path}` names it"
        case errno.ENOTTY | errno.EINVAL:
            text = f"{path} gives no pictures of its own: set camera.source to auto"
        case _:
            text = f"{path} gives no picture ({error.strerror}): plug the camera out and in again"
    return SourceLost(text)


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
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", _SELECT_TIMEOUT_S)
        self._capture = open_capture(str(node.path), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise self._no_picture()
        self._request(size, fps)
        get = self._capture.get
        self.size: tuple[int, int] | None = (
            int(get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        self._buffers = max(1, int(get(cv2.CAP_PROP_BUFFERSIZE)))

    def _request(self, size: tuple[int, int], fps: float) -> None:
        # A device that has another format, size or rate keeps its own: that is no error.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        self._capture.set(cv2.CAP_PROP_FPS, max(fps, _MIN_DEVICE_FPS))

    def grab(self, time_s: float) -> None:
        """Wait for the device's next picture.

        Each grab gives the buffer held to the driver before it takes another: after as many grabs as there
        are buffers, all that were filled in the past are gone.
        """
        for _ in range(self._buffers):
            if not self._capture.grab():
                raise self._no_picture()

    def retrieve(self) -> MatLike | None:
        """Decode it."""
        return self._capture.retrieve()[1]

    def _no_picture(self) -> SourceLost:
        return explain(self._path, OSError(errno.EIO, "it has stopped sending"))

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


def open_device(source: str, size: tuple[int, int], fps: float) -> Device:
    """Open what `camera.source` names. Raises: SourceLost."""
    return Device(find_node(source), size, fps)
