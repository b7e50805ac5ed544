"""Inputs and active-low outputs: the flags requested from the kernel, and lost lines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.gpio.lines import GpioUnavailable, InputLine
from tests.support.gpio_kernel import FakeKernel, pi4

INPUT, OUTPUT, ACTIVE_LOW, PULL_UP, PULL_DOWN = 4, 8, 2, 256, 512  # linux/gpio.h


@pytest.fixture
def kernel(tmp_path: Path) -> FakeKernel:
    return FakeKernel(tmp_path / "dev")


@pytest.mark.parametrize(("active_low", "flags"), [(False, INPUT | PULL_DOWN), (True, INPUT | PULL_UP | ACTIVE_LOW)])
def test_input_is_requested_with_the_pull_of_its_off_level(active_low: bool, flags: int, kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    line = InputLine(gpio, lambda: gpio.find_line(22, "button", active_low=active_low))
    assert line.read() is False
    chip.history.append((22, True))
    assert line.read() is True
    assert [request.flags for request in kernel.requests] == [flags]
    line.close()


def test_active_low_output_is_requested_as_active_low(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    os.close(gpio.request_output(gpio.find_line(17, "buzzer", active_low=True), False))
    assert kernel.requests[0].flags == OUTPUT | ACTIVE_LOW


def test_lost_input_is_requested_again(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    line = InputLine(gpio, lambda: gpio.find_line(22, "button"))
    line.read()
    kernel.lost = True
    with pytest.raises(GpioUnavailable, match="a GPIO input is lost"):
        line.read()
    kernel.lost = False
    assert line.read() is False and len(kernel.requests) == 2
    line.close()


def test_missing_pin_is_reported_with_its_setting(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    with pytest.raises(GpioUnavailable, match=r"change vehicle\.ignition_pin"):
        gpio.find_line(99, "ignition")
    with pytest.raises(GpioUnavailable, match=r"change raspberry_pi\.button_pin"):
        gpio.find_line(99, "button")
