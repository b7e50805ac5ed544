"""The thread that reads the vehicle's speed and ignition, step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from app.gpio.lines import GpioUnavailable
from app.vehicle import vehicle_thread
from app.vehicle.reading import Vehicle
from app.vehicle.source import Told, VehicleUnavailable
from app.vehicle.vehicle_thread import IGNITION_RETRY_S, RETRY_S, FirstFound, VehicleThread, opener


class FakeSource:
    name = "/dev/ttyACM0"

    def __init__(self) -> None:
        self.tells: list[Told] = []
        self.error: VehicleUnavailable | None = None
        self.closed = False

    def poll(self, now_s: float) -> list[Told]:
        if self.error is not None:
            raise self.error
        told, self.tells = self.tells, []
        return told

    def close(self) -> None:
        self.closed = True


class Bench:
    """A vehicle thread whose steps are called by the test."""

    def __init__(self, ignition: Callable[[], bool | None] = lambda: None) -> None:
        self.now_s = 0.0
        self.source = FakeSource()
        self.missing: VehicleUnavailable | None = None
        self.thread = VehicleThread(self.open, ignition, lambda: self.now_s)

    def open(self) -> FakeSource:
        if self.missing is not None:
            raise self.missing
        return self.source

    def tell(self, *speeds: float | None) -> Vehicle:
        for speed_kmh in speeds:
            self.now_s += 1
            self.source.tells = [Told(speed_kmh, 1.0)]
            self.thread.step()
        return self.thread.read()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vehicle_thread, "WAIT_S", 0.0)


def test_speed_has_its_source_and_age(bench: Bench) -> None:
    seen = bench.tell(50, 52)
    assert (seen.speed_kmh, seen.source, seen.utc_s) == (52, "/dev/ttyACM0", 1.0)
    assert seen.age_s(5.0) == 3.0


def test_last_speed_ages_after_a_lost_fix(bench: Bench) -> None:
    seen = bench.tell(50, 50, None, None, None, None)
    assert seen.age_s(bench.now_s) == 4.0 and seen.source


def test_implausible_speed_is_ignored() -> None:
    assert Bench().tell(50, 50, 290).speed_kmh == 50


def test_lost_source_is_reported_at_once_and_reopened(bench: Bench) -> None:
    bench.tell(50, 50)
    bench.source.error = VehicleUnavailable("it is lost: plug it in again", "remedy")
    seen = bench.tell(50)
    assert seen == Vehicle(message="it is lost: plug it in again", remedy="remedy")
    assert bench.source.closed
    bench.source = FakeSource()
    bench.now_s += RETRY_S
    assert bench.tell(30, 30).speed_kmh == 30 and bench.thread.read().message == ""


def test_missing_source_is_retried_and_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.missing = VehicleUnavailable("there is none")
    for _ in range(100):
        bench.tell(None)
    assert bench.thread.read().message == "there is none"
    assert sum("there is none" in record.message for record in caplog.records) == 1
    bench.missing = None
    assert bench.tell(*[30.0] * 8).speed_kmh == 30


def test_loose_plug_is_logged_once_in_ten_minutes(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for _ in range(50):
        bench.source.error, bench.missing = None, None
        bench.tell(50, 50)
        bench.source.error, bench.missing = VehicleUnavailable("it is lost"), VehicleUnavailable("there is none")
        bench.tell(None, None)
        bench.now_s += RETRY_S
        bench.tell(None)
        bench.now_s += RETRY_S
    assert bench.now_s > vehicle_thread.SAME_NEWS_S
    lines = [record.message for record in caplog.records]
    assert set(lines) == {"speed from /dev/ttyACM0", "no speed: it is lost", "no speed: there is none"}
    assert len(lines) == 2 * 3


def test_ignition_is_read_without_a_speed_source() -> None:
    thread = VehicleThread(None, lambda: False, lambda: 0.0)
    thread.step()
    assert thread.read() == Vehicle(ignition=False)


def refused_once(refusals: list[GpioUnavailable]) -> bool:
    if refusals:
        raise refusals.pop()
    return True


@pytest.mark.parametrize("has_source", [False, True])
def test_ignition_line_available_later_clears_its_problem(has_source: bool) -> None:
    refusals = [GpioUnavailable("the line is refused", "connect it")]
    bench = Bench(lambda: refused_once(refusals))
    thread = bench.thread if has_source else VehicleThread(None, lambda: refused_once(refusals), lambda: bench.now_s)
    thread.step()
    assert (thread.read().message, thread.read().remedy) == ("the line is refused", "connect it")
    bench.now_s += IGNITION_RETRY_S
    thread.step()
    assert thread.read() == Vehicle(ignition=True)


def test_missing_ignition_line_is_reported_beside_a_speed_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def refused() -> bool:
        raise GpioUnavailable("the line is refused", "connect it")

    bench = Bench(refused)
    seen = bench.tell(*[50.0] * 100)
    assert (seen.speed_kmh, seen.message, seen.remedy) == (50, "the line is refused", "connect it")
    assert sum("the line is refused" in record.message for record in caplog.records) == 1
    bench.source.error = VehicleUnavailable("the receiver is lost", "plug it in")
    seen = bench.tell(*[None] * 20)
    assert (seen.message, seen.remedy) == ("the receiver is lost", "plug it in")


def test_hanging_source_does_not_block_reading() -> None:
    entered, release = threading.Event(), threading.Event()

    class Hanging(FakeSource):
        def poll(self, now_s: float) -> list[Told]:
            entered.set()
            release.wait(60)
            return []

    thread = VehicleThread(Hanging)
    with thread:
        assert entered.wait(10) and thread.read() == Vehicle()
        release.set()


def test_ignition_is_unknown_while_the_thread_hangs() -> None:
    bench = Bench(lambda: False)
    assert bench.tell(0, 0).ignition is False
    bench.now_s += 3.1
    assert (bench.thread.read().ignition, bench.thread.read().message) == (None, vehicle_thread.HANGS)
    assert bench.tell(0).ignition is False and bench.thread.read().message == ""


def test_failed_vehicle_thread_is_reported() -> None:
    def broken() -> bool:
        raise RuntimeError("cannot happen")

    thread = VehicleThread(None, broken)
    with thread:
        pass
    assert "restart drivewatch" in thread.read().message


def test_setting_selects_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_can(name: str, snap: str) -> FakeSource:
        opened.append(name)
        return FakeSource()

    def open_gps(paths: object, snap: str, where: str = "") -> FakeSource:
        opened.append(str(next(iter(paths))))  # type: ignore[call-overload]
        return FakeSource()

    monkeypatch.setattr(vehicle_thread, "open_can", open_can)
    monkeypatch.setattr(vehicle_thread, "open_gps", open_gps)
    assert opener("none", "") is None
    for setting in ("can1", "vcan0", "/dev/ttyS0", "auto"):
        open_it = opener(setting, "")
        assert open_it is not None
        open_it()
    assert opened == ["can1", "vcan0", "/dev/ttyS0", "/dev/ttyACM0"]


def test_auto_tries_each_port_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def open_gps(paths: object, snap: str, where: str = "") -> FakeSource:
        source = FakeSource()
        source.name = str(next(path for path in paths if path.name in ("ttyACM1", "ttyUSB0")))  # type: ignore[attr-defined]
        opened.append(source.name)
        return source

    monkeypatch.setattr(vehicle_thread, "open_gps", open_gps)
    find = FirstFound("")
    for _ in range(3):
        find()
    assert opened == ["/dev/ttyACM1", "/dev/ttyUSB0", "/dev/ttyACM1"]


def test_auto_tries_can_at_once_and_then_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def no_receiver(paths: object, snap: str, where: str) -> FakeSource:
        raise VehicleUnavailable(f"no GPS receiver at {where}")

    def no_can(name: str, snap: str) -> FakeSource:
        asked.append(name)
        raise VehicleUnavailable("can0 is refused")

    monkeypatch.setattr(vehicle_thread, "open_gps", no_receiver)
    monkeypatch.setattr(vehicle_thread, "open_can", no_can)
    find = FirstFound("")
    for number in range(1, 122):
        with pytest.raises(VehicleUnavailable, match="at any USB port"):
            find()
        assert len(asked) == 1 + (number - 1) * RETRY_S // 60
