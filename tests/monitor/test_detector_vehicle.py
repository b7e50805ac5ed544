"""The loop and the vehicle: what sounds, what the LED shows and what the status says at which speed."""

from __future__ import annotations

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


def test_a_look_away_at_a_red_light_is_silent_and_on_the_motorway_sounds() -> None:
    assert at_speed_while_away(0).alert.played == []
    assert at_speed_while_away(100).alert.played != []


def at_speed_while_away(speed_kmh: float) -> Bench:
    bench = at_speed(100)
    bench.vehicle.drive(speed_kmh)
    bench.show(AWAY, 15)
    return bench


def test_without_a_vehicle_all_is_as_strict_as_at_speed() -> None:
    bench = Bench()
    bench.run(40)
    bench.show(AWAY, 15)
    assert bench.alert.played != []
    assert bench.report.told[-1][1].vehicle.in_words == ""


def test_the_led_of_a_parked_vehicle_shows_sleep_and_a_lost_camera_and_no_missing_face() -> None:
    bench = at_speed(0, PARKED_AFTER_S + 30)
    bench.show(lost(30), 30)
    assert {state for state, _ in bench.alert.shown} == {State.ATTENTIVE}
    bench.show(eyes_closed(10), 10)
    assert (State.EYES_CLOSED, Level.ALARM) in bench.alert.shown
    bench.watch.sight = Sight.DARK
    bench.run(10)
    assert bench.alert.shown[-1][0] is State.CAMERA_BLOCKED
    assert bench.alert.played == []


def test_a_speed_is_not_called_old_because_a_look_took_long() -> None:
    bench = at_speed(52)

    def slow(time_s: float) -> Signals:
        bench.clock.now_s += STALE_S + 1
        return ROAD

    bench.watch.shows = slow
    bench.run(20)
    assert bench.report.told[-1][1].vehicle.in_words == "fast, 52 km/h, by /dev/ttyACM0"


def test_the_status_tells_speed_and_source_and_forgets_an_old_speed() -> None:
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


def test_an_unplugged_receiver_is_a_problem_that_is_named() -> None:
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
