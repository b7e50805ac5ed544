"""A kernel that answers the ioctls of the GPIO character device; the structs are those of its header."""

from __future__ import annotations

import ctypes
import errno
import os
from dataclasses import dataclass, field
from pathlib import Path

from app.gpio.lines import Gpio
from tests.support.process import open_files


class ChipInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * 32), ("label", ctypes.c_char * 32), ("lines", ctypes.c_uint32)]


class Attribute(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint32), ("padding", ctypes.c_uint32), ("values", ctypes.c_uint64)]


class ConfigAttribute(ctypes.Structure):
    _fields_ = [("attr", Attribute), ("mask", ctypes.c_uint64)]


class LineInfo(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char * 32),
        ("consumer", ctypes.c_char * 32),
        ("offset", ctypes.c_uint32),
        ("num_attrs", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("attrs", Attribute * 10),
        ("padding", ctypes.c_uint32 * 4),
    ]


class LineRequest(ctypes.Structure):
    _fields_ = [
        ("offsets", ctypes.c_uint32 * 64),
        ("consumer", ctypes.c_char * 32),
        ("flags", ctypes.c_uint64),
        ("num_attrs", ctypes.c_uint32),
        ("config_padding", ctypes.c_uint32 * 5),
        ("attrs", ConfigAttribute * 10),
        ("num_lines", ctypes.c_uint32),
        ("event_buffer_size", ctypes.c_uint32),
        ("padding", ctypes.c_uint32 * 5),
        ("fd", ctypes.c_int32),
    ]


class LineValues(ctypes.Structure):
    _fields_ = [("bits", ctypes.c_uint64), ("mask", ctypes.c_uint64)]


@dataclass
class FakeChip:
    label: str
    lines: int = 28
    errno: int = 0
    holders: dict[int, str] = field(default_factory=dict)
    history: list[tuple[int, bool]] = field(default_factory=list)  # (offset, level) of each write; the last is read


@dataclass
class FakeKernel:
    """Answers the GPIO ioctls for chips that are plain files under dev."""

    dev: Path
    chips: dict[Path, FakeChip] = field(default_factory=dict)
    requests: list[LineRequest] = field(default_factory=list)
    lost: bool = False

    def add(self, name: str, chip: FakeChip) -> FakeChip:
        path = self.dev / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.chips[path] = chip
        return chip

    def ioctl(self, fd: int, number: int, buffer: bytearray) -> int:
        assert len(buffer) == number >> 16 & 0x3FFF, "the size is part of the number"
        assert number >> 8 & 0xFF == 0xB4
        path = Path(f"/proc/self/fd/{fd}").readlink()
        if path in self.chips:
            self._chip_ioctl(self.chips[path], path, number & 0xFF, buffer)
        else:
            self._line_ioctl(path, number & 0xFF, LineValues.from_buffer(buffer))
        return 0

    def _chip_ioctl(self, chip: FakeChip, path: Path, number: int, buffer: bytearray) -> None:
        if chip.errno:
            raise OSError(chip.errno, os.strerror(chip.errno))
        if number == 0x01:
            info = ChipInfo.from_buffer(buffer)
            info.label, info.lines = chip.label.encode(), chip.lines
        elif number == 0x05:
            line = LineInfo.from_buffer(buffer)
            line.consumer = chip.holders.get(line.offset, "").encode()
        elif number == 0x07:
            self._request(chip, path, LineRequest.from_buffer(buffer))
        else:
            raise OSError(errno.ENOTTY, "no such ioctl")

    def _request(self, chip: FakeChip, path: Path, request: LineRequest) -> None:
        offset = request.offsets[0]
        if offset in chip.holders or self.is_held(path, offset):
            raise OSError(errno.EBUSY, "Device or resource busy")
        outputs = request.flags >> 3 & 1
        assert (request.num_lines, request.num_attrs, request.attrs[0].mask) == (1, outputs, outputs)
        assert request.attrs[0].attr.id == 2 * outputs
        assert not any(request.padding) and not any(request.config_padding)
        self.requests.append(LineRequest.from_buffer_copy(request))
        chip.history.append((offset, bool(request.attrs[0].attr.values)))
        request.fd = os.open(self._line_file(path, offset), os.O_CREAT | os.O_RDWR)

    def _line_ioctl(self, path: Path, number: int, values: LineValues) -> None:
        assert values.mask == 1
        if self.lost:
            raise OSError(errno.ENODEV, "No such device")
        name, _, offset = path.name.rpartition(".")
        history = next(chip.history for chip_path, chip in self.chips.items() if chip_path.name == name)
        if number == 0x0F:
            history.append((int(offset), bool(values.bits)))
        else:
            assert number == 0x0E
            values.bits = [level for line, level in history if line == int(offset)][-1]

    def _line_file(self, chip: Path, offset: int) -> Path:
        return self.dev / f"{chip.name}.{offset}"

    def is_held(self, chip: Path, offset: int) -> bool:
        return str(self._line_file(chip, offset)) in open_files()


def pi4(kernel: FakeKernel, snap: str = "") -> tuple[FakeChip, Gpio]:
    """The header's chip of a Pi 4, and its lines through this kernel."""
    chip = kernel.add("gpiochip0", FakeChip("pinctrl-bcm2711", lines=58))
    return chip, Gpio(kernel.dev, snap, kernel.ioctl)
