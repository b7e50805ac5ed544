"""Temperature, supply and clock speed of the machine, as its kernel tells them under /sys and /proc.

A strict snap may read the clock speed and the time since the start; all else needs the plug hardware-observe, which
somebody has to connect. Each refusal is a line in the system's log, so that one is enough for a while.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from math import inf
from pathlib import Path

FILE_MAX_BYTES = 256
ENTRIES_MAX = 64  # of a folder
ASK_AGAIN_S = 60.0  # after a refusal
POSSIBLE_C = (-60.0, 200.0)
OF_PROCESSOR = ("cpu-thermal", "cpu_thermal", "soc_thermal", "x86_pkg_temp", "coretemp", "k10temp")
# Of the Pi's firmware: what is so now, and with FORMERLY_BITS more what was since the start
UNDER_VOLTAGE, THROTTLING = 1 << 0, {1 << 1: "clock limited", 1 << 2: "slowed down", 1 << 3: "slowed down by the heat"}
FORMERLY_BITS = 16
BITS = re.compile(r"(0x)?[0-9a-f]{1,8}")
NUMBER = re.compile(r"-?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Sensors:
    """None, or an empty tuple, where the machine does not tell. throttled: what slows the processor down now.

    was_under_voltage: since the start. is_refused: whether the system lets this process read temperature and supply.
    """

    temperature_c: float | None = None
    is_under_voltage: bool | None = None
    was_under_voltage: bool | None = None
    throttled: tuple[str, ...] | None = None
    clock_mhz: float | None = None
    clock_max_mhz: float | None = None
    uptime_s: float | None = None
    is_refused: bool = False


class SensorReader:
    """Reads the sensors below `root`. Never raises."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._refused_s: float | None = None

    def read(self, now_s: float) -> Sensors:
        """What they tell at a monotonic time."""
        cpu = self._root / "sys/devices/system/cpu/cpu0/cpufreq"
        free = Sensors(
            clock_mhz=_scaled(_free(cpu / "scaling_cur_freq")),
            clock_max_mhz=_scaled(_free(cpu / "cpuinfo_max_freq")),
            uptime_s=_uptime_s(self._root / "proc/uptime"),
        )
        if self._refused_s is not None and now_s - self._refused_s < ASK_AGAIN_S:
            return replace(free, is_refused=True)
        try:
            said = _firmware_bits(self._root)
            alarm = _alarm(self._root)
            temperature_c = _temperature_c(self._root)
        except PermissionError:
            self._refused_s = now_s
            return replace(free, is_refused=True)
        is_low = None if said is None and alarm is None else bool(alarm or (said or 0) & UNDER_VOLTAGE)
        return replace(
            free,
            temperature_c=temperature_c,
            is_under_voltage=is_low,
            was_under_voltage=None if said is None else bool(said & UNDER_VOLTAGE << FORMERLY_BITS),
            throttled=None if said is None else tuple(words for bit, words in THROTTLING.items() if said & bit),
        )


def _temperature_c(root: Path) -> float | None:
    """The processor's; where no sensor is called so, the first one's. Raises: PermissionError."""
    found: list[tuple[int, float]] = []
    for name, file in _temperatures(root):
        value = _scaled(_number(file))
        if value is not None and POSSIBLE_C[0] < value < POSSIBLE_C[1]:
            found.append((OF_PROCESSOR.index(name) if name in OF_PROCESSOR else len(OF_PROCESSOR), value))
    return min(found, key=lambda one: one[0])[1] if found else None


def _temperatures(root: Path) -> Iterator[tuple[str, Path]]:
    for zone in _folders(root / "sys/class/thermal", "thermal_zone"):
        yield _text(zone / "type"), zone / "temp"
    for chip in _folders(root / "sys/class/hwmon", "hwmon"):
        yield _text(chip / "name"), chip / "temp1_input"


def _alarm(root: Path) -> bool | None:
    """Whether the Pi's supply is too low, by its kernel driver. Raises: PermissionError."""
    for chip in _folders(root / "sys/class/hwmon", "hwmon"):
        if _text(chip / "name") == "rpi_volt" and (said := _number(chip / "in0_lcrit_alarm")) is not None:
            return said != 0
    return None


def _firmware_bits(root: Path) -> int | None:
    """What the Pi's firmware says of supply and clock, in hexadecimal. Raises: PermissionError."""
    text = _text(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    return int(text, 16) if BITS.fullmatch(text) else None


def _uptime_s(file: Path) -> float | None:
    with suppress(PermissionError, ValueError, IndexError):
        value = float(_text(file).split()[0])
        return value if 0 <= value < inf else None
    return None


def _free(file: Path) -> int | None:
    """A number of a file that a strict snap may read; a refusal there says nothing of the plug."""
    with suppress(PermissionError):
        return _number(file)
    return None


def _scaled(number: int | None) -> float | None:
    return None if number is None else number / 1000


def _number(file: Path) -> int | None:
    """Raises: PermissionError."""
    text = _text(file)
    return int(text) if NUMBER.fullmatch(text) else None


def _folders(folder: Path, prefix: str) -> list[Path]:
    """Raises: PermissionError."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in islice(entries, ENTRIES_MAX) if entry.name.startswith(prefix))
    except PermissionError:
        raise
    except OSError:
        return []
    return [folder / name for name in names]


def _text(file: Path) -> str:
    """What a small file holds, "" if it is missing, no file or no text. Raises: PermissionError."""
    try:
        number = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise
    except OSError:
        return ""
    try:
        is_file = stat.S_ISREG(os.fstat(number).st_mode)
        return os.read(number, FILE_MAX_BYTES).decode("ascii", errors="replace").strip() if is_file else ""
    except PermissionError:
        raise
    except OSError:
        return ""
    finally:
        os.close(number)
