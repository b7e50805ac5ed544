"""A camera's stream by the ioctls of Video4Linux, without OpenCV, which hides a driver's errors and short pictures.

OpenCV does not tell how many bytes of a picture came, whether the driver marked it as damaged, or why a stream does not
start. Pictures are read where the driver put them.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import select
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.camera.pixel_formats import Layout

Ioctl = Callable[[int, int, bytearray], int]
"""fcntl.ioctl, or what stands in for it in a test."""

CAPTURE, MMAP = 1, 1  # the type of buffer, and where it is: V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_MEMORY_MMAP
_FLAG_ERROR = 0x40
# Source: linux/videodev2.h on 64 bit; bits 16 to 29 of a number are the size of its struct
_ENUM_FMT, _FMTDESC = 0xC0405602, struct.Struct("=3I32s4s16x")  # index, type, flags, description, fourcc
_S_FMT, _FORMAT = 0xC0D05605, struct.Struct("=I4xII4sIII176x")  # type, width, height, fourcc, field, line, image
_S_PARM, _PARM = 0xC0CC5616, struct.Struct("=5I184x")  # type, capability, mode, seconds of one frame as a fraction
REQBUFS, REQUEST = 0xC0145608, struct.Struct("=5I")  # count, type, memory, capabilities, flags
# index, type, bytesused, flags, field, timestamp, timecode, sequence, memory, offset, length
_QUERYBUF, _QBUF, _DQBUF, _BUFFER = 0xC0585609, 0xC058560F, 0xC0585611, struct.Struct("=5I4x16s16sIIQI12x")
_STREAMON, _STREAMOFF, _TYPE = 0x40045612, 0x40045613, struct.Struct("=I")
_FORMATS_MAX = 64

_WAIT_S = 3.0  # for a picture; a camera at 10 a second needs 0.2
_NEW_S = 0.15  # at shorter intervals than this even a picture that waited in a buffer is new
# Where the device gives two pictures in the time of one that is taken, a single buffer misses none
_SINGLE_BUFFER_RATE, _BUFFERS = 2.0, 3


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture where the driver put it; its bytes are valid until the next is waited for."""

    data: npt.NDArray[np.uint8]
    """A row of bytes, as many as came."""
    is_damaged: bool
    """As the driver says."""


class Stream:
    """An opened device. All methods raise OSError with the kernel's errno."""

    def __init__(self, path: Path, ioctl: Ioctl = fcntl.ioctl, clock: Callable[[], float] = time.monotonic) -> None:
        self._ioctl, self._clock = ioctl, clock
        self._buffers: list[mmap.mmap] = []
        self._held: int | None = None
        self._taken_s = 0.0
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def _ask(self, request: int, form: struct.Struct, *fields: int | bytes) -> tuple[int | bytes, ...]:
        answer = bytearray(form.pack(*fields))
        self._ioctl(self._fd, request, answer)
        return form.unpack(answer)

    def formats(self) -> Iterator[str]:
        """The fourcc of each format that the device has; none where the driver does not say."""
        for index in range(_FORMATS_MAX):
            try:
                *_, fourcc = self._ask(_ENUM_FMT, _FMTDESC, index, CAPTURE, 0, b"", b"")
            except OSError as error:
                if error.errno in (errno.EINVAL, errno.ENOTTY):
                    return
                raise
            yield _text(fourcc)

    def set_format(self, fourcc: str, size: tuple[int, int]) -> Layout:
        """Ask for a format and size in pixels; what the device gives, which may be others."""
        fields = self._ask(_S_FMT, _FORMAT, CAPTURE, *size, fourcc.encode(), 0, 0, 0)
        _, width, height, given, _, bytes_per_line, _ = fields
        return Layout(_text(given), int(width), int(height), int(bytes_per_line))

    def set_rate(self, fps: float) -> float:
        """Ask for pictures a second; how many there will be, 0 where the driver does not say."""
        try:
            *_, seconds, of = self._ask(_S_PARM, _PARM, CAPTURE, 0, 0, 1000, round(1000 * fps))
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return 0.0
            raise
        return int(of) / int(seconds) if seconds else 0.0

    def start(self, taken_fps: float, device_fps: float) -> None:
        """Begin to stream, at so many pictures a second of which so many are taken."""
        buffers = 1 if device_fps >= _SINGLE_BUFFER_RATE * taken_fps else _BUFFERS
        count, *_ = self._ask(REQBUFS, REQUEST, buffers, CAPTURE, MMAP, 0, 0)
        for index in range(int(count)):
            *_, offset, length = self._buffer(_QUERYBUF, index)
            self._buffers.append(mmap.mmap(self._fd, int(length), offset=int(offset)))
            self._queue(index)
        self._ask(_STREAMON, _TYPE, CAPTURE)

    def next(self) -> Shot:
        """Wait for a picture of this moment, not one that has waited in a buffer. Raises: TimeoutError, none comes."""
        now_s = self._clock()
        is_soon = now_s - self._taken_s < _NEW_S
        shot = self._newest()
        if shot and not is_soon:
            self._give_back()
            shot = None
        shot = shot or self._wait(now_s + _WAIT_S)
        self._taken_s = self._clock()
        return shot

    def _newest(self) -> Shot | None:
        """Of those that have waited; all others are given back to the driver."""
        self._give_back()
        newest = None
        for _ in self._buffers:
            if not (shot := self._dequeue()):
                break
            newest = shot
        return newest

    def _wait(self, end_s: float) -> Shot:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while (left_s := end_s - self._clock()) > 0:
            if poll.poll(1000 * left_s) and (shot := self._dequeue()):
                return shot
        raise TimeoutError(errno.ETIMEDOUT, "it sends no pictures")

    def _dequeue(self) -> Shot | None:
        """The oldest picture that waits, held in the place of the one before it; None if none waits."""
        try:
            fields = self._buffer(_DQBUF, 0)
        except BlockingIOError:
            return None
        index, _, used, flags = (int(field) for field in fields[:4])
        self._give_back()
        self._held = index
        data = np.frombuffer(self._buffers[index], np.uint8)[:used]
        return Shot(data, bool(flags & _FLAG_ERROR))

    def _give_back(self) -> None:
        if self._held is not None:
            index, self._held = self._held, None
            self._queue(index)

    def _queue(self, index: int) -> None:
        self._buffer(_QBUF, index)

    def _buffer(self, request: int, index: int) -> tuple[int | bytes, ...]:
        return self._ask(request, _BUFFER, index, CAPTURE, 0, 0, 0, b"", b"", 0, MMAP, 0, 0)

    def close(self) -> None:
        """End the stream and release the device; may be called twice."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        for buffer in self._buffers:
            with suppress(BufferError):  # a picture in it is still in use; it goes with that
                buffer.close()  # or it would keep the device open
        with suppress(OSError):  # of a device that is gone
            self._ioctl(fd, _STREAMOFF, bytearray(_TYPE.pack(CAPTURE)))
        os.close(fd)


def _text(fourcc: int | bytes) -> str:
    return bytes(fourcc).decode("latin-1") if isinstance(fourcc, bytes) else ""
