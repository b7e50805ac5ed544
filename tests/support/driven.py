"""A journal with the drives of some days, as a detector writes it: for the pages of trips and events."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from app.events import ClockQuality, Event, Level, Limits, Neutral, State
from app.journal.journal import Journal
from app.journal.trip import Ending, Trip
from app.monitor.trip_timeline import Timeline
from app.telemetry.course import Course, Sample
from app.telemetry.event_signals import text_of

START_S = 1000.0  # monotonic
ROAD, LIMITS = Neutral(-3.0, -8.0, learnt=True), Limits(25.0, 20.0, 15.0, 0.5, 0.08, 0.15, 0.25)
FAULTS = (  # in turn: the state, its level, and its length
    (State.LOOKING_AWAY, Level.ALARM, 6.0),
    (State.YAWNING, Level.CAUTION, 3.0),
    (State.LOOKING_DOWN, Level.WARNING, 4.0),
    (State.EYES_CLOSED, Level.WARNING, 2.5),
    (State.NO_FACE, Level.WARNING, 9.0),
    (State.DROWSY, Level.CAUTION, 90.0),
    (State.DISTRACTED, Level.WARNING, 12.0),
)


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive of some minutes from a Unix time on, with a fault every `every_s` seconds."""

    boot_id: str
    began_wall_s: float
    minutes: float
    every_s: float = 240.0
    ended: Ending = Ending.IGNITION
    distance_km: float | None = None
    clock: ClockQuality = ClockQuality.SYNCED


def write(path: Path, *drives: Drive) -> None:
    """Record drives, oldest first."""
    for drive in drives:
        _write(path, drive)


def _write(path: Path, drive: Drive) -> None:
    length_s = 60 * drive.minutes
    events = tuple(_events(length_s, drive.every_s))
    timeline = Timeline()
    at_s = START_S
    for event in events:
        timeline.add(State.ATTENTIVE, event.onset_s - at_s)
        at_s = event.end_s or event.onset_s
        timeline.add(event.kind, at_s - event.onset_s)
    timeline.add(State.ATTENTIVE, START_S + length_s - at_s)
    with closing(Journal(path, drive.boot_id)) as journal:
        for event in events:
            wall_s = drive.began_wall_s + event.onset_s - START_S
            journal.record(event, wall_s, event.onset_s, drive.clock)
            journal.save_signals(event.kind, event.onset_s, _signals(event), event.onset_s + 20)
        end_s = START_S + length_s
        trip = _trip(drive, events, timeline)
        journal.save_trip(trip, drive.began_wall_s + length_s, end_s, drive.clock)


def _events(length_s: float, every_s: float) -> Iterator[Event]:
    for number, (kind, level, for_s) in enumerate(cycle(FAULTS), 1):
        onset_s = START_S + number * every_s
        if onset_s + for_s > START_S + length_s:
            return
        detail = "looking left" if kind is State.LOOKING_AWAY else ""
        is_disputed = number % 5 == 0
        yield Event(kind, level, onset_s, onset_s - 0.5, onset_s + 0.5, onset_s + for_s, detail, is_disputed)


def _trip(drive: Drive, events: tuple[Event, ...], timeline: Timeline) -> Trip:
    length_s = 60 * drive.minutes
    segments = timeline.until(length_s)
    states: Counter[State] = Counter()
    for state, time_s in segments:
        if state is not None:
            states[state] += time_s  # type: ignore[assignment]
    count = Counter((event.kind, event.level) for event in events)
    alerts = {
        kind: (count[kind, Level.CAUTION], count[kind, Level.WARNING], count[kind, Level.ALARM]) for kind, _ in count
    }
    disputed = dict(Counter(event.kind for event in events if event.disputed))
    bins = range(min(48, int(drive.minutes)))
    perclos = tuple(0.05 + 0.03 * math.sin(number / 4) + 0.002 * number for number in bins)
    seen_s = length_s - states[State.NO_FACE]
    limits = (0.08, 0.15, 0.25)
    counted = (length_s, seen_s, states, alerts, disputed, 6.0, perclos, 60.0, drive.distance_km, segments, limits)
    return Trip(START_S, START_S + length_s, drive.ended, *counted)


def _signals(event: Event) -> str:
    course = Course()
    for second in range(-20, 22):
        course.add(_sample(event, float(second)))
    return text_of(course.samples(), ROAD, LIMITS)


def _sample(event: Event, second: float) -> Sample:
    """The sample so many seconds after the beginning of the event."""
    lasts = 0 <= second <= (event.end_s or 0.0) - event.onset_s
    yaw_deg, pitch_deg, blink = -3 + 2 * math.sin(second), -8 + 1.5 * math.cos(second), 0.1
    if lasts and event.kind is State.LOOKING_AWAY:
        yaw_deg -= 48.0
    if lasts and event.kind is State.LOOKING_DOWN:
        pitch_deg -= 30.0
    if lasts and event.kind in (State.EYES_CLOSED, State.DROWSY):
        blink = 0.9
    told, level = (event.kind, event.level) if lasts and second >= 2 else (State.ATTENTIVE, Level.NONE)
    time_s, perclos = event.onset_s + second, 0.06 + 0.001 * second
    if lasts and event.kind is State.NO_FACE:
        return Sample(time_s, None, None, None, None, perclos, told, level)
    return Sample(time_s, yaw_deg, pitch_deg, yaw_deg / 6, blink, perclos, told, level)
