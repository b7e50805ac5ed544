"""Lines of the kernel's GPIO character device, by the ioctls that a strict snap may use."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.commands import grant, instance

# Source: Linux 6.1 include/uapi/linux/gpio.h, uAPI v2 (since 5.10); numbers, sizes and offsets agree with gcc's.
GET_CHIPINFO = 0x8044B401
GET_LINEINFO = 0xC100B405
GET_LINE = 0xC250B407
GET_VALUES = 0xC010B40E
SET_VALUES = 0xC010B40F
CHIP_INFO = struct.Struct("=32s 32s I")  # name, label, lines
LINE_INFO = struct.Struct("=32s 32s I I Q 160x 16x")  # name, consumer, offset, num_attrs, flags, attrs
# offsets, consumer, config (flags, num_attrs, then its first attribute: id, values, mask), num_lines, fd
LINE_REQUEST = struct.Struct("=64I 32s  Q I 20x I 4x Q Q 216x  I 4x 20x i")
LINE_VALUES = struct.Struct("=Q Q")  # bits, mask
FLAG_ACTIVE_LOW, FLAG_INPUT, FLAG_OUTPUT, FLAG_PULL_UP, FLAG_PULL_DOWN = 1 << 1, 1 << 2, 1 << 3, 1 << 8, 1 << 9
FLAG_EDGES = 1 << 4 | 1 << 5  # rising and falling
ATTR_OUTPUT_VALUES = 2

# The header's chip. Source: `.label` in Linux' pinctrl-bcm2835.c and pinctrl-rp1.c. Its number is no guide: a Pi 5
# has it as gpiochip4 with early 6.6 kernels and as gpiochip0 now.
HEADER_LABELS = frozenset({"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"})
CHIPS_MAX = 32  # a Pi 5 has 14; asking by number needs no right to list /dev
CONSUMER = b"drivewatch"

Ioctl = Callable[[int, int, bytearray], int]


class GpioUnavailable(OSError):
    """The line cannot be had; the text says why and what helps, remedy the command in it, if any."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy


class GpioMissing(GpioUnavailable, FileNotFoundError):
    """There is no such chip or line."""


class GpioRefused(GpioUnavailable, PermissionError):
    """The chip is there, but this process may not open it."""


class GpioBusy(GpioUnavailable, BlockingIOError):
    """Somebody else holds the line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a GPIO chip. active_low: its "on" is the low level, and "off" the high one."""

    chip: Path
    offset: int
    active_low: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """What a GPIO chip says of itself."""

    label: str
    lines: int


@dataclass(frozen=True, slots=True)
class Gpio:
    """The GPIO character devices of this machine; `snap` is empty outside a snap."""

    dev: Path = Path("/dev")
    snap: str = field(default_factory=instance)
    ioctl: Ioctl = fcntl.ioctl

    def find_line(self, pin: int, plug: str, chip: str = "auto", *, active_low: bool = False) -> Line:
        """Say where a line is: plug is "buzzer", "led", "button", "lamp" or "ignition", pin its BCM number.

        A connected gpio-chardev plug of that name wins, as the gadget chose its line. On a chip given by its
        path the pin is the offset. Raises: GpioUnavailable.
        """
        aggregated = self.dev / "snap/gpio-chardev" / self.snap / plug
        if chip == "auto" and self.snap and aggregated.exists():
            return self._existing(Line(aggregated, 0, active_low), plug)
        path = self._header_chip() if chip == "auto" else Path(chip)
        return self._existing(Line(path, pin, active_low), plug)

    def request_output(self, line: Line, state: bool) -> int:
        """Take the line in this state and return a file descriptor, to be closed. Raises: GpioUnavailable."""
        return self._request(line, FLAG_OUTPUT, (1, ATTR_OUTPUT_VALUES, state, 1))

    def request_input(self, line: Line, *, edges: bool = False) -> int:
        """The same for an input. A line that nothing drives is off: it is pulled to the other level.

        edges: the descriptor becomes readable when the level changes.
        """
        flags = FLAG_INPUT | (FLAG_PULL_UP if line.active_low else FLAG_PULL_DOWN) | (FLAG_EDGES if edges else 0)
        return self._request(line, flags, (0, 0, 0, 0))

    def level(self, line_fd: int) -> bool:
        """Whether the line behind this descriptor is on. Raises: OSError when it is lost."""
        values = bytearray(LINE_VALUES.pack(0, 1))
        self.ioctl(line_fd, GET_VALUES, values)
        return bool(LINE_VALUES.unpack(values)[0])

    def _request(self, line: Line, flags: int, attribute: tuple[int, int, int, int]) -> int:
        flags |= FLAG_ACTIVE_LOW if line.active_low else 0
        request = bytearray(LINE_REQUEST.pack(line.offset, *[0] * 63, CONSUMER, flags, *attribute, 1, 0))
        with self._open(line.chip) as chip_fd:
            try:
                self.ioctl(chip_fd, GET_LINE, request)
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                raise self._busy(chip_fd, line) from error
        line_fd: int = LINE_REQUEST.unpack(request)[-1]
        return line_fd

    def _chip(self, path: Path) -> Chip:
        info = bytearray(CHIP_INFO.size)
        with self._open(path) as chip_fd:
            self.ioctl(chip_fd, GET_CHIPINFO, info)
        _, label, lines = CHIP_INFO.unpack(info)
        return Chip(_text(label), lines)

    def _header_chip(self) -> Path:
        refused: GpioRefused | None = None
        for path in (self.dev / f"gpiochip{number}" for number in range(CHIPS_MAX)):
            try:
                if self._chip(path).label in HEADER_LABELS:
                    return path
            except GpioRefused as error:
                refused = refused or error
            except GpioUnavailable:
                continue
        raise refused or GpioMissing(
            f"no Raspberry Pi GPIO chip under {self.dev}: on another board name one in raspberry_pi.gpio_chip"
        )

    def _existing(self, line: Line, plug: str) -> Line:
        lines = self._chip(line.chip).lines
        if line.offset >= lines:
            section = "vehicle" if plug == "ignition" else "raspberry_pi"
            raise GpioMissing(f"{line.chip} has lines 0 to {lines - 1}, not {line.offset}: change {section}.{plug}_pin")
        return line

    @contextmanager
    def _open(self, path: Path) -> Iterator[int]:
        try:
            chip_fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                yield chip_fd
            finally:
                os.close(chip_fd)
        except GpioUnavailable:
            raise
        except OSError as error:
            raise self._explained(path, error) from error

    def _explained(self, path: Path, error: OSError) -> GpioUnavailable:
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            return GpioMissing(f"there is no GPIO chip {path}: `ls {self.dev}/gpiochip*` lists those there are")
        if error.errno in (errno.EACCES, errno.EPERM):
            remedy, then = grant("gpio-control", "gpio", self.snap)
            return GpioRefused(f"{path} is refused: `{remedy}`{then}", remedy)
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            return GpioUnavailable(f"{path} is not a GPIO chip, or the kernel is older than 5.10: `uname -r`")
        remedy = "sudo dmesg | grep -i gpio"
        return GpioUnavailable(f"{path} fails: {error.strerror}; `{remedy}` may say why", remedy)

    def _busy(self, chip_fd: int, line: Line) -> GpioBusy:
        info = bytearray(LINE_INFO.pack(b"", b"", line.offset, 0, 0))
        self.ioctl(chip_fd, GET_LINEINFO, info)
        holder = _text(LINE_INFO.unpack(info)[1]) or "the kernel"
        return GpioBusy(f"line {line.offset} of {line.chip} is in use by {holder}: end that, or choose another pin")


def _text(name: bytes) -> str:
    return name.split(b"\0")[0].decode(errors="replace")


class OutputLine:
    """One line as an output, taken when it is first driven and off when given back."""

    def __init__(self, gpio: Gpio, line: Line) -> None:
        self._gpio = gpio
        self._line = line
        self._fd: int | None = None

    def drive(self, state: bool) -> None:
        """Set the line. Raises: GpioUnavailable when it cannot be taken, OSError when it is lost later."""
        if self._fd is None:
            self._fd = self._gpio.request_output(self._line, state)
        else:
            self._gpio.ioctl(self._fd, SET_VALUES, bytearray(LINE_VALUES.pack(state, 1)))

    def read(self) -> bool:
        """Read back what the line is driven to."""
        if self._fd is None:
            return False
        return self._gpio.level(self._fd)

    def close(self) -> None:
        """Turn the line off, as some kernels leave it as it was, and give it back."""
        if self._fd is None:
            return
        try:
            self.drive(False)
        finally:
            os.close(self._fd)
            self._fd = None


class InputLine:
    """One line as an input, taken when it is first read; after a failure it is taken again."""

    def __init__(self, gpio: Gpio, find: Callable[[], Line]) -> None:
        """find: says where the line is; may raise GpioUnavailable."""
        self._gpio, self._find = gpio, find
        self._fd: int | None = None

    def read(self) -> bool:
        """Whether it is on. Raises: GpioUnavailable when it cannot be had."""
        if self._fd is None:
            self._fd = self._gpio.request_input(self._find())
        try:
            return self._gpio.level(self._fd)
        except OSError as error:
            self.close()
            raise GpioUnavailable(f"a GPIO input is lost: {error.strerror}") from error

    def close(self) -> None:
        """Give it back."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
