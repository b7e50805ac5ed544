"""A GPS receiver on a serial port, replaced by a pty."""

from __future__ import annotations

import errno
import os
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.vehicle import gps
from app.vehicle.gps import RATES, READ_MAX_BYTES, SILENT_S, GpsPort, open_gps, ports, ports_like
from app.vehicle.source import VehicleUnavailable
from tests.support.nmea import rmc


@pytest.fixture
def receiver() -> Iterator[tuple[int, Path]]:
    """The receiver's end, and the path of the port."""
    master, slave = os.openpty()
    tty.setraw(master)
    path = Path(os.ttyname(slave))
    os.close(slave)
    yield master, path
    try:
        os.close(master)
    except OSError as error:
        assert error.errno == errno.EBADF  # a test that unplugs it has closed it


@pytest.fixture
def port(receiver: tuple[int, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[GpsPort]:
    monkeypatch.setattr(gps, "WAIT_S", 0.01)
    opened = GpsPort(receiver[1], pause_s=0)
    yield opened
    opened.close()


def test_receiver_gives_speed_and_time(receiver: tuple[int, Path], port: GpsPort) -> None:
    os.write(receiver[0], rmc(72))
    (told,) = port.poll(0)
    assert told.speed_kmh == pytest.approx(72, abs=0.02) and told.utc_s is not None
    assert port.poll(0.5) == []


def test_receiver_without_a_fix_gives_no_speed(receiver: tuple[int, Path], port: GpsPort) -> None:
    os.write(receiver[0], rmc(72, status="V"))
    assert [told.speed_kmh for told in port.poll(0)] == [None]


def test_silent_port_is_tried_at_every_rate_and_then_given_up(receiver: tuple[int, Path], port: GpsPort) -> None:
    seen = []
    with pytest.raises(VehicleUnavailable, match="sends no NMEA"):
        for number in range(10):
            port.poll(number * SILENT_S)
            seen.append(termios.tcgetattr(receiver[0])[4])
    assert list(dict.fromkeys(seen)) == list(RATES)


def test_port_sending_garbage_is_not_a_receiver(receiver: tuple[int, Path], port: GpsPort) -> None:
    with pytest.raises(VehicleUnavailable, match="sends no NMEA"):
        for number in range(10):
            os.write(receiver[0], bytes(range(128)))
            port.poll(number * SILENT_S)


def test_a_flood_is_read_in_bounded_pieces(receiver: tuple[int, Path], port: GpsPort) -> None:
    os.set_blocking(receiver[0], False)
    os.write(receiver[0], rmc(50) * 1000)
    assert len(port.poll(0)) <= READ_MAX_BYTES // len(rmc(50))


def test_an_unplugged_receiver_is_lost(receiver: tuple[int, Path], port: GpsPort) -> None:
    os.close(receiver[0])
    with pytest.raises(VehicleUnavailable, match="is lost"):
        port.poll(0)


def test_receiver_is_found_again_under_another_port_number(receiver: tuple[int, Path], tmp_path: Path) -> None:
    (tmp_path / "ttyACM2").symlink_to(receiver[1])
    found = open_gps(ports_like(tmp_path / "ttyACM0"), "")
    found.close()
    assert found.name == str(tmp_path / "ttyACM2")
    assert ports_like(Path("/dev/serial0")) == [Path("/dev/serial0")]


def test_missing_receiver_is_reported(tmp_path: Path) -> None:
    with pytest.raises(VehicleUnavailable, match=r"no GPS receiver at .*ttyACM0: plug it in"):
        open_gps(ports(tmp_path), "")


@pytest.mark.parametrize(
    ("name", "snap", "remedy"),
    [
        ("ttyACM0", "drivewatch", "sudo snap connect drivewatch:raw-usb"),
        ("ttyAMA0", "drivewatch", "sudo snap connect drivewatch:serial-port"),
        ("ttyUSB1", "", "sudo usermod -aG dialout $USER"),
    ],
)
def test_a_refused_port_names_the_remedy(
    name: str, snap: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(VehicleUnavailable) as refused:
        open_gps(ports_like(tmp_path / name), snap)
    assert refused.value.remedy == remedy and remedy in str(refused.value)


def test_plain_file_is_not_a_receiver(tmp_path: Path) -> None:
    (tmp_path / "ttyACM0").write_bytes(rmc(50))
    with pytest.raises(VehicleUnavailable):
        open_gps([tmp_path / "ttyACM0"], "")


@pytest.mark.parametrize("frozen", [{}, {"date": ""}, {"time": ""}])
def test_fix_with_a_frozen_time_gives_no_speed(
    receiver: tuple[int, Path], port: GpsPort, frozen: dict[str, str]
) -> None:
    told = []
    for now_s in range(9):
        os.write(receiver[0], rmc(0, **frozen))
        told += [told.speed_kmh for told in port.poll(float(now_s))]
    assert told == [0, 0, 0, 0, *[None] * 5]
    os.write(receiver[0], rmc(0, time="120009.00"))
    assert [told.speed_kmh for told in port.poll(9.0)] == [0]


def test_ten_fixes_a_second_are_not_frozen(receiver: tuple[int, Path], port: GpsPort) -> None:
    for number in range(100):
        os.write(receiver[0], rmc(40, time=f"1200{number // 10:02}.{number % 10}0"))
        assert [told.speed_kmh for told in port.poll(number / 10)] == [pytest.approx(40, abs=0.02)]
