"""Exposure, focus and power-line frequency of a V4L2 camera, set where the settings ask for it and else left alone."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.camera.v4l2_stream import Ioctl
from config import settings

# Source: linux/videodev2.h and v4l2-controls.h. struct v4l2_queryctrl is id, type, name, minimum, maximum, step,
# default, flags; struct v4l2_control is id, value
_QUERYCTRL, _QUERY = 0xC0445624, struct.Struct("=II32siiiiI8x")
_S_CTRL, _CONTROL = 0xC008561C, struct.Struct("=Ii")
_DISABLED = 0x1
_POWER_LINE_FREQUENCY = 0x980918
_EXPOSURE_AUTO, _EXPOSURE_ABSOLUTE = 0x9A0901, 0x9A0902
_FOCUS_ABSOLUTE, _FOCUS_AUTO = 0x9A090A, 0x9A090C
_EXPOSURE_MANUAL, _EXPOSURES_BY_ITSELF = 1, (3, 0)  # webcams open for as long as it takes, at a fixed aperture: 3
_FREQUENCIES = {"off": 0, "50": 1, "60": 2, "auto": 3}


@dataclass(frozen=True, slots=True)
class _Step:
    """One control to set to the first of these values that the camera takes.

    optional: a camera without it is none the worse.
    """

    key: str
    shown: str
    control: int
    values: tuple[int, ...]
    optional: bool = False


def set_controls(path: Path, camera: settings.Camera, ioctl: Ioctl = fcntl.ioctl) -> str:
    """Set what the settings ask for; what the camera cannot do, with what it can, else empty. Never raises."""
    steps = list(_steps(camera))
    if not steps:
        return ""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return f"{steps[0].key}: {path} may not be set ({error.strerror})"
    try:
        return "; ".join(filter(None, (_set(fd, step, ioctl) for step in steps)))
    finally:
        os.close(fd)


def _steps(camera: settings.Camera) -> Iterator[_Step]:
    key, asked = "camera.exposure", camera.exposure
    if asked == "auto":
        yield _Step(key, asked, _EXPOSURE_AUTO, _EXPOSURES_BY_ITSELF)
    elif asked != settings.UNCHANGED:
        yield _Step(key, asked, _EXPOSURE_AUTO, (_EXPOSURE_MANUAL,), optional=True)
        yield _Step(key, asked, _EXPOSURE_ABSOLUTE, (int(asked),))
    key, asked = "camera.focus", camera.focus
    if asked == "auto":
        yield _Step(key, asked, _FOCUS_AUTO, (1,))
    elif asked != settings.UNCHANGED:
        yield _Step(key, asked, _FOCUS_AUTO, (0,), optional=True)
        yield _Step(key, asked, _FOCUS_ABSOLUTE, (int(asked),))
    asked = camera.power_line_frequency
    if asked != settings.UNCHANGED:
        yield _Step("camera.power_line_frequency", asked, _POWER_LINE_FREQUENCY, (_FREQUENCIES[asked],))


def _set(fd: int, step: _Step, ioctl: Ioctl) -> str:
    """Set one control; why not, else empty."""
    limits = _limits(fd, step.control, ioctl)
    if limits is None:
        return "" if step.optional else f"{step.key}: this camera has no such control, set it to {settings.UNCHANGED}"
    low, high = limits
    reason = f"{step.key}: {step.shown} is beyond this camera's {_range(step.control, low, high)}"
    for value in step.values:
        if not low <= value <= high:
            continue
        try:
            ioctl(fd, _S_CTRL, bytearray(_CONTROL.pack(step.control, value)))
            return ""
        except OSError as error:
            reason = f"{step.key}: the camera refuses {step.shown} ({error.strerror})"
    return "" if step.optional else reason


def _limits(fd: int, control: int, ioctl: Ioctl) -> tuple[int, int] | None:
    """Least and most of a control; None where the camera has none."""
    query = bytearray(_QUERY.pack(control, 0, b"", 0, 0, 0, 0, 0))
    try:
        ioctl(fd, _QUERYCTRL, query)
    except OSError:
        return None
    _, _, _, low, high, _, _, flags = _QUERY.unpack(query)
    return None if flags & _DISABLED else (low, high)


def _range(control: int, low: int, high: int) -> str:
    if control == _POWER_LINE_FREQUENCY:
        return ", ".join(name for name, value in _FREQUENCIES.items() if low <= value <= high)
    return f"{low} to {high}"
