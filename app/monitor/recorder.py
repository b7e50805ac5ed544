"""What is kept of a drive: events and trips, stamped by the best clock there is."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from app.events import ClockQuality, Event, Limits, Motion
from app.journal.journal import Journal
from app.journal.trip import Trip
from app.monitor.saved_journal import SavedJournal
from app.monitor.signal_cuts import SignalCuts
from app.monitor.trip_meter import Moment, TripMeter
from app.monitor.wall_clock import WallClock
from app.observer import Observation
from app.telemetry.course import Course
from app.telemetry.status import TripSoFar
from app.vehicle.reading import Vehicle

SAVE_TRIP_EVERY_S = 60.0  # a power cut loses no more; a shorter trip is not kept, so that no crash loop fills the table


class Recorder:
    """Hands a journal what it records; without one it does nothing."""

    def __init__(self, journal: Journal | SavedJournal | None, clock: WallClock, course: Course) -> None:
        self._journal, self._clock = journal, clock
        self._signals = SignalCuts(course)
        self._meter = TripMeter()
        self._vehicle, self._motion = Vehicle(), Motion.UNKNOWN
        self._saved_s = -inf
        self._perclos_limits: tuple[float, ...] = ()

    @property
    def problem(self) -> str:
        """Why nothing can be saved; "" while all is well."""
        return self._journal.problem if self._journal else ""

    @property
    def remedy(self) -> str:
        """The command that helps, where there is one."""
        return self._journal.remedy if self._journal else ""

    def clock_quality(self, now_s: float) -> ClockQuality:
        """Who vouches for the time by which events are stamped now."""
        return self._clock.read(now_s).clock

    def follow(self, vehicle: Vehicle, motion: Motion) -> None:
        """Take what is known of the vehicle now."""
        self._vehicle, self._motion = vehicle, motion
        self._clock.hear(vehicle)

    def update(self, look: Observation, limits: Limits, now_s: float) -> None:
        """Record what a look led to. For each look. limits: those that the driver's signals have now."""
        if self._journal is None:
            return
        for event in look.verdict.events:
            self.record(event, now_s)
            self._signals.note(event, look.verdict.neutral, limits, now_s)
        self._save_signals(now_s)
        told = (limits.perclos_caution, limits.perclos_warning, limits.perclos_alarm)
        self._perclos_limits = tuple(limit for limit in told if limit is not None)
        speed_kmh = self._vehicle.fresh_speed_kmh(now_s)
        has_face = look.signals is not None
        moment = Moment(now_s, look.verdict, has_face, self._motion, self._vehicle.ignition, speed_kmh)
        trip = self._meter.update(moment)
        if trip is None and now_s - self._saved_s >= SAVE_TRIP_EVERY_S:
            trip = self._meter.current(now_s)
        if trip is not None:
            self._save(trip, now_s)
        self._journal.retry(now_s)

    def trip_so_far(self, now_s: float) -> TripSoFar | None:
        """What is counted of the trip that lasts; None without one."""
        trip = self._meter.current(now_s)
        if trip is None:
            return None
        cautions, warnings, alarms = (sum(counts) for counts in zip((0, 0, 0), *trip.alerts.values(), strict=True))
        return TripSoFar(trip.driven_s, cautions, warnings, alarms, trip.score, trip.distance_km)

    def record(self, event: Event, now_s: float) -> None:
        """Record what became of an event."""
        if self._journal is not None:
            stamp = self._clock.read(now_s)
            self._journal.record(event, stamp.wall_s, now_s, stamp.clock)

    def dispute(self, event: Event, now_s: float) -> None:
        """Record that the driver called an alert wrong."""
        self._meter.dispute(event)
        self.record(event, now_s)

    def mark_good(self) -> None:
        """The release runs well with what is recorded."""
        if self._journal is not None:
            self._journal.mark_good()

    def delete_all(self, now_s: float) -> None:
        """Delete events and trips; one that lasts begins again."""
        self._meter.end(now_s)
        self._signals.forget()
        if self._journal is not None:
            self._journal.delete_all()

    def end(self, now_s: float) -> None:
        """The detector ends, and the trip with it."""
        self._save_signals(now_s, is_end=True)
        trip = self._meter.end(now_s)
        if trip is not None:
            self._save(trip, now_s)

    def _save_signals(self, now_s: float, *, is_end: bool = False) -> None:
        for cut in self._signals.due(inf if is_end else now_s):
            if self._journal is not None:
                self._journal.save_signals(cut.kind, cut.onset_s, cut.text, now_s)

    def _save(self, trip: Trip, now_s: float) -> None:
        if self._journal is not None and trip.end_s - trip.start_s >= SAVE_TRIP_EVERY_S:
            stamp = self._clock.read(now_s)
            trip = replace(trip, perclos_limits=self._perclos_limits)
            self._journal.save_trip(trip, stamp.wall_s, now_s, stamp.clock)
            self._saved_s = now_s
