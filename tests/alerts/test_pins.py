"""The GPIO character device against a fake kernel: line states, errnos and the sizes of the structs."""

from __future__ import annotations

import ctypes
import errno
import subprocess
import sys
from pathlib import Path

import pytest
from gpiozero import LED, PWMLED, Button, Buzzer
from gpiozero.exc import PinInvalidFunction, PinPWMUnsupported

from app.alerts.pins import open_output, pin_factory
from app.gpio.lines import Gpio, GpioBusy, GpioMissing, GpioRefused, GpioUnavailable, Line, OutputLine
from tests.support.gpio_kernel import ChipInfo, FakeChip, FakeKernel, LineInfo, LineRequest, LineValues, pi4
from tests.support.process import ROOT, open_files


@pytest.fixture
def kernel(tmp_path: Path) -> FakeKernel:
    return FakeKernel(tmp_path / "dev")


def test_structs_have_the_sizes_of_the_kernels_header() -> None:
    assert [ctypes.sizeof(kind) for kind in (ChipInfo, LineInfo, LineRequest, LineValues)] == [68, 256, 592, 16]


def test_buzzer_and_led_of_one_factory_drive_their_own_lines(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    path = kernel.dev / "gpiochip0"
    factory = pin_factory(gpio, {17: Line(path, 17), 27: Line(path, 27)})
    with Buzzer(17, pin_factory=factory) as buzzer, LED(27, pin_factory=factory) as led:
        chip.history.clear()
        buzzer.on()
        led.on()
        buzzer.off()
        assert chip.history == [(17, True), (27, True), (17, False)]
        assert (buzzer.value, led.value) == (0, 1)


def test_output_line_is_requested_low_and_named_drivewatch(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    open_output("buzzer", 17, gpio=gpio).close()
    assert chip.history[0] == (17, False)
    assert kernel.requests[0].consumer == b"drivewatch"
    assert kernel.requests[0].flags == 1 << 3, "an output"


def test_closed_line_is_off_released_and_can_be_opened_again(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    buzzer = open_output("buzzer", 17, gpio=gpio)
    buzzer.on()
    assert kernel.is_held(kernel.dev / "gpiochip0", 17)
    buzzer.close()
    buzzer.close()
    assert chip.history[-1] == (17, False)
    assert not kernel.is_held(kernel.dev / "gpiochip0", 17)
    reopened = open_output("buzzer", 17, gpio=gpio)
    reopened.on()
    assert chip.history[-1] == (17, True)


def test_lost_line_is_released_although_it_cannot_be_turned_off(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    line = OutputLine(gpio, Line(kernel.dev / "gpiochip0", 17))
    line.drive(True)
    kernel.lost = True
    with pytest.raises(OSError, match="No such device"):
        line.close()
    assert not kernel.is_held(kernel.dev / "gpiochip0", 17)
    assert not line.read()


@pytest.mark.parametrize("label", ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"])
def test_gpio_header_is_found_by_its_label_not_by_its_number(kernel: FakeKernel, label: str) -> None:
    kernel.add("gpiochip0", FakeChip("gpio-brcmstb@107d508500"))
    kernel.add("gpiochip1", FakeChip("raspberrypi-exp-gpio", errno=errno.EIO))
    kernel.add("gpiochip4", FakeChip(label))
    found = Gpio(kernel.dev, "", kernel.ioctl).find_line(17, "buzzer")
    assert found == Line(kernel.dev / "gpiochip4", 17)


def test_chip_named_by_its_path_is_used_whatever_its_label(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    kernel.add("gpiochip7", FakeChip("some-expander", lines=8))
    path = kernel.dev / "gpiochip7"
    assert gpio.find_line(3, "buzzer", str(path)) == Line(path, 3)


def test_a_connected_gpio_chardev_plug_is_line_0_of_its_own_chip(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel, snap="drivewatch")
    kernel.add("snap/gpio-chardev/drivewatch/buzzer", FakeChip("gpio-aggregator.0", lines=1))
    assert gpio.find_line(17, "buzzer") == Line(kernel.dev / "snap/gpio-chardev/drivewatch/buzzer", 0)
    assert gpio.find_line(27, "led") == Line(kernel.dev / "gpiochip0", 27)
    named = kernel.dev / "gpiochip0"
    assert gpio.find_line(17, "buzzer", str(named)) == Line(named, 17), "a chip named by its path comes first"


def test_gpio_chardev_plug_is_ignored_outside_a_snap(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    kernel.add("snap/gpio-chardev/buzzer", FakeChip("gpio-aggregator.0", lines=1))
    assert gpio.find_line(17, "buzzer") == Line(kernel.dev / "gpiochip0", 17)


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EPERM])  # AppArmor's, the device cgroup's
def test_a_refusal_in_a_snap_names_the_connection(kernel: FakeKernel, refusal: int) -> None:
    chip, gpio = pi4(kernel, snap="drivewatch")
    chip.errno = refusal
    with pytest.raises(GpioRefused, match=r"gpiochip0 is refused: `sudo snap connect drivewatch:gpio-control`"):
        open_output("buzzer", 17, gpio=gpio)


@pytest.mark.parametrize(
    ("chip", "wanted", "error", "words"),
    [
        (FakeChip("pinctrl-rp1", errno=errno.EACCES), (17, "buzzer"), PermissionError, "usermod -aG gpio"),
        (FakeChip("INT34C5:00"), (17, "buzzer"), GpioMissing, "no Raspberry Pi GPIO chip"),
        (
            FakeChip("pinctrl-rp1", lines=8),
            (8, "led"),
            GpioMissing,
            r"lines 0 to 7, not 8: change raspberry_pi\.led_pin",
        ),
        (FakeChip("pinctrl-rp1"), (17, "buzzer", "/none/gpiochip9"), FileNotFoundError, "no GPIO chip /none/gpiochip9"),
    ],
    ids=["refused", "no header", "no such line", "no such chip"],
)
def test_unusable_chip_is_reported_with_what_helps(
    kernel: FakeKernel, chip: FakeChip, wanted: tuple[int, str], error: type[OSError], words: str
) -> None:
    kernel.add("gpiochip0", chip)
    with pytest.raises(error, match=words):
        Gpio(kernel.dev, "", kernel.ioctl).find_line(*wanted)


def test_a_busy_line_names_its_holder(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    chip.holders[17] = "w1_gpio"
    with pytest.raises(GpioBusy, match=r"line 17 of .*gpiochip0 is in use by w1_gpio"):
        open_output("buzzer", 17, gpio=gpio)
    chip.holders[17] = ""
    with pytest.raises(GpioBusy, match="in use by the kernel"):
        open_output("buzzer", 17, gpio=gpio)


def test_file_that_is_not_a_gpio_chip_is_reported() -> None:
    with pytest.raises(GpioUnavailable, match="/dev/null is not a GPIO chip"):
        Gpio().find_line(17, "buzzer", "/dev/null")


def test_unknown_gpio_failure_is_reported_with_the_kernels_message(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    chip.errno = errno.EIO
    with pytest.raises(GpioUnavailable, match="Input/output error"):
        gpio.find_line(17, "buzzer", str(kernel.dev / "gpiochip0"))


def test_inputs_and_pwm_are_refused_with_a_clear_error(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    factory = pin_factory(gpio, {17: Line(kernel.dev / "gpiochip0", 17)})
    with pytest.raises(PinInvalidFunction, match="GPIO17 can only be an output here, not an input"):
        Button(17, pin_factory=factory)
    with pytest.raises(PinPWMUnsupported):
        PWMLED(17, pin_factory=factory)


def test_failed_attempts_leave_no_file_open(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    chip.holders[17] = "somebody"
    before = len(open_files())
    for _ in range(20):
        with pytest.raises(GpioBusy):
            open_output("buzzer", 17, gpio=gpio)
    assert len(open_files()) == before


def test_a_machine_without_gpio_never_imports_gpiozero(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from app.alerts.pins import *; from app.gpio.lines import *\n"
        f"try: open_output('buzzer', 17, gpio=Gpio(Path({str(tmp_path)!r})))\n"
        "except GpioMissing: sys.exit('gpiozero' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
