"""What the loop records: trips, signals of events, wall times, disputes; and deleting them."""

from __future__ import annotations

from itertools import pairwise

from app.attention.policy import NORMAL
from app.events import ClockQuality, State
from app.journal.trip import Ending
from app.monitor.recorder import SAVE_TRIP_EVERY_S
from app.telemetry.requests import Request
from app.telemetry.status import TripSoFar
from app.vehicle.reading import Vehicle
from config.release_date import RELEASED_S
from tests.support.bench import AWAY, START_S, Bench
from tests.support.story import Part, attentive

ON_THE_ROAD = attentive(1)


def test_a_trip_is_saved_once_a_minute_and_at_its_end(bench: Bench) -> None:
    bench.run(5 * SAVE_TRIP_EVERY_S + 30)
    times_s = [now_s - START_S for _, now_s in bench.journal.trips]
    assert [b - a for a, b in pairwise(times_s[:-1])] == [SAVE_TRIP_EVERY_S] * 4
    assert [trip.ended for trip, _ in bench.journal.trips] == [Ending.LASTS] * 5 + [Ending.STOPPED]
    assert len({trip.start_s for trip, _ in bench.journal.trips}) == 1
    limits = (NORMAL.perclos_caution, NORMAL.perclos_warning, NORMAL.perclos_alarm)
    assert {trip.perclos_limits for trip, _ in bench.journal.trips} == {limits}


def test_trip_shorter_than_a_minute_is_not_saved(bench: Bench) -> None:
    bench.run(SAVE_TRIP_EVERY_S - 5)
    assert bench.journal.trips == []


def steps(bench: Bench, count: int, part: Part = ON_THE_ROAD) -> None:
    """Steps of the loop within one trip; Bench.run would end the trip."""
    bench.watch.shows = part.signals_at
    for _ in range(count):
        bench.detector.step()


def test_trip_counts_disputed_events(bench: Bench) -> None:
    steps(bench, 100)
    steps(bench, 20, AWAY)
    event = next(event for event, _ in bench.journal.recorded if event.kind is State.LOOKING_AWAY)
    bench.detector._dispute(event)
    assert bench.journal.recorded[-1][0] == event
    steps(bench, 150)
    trip = bench.journal.trips[-1][0]
    assert (trip.disputed, sum(trip.alerts[State.LOOKING_AWAY])) == ({State.LOOKING_AWAY: 1}, 1)


def test_current_trip_is_reported_with_its_alerts_by_level(bench: Bench) -> None:
    steps(bench, 100)
    before = bench.report.told[-1][1].trip
    assert before == TripSoFar(49.0, score=100)
    steps(bench, 20, AWAY)
    steps(bench, 30)
    after = bench.report.told[-1][1].trip
    assert after is not None and after.score is not None and after.score < 100
    assert (after.cautions, after.warnings, after.alarms) == (0, 0, 1)


def test_clock_quality_is_reported(bench: Bench) -> None:
    steps(bench, 2)
    assert bench.report.told[-1][1].clock is ClockQuality.GUESS


def test_deleting_the_events_forgets_the_current_trip(bench: Bench) -> None:
    steps(bench, 200)
    assert bench.journal.trips
    bench.ask(Request.DELETE_EVENTS)
    assert bench.journal.trips == []
    steps(bench, 200)
    assert bench.journal.trips[-1][0].start_s > START_S + 90


def test_signals_around_an_event_are_saved_and_forgotten_on_deletion(bench: Bench) -> None:
    steps(bench, 60)
    steps(bench, 10, AWAY)
    steps(bench, 20)
    assert bench.journal.signals == {}
    steps(bench, 30)
    ((kind, onset_s),) = bench.journal.signals
    samples = bench.journal.signals[kind, onset_s].samples
    assert kind is State.LOOKING_AWAY and 38 <= len(samples) <= 45
    assert {sample.yaw_deg for sample in samples if abs(sample.time_s - onset_s) > 8} == {0.0}
    steps(bench, 10, AWAY)
    steps(bench, 10)
    bench.ask(Request.DELETE_EVENTS)
    steps(bench, 60)
    assert bench.journal.signals == {}


def test_end_of_the_detector_saves_the_signals_so_far(bench: Bench) -> None:
    bench.show(AWAY, 5)
    assert len(bench.journal.signals) == 1


def test_gps_time_dates_the_recorded_events(bench: Bench) -> None:
    bench.vehicle.tells = lambda now_s: Vehicle(80.0, now_s, source="/dev/ttyACM0", utc_s=RELEASED_S + now_s)
    bench.run(40)
    bench.show(AWAY, 15)
    assert {offset_s for _, offset_s in bench.journal.recorded} == {RELEASED_S}
    assert set(bench.journal.clocks) == {ClockQuality.GPS}
