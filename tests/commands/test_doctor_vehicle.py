"""`check` on the source of the vehicle's speed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from app.commands.doctor import Machine, _vehicle
from app.vehicle import vehicle_thread
from app.vehicle.source import Told, VehicleUnavailable
from app.vehicle.vehicle_thread import VehicleThread
from config.settings import Settings


class Receiver:
    name = "/dev/ttyACM0"

    def __init__(self, speed_kmh: float | None) -> None:
        self.speed_kmh = speed_kmh

    def poll(self, now_s: float) -> list[Told]:
        return [Told(self.speed_kmh)]

    def close(self) -> None:
        pass


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.5
        return self.now_s


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vehicle_thread, "WAIT_S", 0.0)


def found(speed_kmh: float | None = None, missing: VehicleUnavailable | None = None) -> list[str]:
    clock = Clock()

    def open_source() -> Receiver:
        if missing is not None:
            raise missing
        return Receiver(speed_kmh)

    machine = Machine(open_vehicle=lambda settings: VehicleThread(open_source, clock=clock), clock=clock)
    return [str(finding) for finding in _vehicle(Settings(), machine)]


def test_receiver_with_a_fix_is_ok() -> None:
    assert found(52) == ["ok   vehicle        unknown, 52 km/h, by /dev/ttyACM0"]


def test_receiver_without_a_fix_is_ok_and_says_what_it_needs() -> None:
    (line,) = found(None)
    assert line.startswith("ok") and "speed unknown" in line and "a view of the sky" in line


def test_missing_vehicle_connection_is_reported() -> None:
    refused = VehicleUnavailable("/dev/ttyACM0 is refused: `sudo snap connect drivewatch:raw-usb`")
    assert found(missing=refused) == [f"BAD  vehicle        {refused}"]


def test_check_has_no_vehicle_line_without_a_source(tmp_path: Path) -> None:
    assert list(_vehicle(Settings(), Machine())) == []
    gone = dataclasses.replace(Settings().vehicle, source=str(tmp_path / "ttyACM0"))
    (finding,) = _vehicle(dataclasses.replace(Settings(), vehicle=gone), Machine())
    assert not finding.is_well and "no GPS receiver" in finding.text
