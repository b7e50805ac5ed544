"""A fake V4L2 driver: it answers a Stream's ioctls, and its buffers are a plain file."""

from __future__ import annotations

import errno
import os
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import floor
from pathlib import Path

from app.camera.v4l2 import Node
from app.camera.v4l2_stream import Stream

BUFFER_BYTES = 1 << 20
FLAG_ERROR = 0x40
# The numbers of the calls, as linux/videodev2.h counts them
ENUM_FMT, S_FMT, S_PARM, REQBUFS, QUERYBUF, QBUF, DQBUF, STREAMON, STREAMOFF = 2, 5, 22, 8, 9, 15, 17, 18, 19


@dataclass(frozen=True)
class Sent:
    """What the driver puts into a buffer."""

    data: bytes
    flags: int = 0


@dataclass
class Driver:
    """Pictures come at a steady rate into the buffers queued, and are lost while there are none."""

    file: Path
    picture: Callable[[int], Sent] = lambda number: Sent(bytes([number % 256]) * (320 * 240))
    formats: tuple[str, ...] = ("GREY",)
    size: tuple[int, int] = (320, 240)
    bytes_per_line: int = 0
    fps: float = 10.0
    min_buffers: int = 1
    errors: dict[int, int] = field(default_factory=dict)
    asked: dict[int, bytes] = field(default_factory=dict)
    now_s: float = 0.0
    last: int = -1
    buffers: int = 0
    is_streaming: bool = False
    queued: deque[tuple[int, float]] = field(default_factory=deque)

    def open(self, path: Path) -> Stream:
        self.file.write_bytes(bytes(8 * BUFFER_BYTES))
        return Stream(self.file, self.ioctl, lambda: self.now_s)

    def ioctl(self, fd: int, request: int, answer: bytearray) -> int:
        assert len(answer) == request >> 16 & 0x3FFF, "the size is part of the number"
        call = request & 0xFF
        self.asked[call] = bytes(answer)
        if call in self.errors:
            raise OSError(self.errors[call], os.strerror(self.errors[call]))
        self._answer(fd, call, answer)
        return 0

    def _answer(self, fd: int, call: int, answer: bytearray) -> None:
        index = int.from_bytes(answer[:4], "little")
        if call == ENUM_FMT:
            if index >= len(self.formats):
                raise OSError(errno.EINVAL, "no more")
            answer[44:48] = self.formats[index].encode()
        elif call == S_FMT:
            asked = answer[16:20].decode()
            given = asked if asked in self.formats else self.formats[0]
            struct.pack_into("II4sII", answer, 8, *self.size, given.encode(), 1, self.bytes_per_line)
        elif call == S_PARM:
            struct.pack_into("II", answer, 12, 10, round(10 * self.fps))
        elif call == REQBUFS:
            self.buffers = max(index, self.min_buffers)
            struct.pack_into("I", answer, 0, self.buffers)
        elif call == QUERYBUF:
            struct.pack_into("QI", answer, 64, index * BUFFER_BYTES, BUFFER_BYTES)
        elif call == QBUF:
            self.queued.append((index, self.now_s))
        elif call == DQBUF:
            self._fill(fd, answer)
        else:
            self.is_streaming = call == STREAMON

    def _fill(self, fd: int, answer: bytearray) -> None:
        number = max(self.last, floor(self.queued[0][1] * self.fps)) + 1 if self.queued else self.last
        if not self.queued or number / self.fps > self.now_s:
            self.now_s += 0.001  # time passes while the caller polls
            raise BlockingIOError(errno.EAGAIN, "none yet")
        index, _ = self.queued.popleft()
        self.last, sent = number, self.picture(number)
        os.pwrite(fd, sent.data, index * BUFFER_BYTES)
        struct.pack_into("5I", answer, 0, index, 1, len(sent.data), sent.flags, 1)


NODE = Node(Path("/dev/video0"), "uvcvideo", "A Camera", captures=True)
