"""When a trip begins and ends, and its figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.events import Event, Level, Motion, State
from app.journal.trip import SEGMENTS_MAX, Ending, Trip, summary_of
from app.monitor.trip_meter import GAP_MAX_S, OVER_AFTER_S, Moment, TripMeter
from app.monitor.trip_timeline import BINS_MAX, Timeline
from tests.support.reports import VERDICT

NOBODY = {"has_face": False, "state": State.NO_FACE}


class Drive:
    """A trip meter that gets one look a second."""

    def __init__(self) -> None:
        self.meter, self.now_s = TripMeter(), 0.0
        self.ended: list[Trip] = []

    def go(
        self,
        for_s: float,
        motion: Motion = Motion.UNKNOWN,
        *events: Event,
        has_face: bool = True,
        state: State = State.ATTENTIVE,
        ignition: bool | None = None,
        speed_kmh: float | None = None,
        perclos: float | None = None,
    ) -> Drive:
        began_s, end_s = self.now_s, self.now_s + for_s
        while self.now_s < end_s:
            self.now_s += 1.0
            verdict = replace(VERDICT, time_s=self.now_s, since_s=began_s, state=state, events=events, perclos=perclos)
            ended = self.meter.update(Moment(self.now_s, verdict, has_face, motion, ignition, speed_kmh))
            self.ended += [ended] if ended else []
            events = ()
        return self

    @property
    def current(self) -> Trip | None:
        return self.meter.current(self.now_s)

    @property
    def trip(self) -> Trip:
        assert self.current is not None
        return self.current


def event(onset_s: float, level: Level = Level.WARNING, kind: State = State.LOOKING_AWAY) -> Event:
    return Event(kind, level, onset_s, onset_s, onset_s)


def test_trip_begins_with_a_face_motion_or_ignition() -> None:
    drive = Drive().go(60, has_face=False)
    assert drive.current is None
    assert drive.go(1).trip.start_s == 61
    assert Drive().go(1, Motion.SLOW, has_face=False).current
    assert Drive().go(1, has_face=False, ignition=True).current
    assert Drive().go(1, Motion.PARKED, has_face=False, ignition=True).current


def test_standing_vehicle_or_driver_in_a_parked_one_begins_no_trip() -> None:
    assert Drive().go(60, Motion.CRAWLING, has_face=False).current is None
    assert Drive().go(60, Motion.PARKED).current is None


def test_ignition_off_ends_a_trip_and_begins_no_other() -> None:
    drive = Drive().go(100, Motion.FAST, ignition=True).go(100, Motion.PARKED, ignition=False)
    assert [(trip.ended, trip.end_s) for trip in drive.ended] == [(Ending.IGNITION, 101)]
    assert drive.current is None
    assert drive.go(1, Motion.PARKED, ignition=True).trip.start_s == 201


def test_ten_minutes_parked_end_the_trip_at_the_time_of_parking() -> None:
    drive = Drive().go(100, Motion.FAST).go(OVER_AFTER_S - 1, Motion.PARKED).go(50, Motion.FAST)
    assert drive.ended == []
    drive.go(2 * OVER_AFTER_S, Motion.PARKED, ignition=True)
    assert [(trip.ended, trip.end_s) for trip in drive.ended] == [(Ending.PARKED, 750)]
    assert drive.go(3, Motion.CRAWLING, ignition=True).trip.start_s > 1900


def test_empty_seat_ends_a_trip_if_no_speed_is_known() -> None:
    drive = Drive().go(100).go(2 * OVER_AFTER_S).go(OVER_AFTER_S + 5, **NOBODY)  # type: ignore[arg-type]
    assert [trip.ended for trip in drive.ended] == [Ending.EMPTY]
    moving = Drive().go(100, Motion.FAST).go(2 * OVER_AFTER_S, Motion.FAST, **NOBODY)  # type: ignore[arg-type]
    assert moving.ended == []


def test_driven_and_seen_time_exclude_the_time_parked() -> None:
    drive = Drive().go(101, Motion.FAST).go(50, Motion.FAST, state=State.LOOKING_AWAY)
    drive.go(30, Motion.FAST, state=State.NO_CAMERA).go(300, Motion.PARKED).go(20, Motion.SLOW)
    trip = drive.trip
    assert (trip.driven_s, trip.seen_s) == (200, 170)
    assert trip.states_s == {State.ATTENTIVE: 120, State.LOOKING_AWAY: 50, State.NO_CAMERA: 30}
    assert trip.distance_km is None


def test_longest_look_away_counts_from_its_onset_until_parking() -> None:
    drive = Drive().go(20, Motion.FAST, event(5)).go(1, Motion.FAST, replace(event(5), end_s=12.0))
    assert drive.trip.longest_away_s == 7
    assert drive.go(12, Motion.FAST, event(20, kind=State.LOOKING_DOWN)).trip.longest_away_s == 13  # it lasts
    drive.go(30, Motion.PARKED).go(1, Motion.PARKED, replace(event(20, kind=State.LOOKING_DOWN), end_s=64.0))
    drive.go(100, Motion.PARKED, event(70)).go(1, Motion.PARKED, replace(event(70), end_s=160.0))
    assert drive.trip.longest_away_s == 14


def test_distance_is_speed_times_time() -> None:
    drive = Drive().go(1, Motion.FAST).go(1800, Motion.FAST, speed_kmh=100.0).go(600, Motion.FAST)
    assert drive.trip.distance_km == pytest.approx(50)


def test_alert_counts_once_at_its_highest_level_even_if_disputed() -> None:
    drive = Drive().go(1).go(1, Motion.FAST, event(5, Level.CAUTION)).go(1, Motion.FAST, event(5))
    drive.go(1, Motion.FAST, event(5, Level.ALARM)).go(1, Motion.FAST, replace(event(5), end_s=9.0))
    drive.go(1, Motion.FAST, event(20), event(21, Level.CAUTION, State.YAWNING), event(22, Level.NONE, State.PHONE))
    for disputed in (event(20), event(20, Level.ALARM), event(99), event(20, kind=State.PHONE)):
        drive.meter.dispute(disputed)
    assert drive.trip.alerts == {State.LOOKING_AWAY: (0, 1, 1), State.YAWNING: (1, 0, 0)}
    assert drive.trip.disputed == {State.LOOKING_AWAY: 1}


def test_sleep_in_a_parked_car_does_not_lower_the_score() -> None:
    drive = Drive().go(10, Motion.FAST).go(60, Motion.PARKED, event(12, Level.ALARM, State.EYES_CLOSED))
    assert drive.trip.alerts == {} and drive.trip.score == 100


def test_perclos_bins_are_bounded_and_keep_their_means() -> None:
    drive = Drive().go(1).go(600, perclos=0.1)
    assert drive.trip.perclos == pytest.approx((0.1,) * 10) and drive.trip.perclos_bin_s == 60
    drive.go(600).go(86400, perclos=0.3)
    trip = drive.trip
    assert len(trip.perclos) <= BINS_MAX and trip.perclos_bin_s == 1920
    assert trip.perclos[0] == pytest.approx((0.1 * 600 + 0.3 * 720) / 1320, abs=0.01)
    assert trip.perclos[-1] == pytest.approx(0.3)
    assert len(summary_of(trip)) < 1000


def test_timeline_has_the_states_in_order_and_none_while_parked() -> None:
    drive = Drive().go(101, Motion.FAST).go(5, Motion.FAST, state=State.LOOKING_AWAY).go(50, Motion.FAST)
    drive.go(300, Motion.PARKED).go(20, Motion.SLOW)
    assert drive.trip.segments == (
        (State.ATTENTIVE, 100),
        (State.LOOKING_AWAY, 5),
        (State.ATTENTIVE, 50),
        (None, 300),
        (State.ATTENTIVE, 20),
    )


def test_timeline_ends_with_the_trip_and_spans_a_suspend() -> None:
    drive = Drive().go(100, Motion.FAST)
    drive.now_s += 3600
    (trip,) = drive.go(100, Motion.FAST).go(OVER_AFTER_S + 5, Motion.PARKED).ended
    assert sum(time_s for _, time_s in trip.segments) == trip.end_s - trip.start_s
    assert trip.segments[1] == (None, 3601 - GAP_MAX_S)


def test_timeline_is_bounded_by_dropping_the_shortest_states() -> None:
    timeline, asleep_at_s = Timeline(), 0.0
    for number in range(2000):
        timeline.add(State.ATTENTIVE, 20.0 + number % 7)
        timeline.add(State.LOOKING_AWAY, 1.0 + number % 3)
        if number == 1000:
            asleep_at_s = sum(time_s for _, time_s in timeline.until(1e9))
            timeline.add(State.EYES_CLOSED, 600.0)
    segments = timeline.until(1e9)
    assert len(segments) <= SEGMENTS_MAX
    assert sum(time_s for _, time_s in segments) == 600 + sum(21 + number % 7 + number % 3 for number in range(2000))
    at = [state for state, _ in segments].index(State.EYES_CLOSED)
    assert segments[at][1] == pytest.approx(600, abs=5)
    assert sum(time_s for _, time_s in segments[:at]) == pytest.approx(asleep_at_s, abs=5)


def test_suspend_does_not_count_as_driving() -> None:
    drive = Drive().go(10, Motion.FAST, speed_kmh=100.0)
    drive.now_s += 12 * 3600
    trip = drive.go(1, Motion.FAST, speed_kmh=100.0).trip
    assert trip.driven_s == 9 + GAP_MAX_S and trip.distance_km is not None and trip.distance_km < 2


def test_end_of_the_process_ends_the_trip() -> None:
    drive = Drive().go(100)
    ended = drive.meter.end(drive.now_s)
    assert ended is not None and (ended.ended, ended.end_s) == (Ending.STOPPED, 100)
    assert drive.meter.end(drive.now_s) is None
