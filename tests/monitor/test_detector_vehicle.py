"""The detector's loop with a vehicle: sounds, LED and status by speed."""

from __future__ import annotations

import pytest

from app.events import Level, Motion, Sight, State
from app.vehicle.motion import PARKED_AFTER_S
from app.vehicle.reading import STALE_S, Vehicle
from app.vision.measurements import Signals
from tests.support.bench import AWAY, START_S, Bench
from tests.support.story import ROAD, eyes_closed, lost


def at_speed(speed_kmh: float, for_s: float = 40) -> Bench:
    bench = Bench()
    bench.vehicle.drive(speed_kmh)
    bench.run(for_s)
    return bench


@pytest.mark.parametrize(("speed_kmh", "sounds"), [(0, False), (100, True)])
def test_look_away_sounds_at_speed_and_not_at_a_standstill(speed_kmh: float, sounds: bool) -> None:
    bench = at_speed(100)
    bench.vehicle.drive(speed_kmh)
    bench.show(AWAY, 15)
    assert bool(bench.alert.played) is sounds


def test_look_away_without_a_vehicle_sounds() -> None:
    bench = Bench()
    bench.run(40)
    bench.show(AWAY, 15)
    assert bench.alert.played != []
    assert bench.report.told[-1][1].vehicle.in_words == ""


def test_led_of_a_parked_vehicle_shows_only_sleep_and_camera_faults() -> None:
    bench = at_speed(0, PARKED_AFTER_S + 30)
    bench.show(lost(30), 30)
    assert {state for state, _ in bench.alert.shown} == {State.ATTENTIVE}
    bench.show(eyes_closed(10), 10)
    assert (State.EYES_CLOSED, Level.ALARM) in bench.alert.shown
    bench.watch.sight = Sight.DARK
    bench.run(10)
    assert bench.alert.shown[-1][0] is State.CAMERA_BLOCKED
    assert bench.alert.played == []


def test_slow_look_does_not_make_the_speed_stale() -> None:
    bench = at_speed(52)

    def slow(time_s: float) -> Signals:
        bench.clock.now_s += STALE_S + 1
        return ROAD

    bench.watch.shows = slow
    bench.run(20)
    assert bench.report.told[-1][1].vehicle.in_words == "fast, 52 km/h, by /dev/ttyACM0"


def test_status_has_the_speed_and_forgets_a_stale_one() -> None:
    bench = at_speed(52)
    told = bench.report.told[-1][1].vehicle
    assert (told.motion, told.speed_kmh) == (Motion.FAST, 52)
    assert told.in_words == "fast, 52 km/h, by /dev/ttyACM0"
    frozen = bench.vehicle.read()
    bench.vehicle.tells = lambda now_s: frozen
    bench.run(10)
    assert bench.report.told[-1][1].vehicle.in_words == "fast, speed unknown, by /dev/ttyACM0"
    bench.run(130)
    assert bench.report.told[-1][1].vehicle.motion is Motion.UNKNOWN


def test_unplugged_receiver_is_reported() -> None:
    bench = at_speed(30)
    bench.vehicle.tells = lambda now_s: Vehicle(message="/dev/ttyACM0 is lost: plug it in again")
    bench.run(5)
    told = bench.report.told[-1][1].vehicle
    assert told.motion is Motion.UNKNOWN and told.in_words == "/dev/ttyACM0 is lost: plug it in again"


def test_ignition_off_parks_at_once() -> None:
    bench = Bench()
    bench.vehicle.tells = lambda now_s: Vehicle(ignition=now_s < START_S + 40)
    bench.run(45)
    bench.show(AWAY, 15)
    assert bench.alert.played == []
    assert bench.report.told[-1][1].vehicle.in_words == "parked, speed unknown, ignition off"
