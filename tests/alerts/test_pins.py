"""The GPIO character device, against a kernel that is played here: states, errnos and the structs by their header."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from gpiozero import LED, PWMLED, Button, Buzzer
from gpiozero.exc import PinInvalidFunction, PinPWMUnsupported

from app.alerts.pins import (
    Gpio,
    GpioBusy,
    GpioMissing,
    GpioRefused,
    GpioUnavailable,
    Line,
    OutputLine,
    open_output,
    pin_factory,
)


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
    history: list[tuple[int, bool]] = field(default_factory=list)  # (offset, level) of each write


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
        assert request.num_lines == request.num_attrs == request.attrs[0].mask == 1
        assert request.attrs[0].attr.id == 2
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


def open_files() -> list[str]:
    links = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except FileNotFoundError:  # the listing's own descriptor
            continue
    return links


@pytest.fixture
def kernel(tmp_path: Path) -> FakeKernel:
    return FakeKernel(tmp_path / "dev")


def pi4(kernel: FakeKernel, snap: str = "") -> tuple[FakeChip, Gpio]:
    chip = kernel.add("gpiochip0", FakeChip("pinctrl-bcm2711", lines=58))
    return chip, Gpio(kernel.dev, snap, kernel.ioctl)


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


def test_a_line_is_taken_low_and_in_our_name(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    open_output("buzzer", 17, gpio=gpio).close()
    assert chip.history[0] == (17, False)
    assert kernel.requests[0].consumer == b"drivewatch"
    assert kernel.requests[0].flags == 1 << 3, "an output"


def test_closing_turns_the_line_off_and_gives_it_back(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    buzzer = open_output("buzzer", 17, gpio=gpio)
    buzzer.on()
    assert kernel.is_held(kernel.dev / "gpiochip0", 17)
    buzzer.close()
    buzzer.close()
    assert chip.history[-1] == (17, False)
    assert not kernel.is_held(kernel.dev / "gpiochip0", 17)


def test_a_closed_output_can_be_opened_again(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    open_output("led", 27, gpio=gpio).close()
    led = open_output("led", 27, gpio=gpio)
    led.on()
    assert chip.history[-1] == (27, True)


def test_a_lost_line_is_given_back_although_it_cannot_be_turned_off(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    line = OutputLine(gpio, Line(kernel.dev / "gpiochip0", 17))
    line.drive(True)
    kernel.lost = True
    with pytest.raises(OSError, match="No such device"):
        line.close()
    assert not kernel.is_held(kernel.dev / "gpiochip0", 17)
    assert not line.read()


@pytest.mark.parametrize("label", ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"])
def test_the_header_is_known_by_its_label_not_by_its_number(kernel: FakeKernel, label: str) -> None:
    kernel.add("gpiochip0", FakeChip("gpio-brcmstb@107d508500"))
    kernel.add("gpiochip1", FakeChip("raspberrypi-exp-gpio", errno=errno.EIO))
    kernel.add("gpiochip4", FakeChip(label))
    found = Gpio(kernel.dev, "", kernel.ioctl).find_line(17, "buzzer")
    assert found == Line(kernel.dev / "gpiochip4", 17)


def test_a_chip_named_by_its_path_is_taken_whatever_its_label(kernel: FakeKernel) -> None:
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


def test_outside_a_snap_a_gpio_chardev_plug_is_somebody_elses(kernel: FakeKernel) -> None:
    _, gpio = pi4(kernel)
    kernel.add("snap/gpio-chardev/buzzer", FakeChip("gpio-aggregator.0", lines=1))
    assert gpio.find_line(17, "buzzer") == Line(kernel.dev / "gpiochip0", 17)


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EPERM])  # AppArmor's, the device cgroup's
def test_a_refusal_in_a_snap_names_the_connection(kernel: FakeKernel, refusal: int) -> None:
    chip, gpio = pi4(kernel, snap="drivewatch")
    chip.errno = refusal
    with pytest.raises(GpioRefused, match=r"gpiochip0 is refused: `sudo snap connect drivewatch:gpio-control`"):
        open_output("buzzer", 17, gpio=gpio)


def test_a_refusal_outside_a_snap_names_the_group(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    chip.errno = errno.EACCES
    with pytest.raises(PermissionError, match="usermod -aG gpio"):
        gpio.find_line(17, "buzzer")


def test_a_machine_without_a_header_says_so(kernel: FakeKernel) -> None:
    kernel.add("gpiochip0", FakeChip("INT34C5:00"))
    with pytest.raises(GpioMissing, match="no Raspberry Pi GPIO chip"):
        Gpio(kernel.dev, "", kernel.ioctl).find_line(17, "buzzer")


def test_a_missing_chip_is_named(kernel: FakeKernel) -> None:
    with pytest.raises(FileNotFoundError, match="there is no GPIO chip /nowhere/gpiochip9"):
        Gpio(kernel.dev, "", kernel.ioctl).find_line(17, "buzzer", "/nowhere/gpiochip9")


def test_a_busy_line_names_its_holder(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    chip.holders[17] = "w1_gpio"
    with pytest.raises(GpioBusy, match=r"line 17 of .*gpiochip0 is in use by w1_gpio"):
        open_output("buzzer", 17, gpio=gpio)
    chip.holders[17] = ""
    with pytest.raises(GpioBusy, match="in use by the kernel"):
        open_output("buzzer", 17, gpio=gpio)


def test_a_line_the_chip_does_not_have_names_the_setting(kernel: FakeKernel) -> None:
    kernel.add("gpiochip0", FakeChip("pinctrl-rp1", lines=8))
    with pytest.raises(GpioMissing, match=r"lines 0 to 7, not 8: change raspberry_pi\.led_pin"):
        Gpio(kernel.dev, "", kernel.ioctl).find_line(8, "led")


def test_a_file_that_is_no_gpio_chip_is_named() -> None:
    with pytest.raises(GpioUnavailable, match="/dev/null is not a GPIO chip"):
        Gpio().find_line(17, "buzzer", "/dev/null")


def test_any_other_failure_is_told_in_the_kernels_words(kernel: FakeKernel) -> None:
    chip, gpio = pi4(kernel)
    chip.errno = errno.EIO
    with pytest.raises(GpioUnavailable, match="Input/output error"):
        gpio.find_line(17, "buzzer", str(kernel.dev / "gpiochip0"))


def test_inputs_and_pwm_are_refused_clearly(kernel: FakeKernel) -> None:
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
        "import sys; from pathlib import Path; from app.alerts.pins import *\n"
        f"try: open_output('buzzer', 17, gpio=Gpio(Path({str(tmp_path)!r})))\n"
        "except GpioMissing: sys.exit('gpiozero' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
