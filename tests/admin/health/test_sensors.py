"""The sensors, with /sys and /proc of a Pi, a PC and a strict snap, and with garbage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from admin.health import sensors
from admin.health.sensors import ASK_AGAIN_S, SensorReader, Sensors

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
PI = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "61234\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon0/temp1_input": "61234\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    THROTTLED: "0\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "600000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1800000\n",
    "proc/uptime": "4321.07 17263.95\n",
}
WELL = Sensors(61.234, False, False, (), 600.0, 1800.0, 4321.07)


def tree(root: Path, **changed: str) -> Path:
    return planted(root, {**PI, **{name.replace("__", "/"): text for name, text in changed.items()}})


def planted(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def read(root: Path) -> Sensors:
    return SensorReader(root).read(0.0)


def test_the_sensors_of_a_healthy_pi_are_read(tmp_path: Path) -> None:
    assert read(tree(tmp_path)) == WELL


@pytest.mark.parametrize(
    ("bits", "now", "formerly", "throttled"),
    [
        ("50005", True, True, ("slowed down",)),
        ("0x50000", False, True, ()),
        ("e0008", False, False, ("slowed down by the heat",)),
    ],
)
def test_supply_and_throttling_are_read_from_the_pis_firmware(
    tmp_path: Path, bits: str, now: bool, formerly: bool, throttled: tuple[str, ...]
) -> None:
    found = read(planted(tmp_path, {**PI, THROTTLED: bits}))
    assert (found.is_under_voltage, found.was_under_voltage, found.throttled) == (now, formerly, throttled)


def test_a_low_supply_is_read_from_the_kernels_alarm(tmp_path: Path) -> None:
    tree(tmp_path, sys__class__hwmon__hwmon1__in0_lcrit_alarm="1\n")
    assert read(tmp_path).is_under_voltage is True
    (tmp_path / THROTTLED).unlink()
    found = read(tmp_path)
    assert (found.is_under_voltage, found.was_under_voltage, found.throttled) == (True, None, None)


def test_a_pc_has_a_temperature_but_no_supply_sensor(tmp_path: Path) -> None:
    files = {
        "sys/class/thermal/thermal_zone0/type": "acpitz",
        "sys/class/thermal/thermal_zone0/temp": "27800",
        "sys/class/hwmon/hwmon4/name": "coretemp",
        "sys/class/hwmon/hwmon4/temp1_input": "48000",
        "proc/uptime": "5.0 1",
    }
    assert read(planted(tmp_path, files)) == Sensors(temperature_c=48.0, uptime_s=5.0)


def test_a_machine_without_sensors_has_no_values(tmp_path: Path) -> None:
    assert read(tmp_path) == Sensors()


@pytest.mark.parametrize(
    "text", ["", "\0", "nan", "x" * 100_000, "9" * 400, "999999999x", "-300000", "\u0661", "1 2", "0 0"]
)
def test_garbage_gives_no_sensor_value(tmp_path: Path, text: str) -> None:
    found = read(planted(tmp_path, dict.fromkeys(PI, text)))
    assert found.temperature_c is None
    assert found.throttled is None


def test_fifos_folders_and_devices_do_not_block_reading(tmp_path: Path) -> None:
    for name in PI:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(file)
    assert read(tmp_path) == Sensors()
    for name in PI:
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
    assert read(tmp_path) == Sensors()
    for name in PI:
        (tmp_path / name).rmdir()
        (tmp_path / name).symlink_to("/dev/zero")
    assert read(tmp_path) == Sensors()


def test_the_number_of_sensors_read_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3 * sensors.ENTRIES_MAX):
        planted(tmp_path, {f"sys/class/hwmon/hwmon{number}/name": "x"})
    opened: list[object] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda *asked: opened.append(asked) or real(*asked))  # type: ignore[func-returns-value]
    read(tmp_path)
    assert len(opened) <= 4 * sensors.ENTRIES_MAX


def test_a_strict_snap_reads_allowed_files_and_tries_refused_ones_once_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AppArmor allows listing folders, and reading the clock speed and the uptime."""
    tree(tmp_path)
    refused: list[str] = []
    real, allows = os.open, ("sys/devices/system/cpu", "proc/")

    def strict(path: Path, flags: int) -> int:
        if str(path.relative_to(tmp_path)).startswith(allows):
            return real(path, flags)
        refused.append(str(path))
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", strict)
    reader = SensorReader(tmp_path)
    for now_s in (0.0, 1.0, ASK_AGAIN_S - 1):
        assert reader.read(now_s) == Sensors(clock_mhz=600.0, clock_max_mhz=1800.0, uptime_s=4321.07, is_refused=True)
    assert len(refused) == 1
    monkeypatch.setattr(os, "open", real)  # the plug was connected
    assert reader.read(ASK_AGAIN_S) == WELL
