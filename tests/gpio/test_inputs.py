"""Inputs and active-low outputs: the flags requested from the kernel, and lost lines."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from app.gpio.lines import (
    CHIP_INFO,
    GET_CHIPINFO,
    GET_LINE,
    GET_VALUES,
    LINE_REQUEST,
    LINE_VALUES,
    Gpio,
    GpioUnavailable,
    InputLine,
)

INPUT, OUTPUT, ACTIVE_LOW, PULL_UP, PULL_DOWN = 4, 8, 2, 256, 512  # linux/gpio.h
FLAGS = slice(64 * 4 + 32, 64 * 4 + 40)  # after offsets and consumer


class Kernel:
    """One chip whose lines have the level that a test sets."""

    def __init__(self, dev: Path) -> None:
        (dev / "gpiochip0").touch()
        self.gpio = Gpio(dev, "", self.ioctl)
        self.level = False
        self.flags: list[int] = []
        self.error = 0

    def ioctl(self, fd: int, number: int, buffer: bytearray) -> int:
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        if number == GET_CHIPINFO:
            buffer[:] = CHIP_INFO.pack(b"gpiochip0", b"pinctrl-bcm2711", 58)
        elif number == GET_LINE:
            self.flags.append(int.from_bytes(buffer[FLAGS], "little"))
            *_, line_fd = LINE_REQUEST.unpack(buffer)
            assert line_fd == 0
            buffer[-4:] = os.dup(fd).to_bytes(4, "little")
        else:
            assert number == GET_VALUES
            buffer[:] = LINE_VALUES.pack(self.level, 1)
        return 0


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


@pytest.mark.parametrize(("active_low", "flags"), [(False, INPUT | PULL_DOWN), (True, INPUT | PULL_UP | ACTIVE_LOW)])
def test_input_is_requested_with_the_pull_of_its_off_level(active_low: bool, flags: int, kernel: Kernel) -> None:
    line = InputLine(kernel.gpio, lambda: kernel.gpio.find_line(22, "button", active_low=active_low))
    kernel.level = True
    assert line.read() is True and kernel.flags == [flags]
    kernel.level = False
    assert line.read() is False and len(kernel.flags) == 1
    line.close()


def test_active_low_output_is_requested_as_active_low(kernel: Kernel) -> None:
    found = kernel.gpio.find_line(17, "buzzer", active_low=True)
    os.close(kernel.gpio.request_output(found, False))
    assert kernel.flags == [OUTPUT | ACTIVE_LOW]


def test_lost_input_is_requested_again(kernel: Kernel) -> None:
    line = InputLine(kernel.gpio, lambda: kernel.gpio.find_line(22, "button"))
    line.read()
    kernel.error = errno.ENODEV
    with pytest.raises(GpioUnavailable, match="a GPIO input is lost"):
        line.read()
    kernel.error = 0
    assert line.read() is False and len(kernel.flags) == 2
    line.close()


def test_missing_pin_is_reported_with_its_setting(kernel: Kernel) -> None:
    with pytest.raises(GpioUnavailable, match=r"change vehicle\.ignition_pin"):
        kernel.gpio.find_line(99, "ignition")
    with pytest.raises(GpioUnavailable, match=r"change raspberry_pi\.button_pin"):
        kernel.gpio.find_line(99, "button")
