"""Cameras of the Video4Linux kernel interface: finding the node of a camera, and what helps where one fails."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.camera.pictures import CABLE_REMEDY, SourceLost, SourceRefused
from app.camera.v4l2_stream import CAPTURE, MMAP, REQBUFS, REQUEST, Ioctl
from config.commands import grant

# linux/videodev2.h: struct v4l2_capability is driver[16], card[32], bus_info[32], version, capabilities,
# device_caps, reserved[3]; device_caps is what this node can do, capabilities what the whole device can.
_CAPABILITY = struct.Struct("=16s32s32s6I")
_VIDIOC_QUERYCAP = 0x80685600
_VIDEO_CAPTURE, _VIDEO_M2M_MPLANE, _VIDEO_M2M, _DEVICE_CAPS = 0x1, 0x4000, 0x8000, 0x8000_0000

# Nodes of the Pi that exist without a camera, and its ribbon cable receivers, whose raw sensor data needs libcamera.
# Source: the names of these drivers in Raspberry Pi's Linux 6.6.
_CODECS = ("bcm2835-codec", "bcm2835-isp", "pispbe", "rpi-hevc", "rpivid")
_RIBBON_CABLE = ("unicam", "rp1-cfe")
_NODES = 64  # the Pi's own end at 31; asking by number needs no right to list /dev

_NO_CAMERA = "no camera found: plug a USB camera in; `lsusb` lists what is plugged in"
_ONLY_RIBBON_CABLE = "a camera on the ribbon cable cannot be read: plug a USB camera in"
# What helps, where no command does
_PLUG_REMEDY = "plug the camera out and in again"
_BANDWIDTH_REMEDY = "plug it into another USB port, away from other devices, or set a smaller camera.width and height"
_FORMAT_REMEDY = "take a camera that sends MJPEG or YUYV, as nearly all webcams do"


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
    """Refuse a camera that another program uses: asking for no buffers changes nothing. Raises: OSError."""
    try:
        _ask(node.path, ioctl, REQBUFS, bytearray(REQUEST.pack(0, CAPTURE, MMAP, 0, 0)))
    except OSError as error:
        if error.errno == errno.EBUSY:  # other answers differ by driver and say nothing; opening will show
            raise


def explain(path: Path, error: OSError) -> SourceLost:
    """What is wrong with a device, then what helps."""
    match error.errno:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            text = f"{path} does not exist: plug the camera in, or set camera.source to auto"
        case errno.EACCES | errno.EPERM:
            remedy, then = grant("camera", "video")
            return SourceRefused(f"{path} may not be opened: `{remedy}`{then}", remedy)
        case errno.EBUSY:
            remedy = f"sudo fuser -v {path}"
            return SourceLost(f"{path} is used by another program: `{remedy}` names it", remedy)
        case errno.ENOTTY | errno.EINVAL:
            text = f"{path} gives no pictures of its own: set camera.source to auto"
        case errno.ENOSPC:
            text = f"{path} finds too little USB bandwidth: {_BANDWIDTH_REMEDY}"
            return SourceRefused(text, _BANDWIDTH_REMEDY)
        case errno.EPROTO | errno.EILSEQ | errno.EOVERFLOW:  # of the USB bus; source: Linux' usb/error-codes.rst
            return SourceLost(f"{path} is badly connected ({error.strerror}): {CABLE_REMEDY}", CABLE_REMEDY)
        case _:
            return SourceLost(f"{path} gives no picture ({error.strerror}): {_PLUG_REMEDY}", _PLUG_REMEDY)
    return SourceLost(text)


def unreadable(node: Node, formats: Sequence[str]) -> SourceLost:
    """A camera that has none of the formats that can be read."""
    text = f"{node} sends only {', '.join(formats)}, which cannot be read: {_FORMAT_REMEDY}"
    return SourceRefused(text, _FORMAT_REMEDY)
