"""Verdicts and the vehicle -> trips. Pure; time is passed in, and what is kept of a trip is bounded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from app.events import Event, Level, Motion, State, Verdict
from app.held_for import HeldFor
from app.journal.trip import LEVELS, Ending, Trip
from app.monitor.trip_timeline import Means, Timeline
from app.vehicle.motion import ORDER

OVER_AFTER_S = 600.0  # parked, or nobody seen where no speed is known: longer than filling up takes
GAP_MAX_S = 60.0  # looks farther apart say nothing about the time between: the machine slept
AWAY = frozenset({State.LOOKING_AWAY, State.LOOKING_DOWN})
UNSEEN = frozenset({State.NO_FACE, State.CAMERA_BLOCKED, State.NO_CAMERA})


@dataclass(frozen=True, slots=True)
class Moment:
    """One look and what is known of the vehicle then. speed_kmh: None where it is not known or old."""

    now_s: float
    verdict: Verdict
    has_face: bool
    motion: Motion = Motion.UNKNOWN
    ignition: bool | None = None
    speed_kmh: float | None = None


class TripMeter:
    """Follows one vehicle; at most one trip lasts at a time."""

    def __init__(self) -> None:
        self._count: _Count | None = None
        self._ignition: bool | None = None
        self._idle = HeldFor()

    def update(self, moment: Moment) -> Trip | None:
        """Take a look in; the trip that ended with it, if one did."""
        was_on, self._ignition = self._ignition is True, moment.ignition
        idle_s = self._idle.update(_is_idle(moment), moment.now_s)
        if self._count is None:
            if _begins(moment) or (moment.ignition is True and not was_on):
                self._count = _Count(moment.now_s)
                self._count.add(moment)
                self._idle = HeldFor()
            return None
        self._count.add(moment)
        if moment.motion is Motion.PARKED and moment.ignition is False:
            return self.end(moment.now_s, Ending.IGNITION)
        if idle_s < OVER_AFTER_S:
            return None
        ending = Ending.PARKED if moment.motion is Motion.PARKED else Ending.EMPTY
        return self.end(moment.now_s - idle_s, ending)

    def dispute(self, event: Event) -> None:
        """The driver called an alert of this trip wrong."""
        if self._count is not None:
            self._count.dispute(event)

    def current(self, now_s: float) -> Trip | None:
        """The trip that lasts, as it is now."""
        return self._count.trip(now_s, Ending.LASTS) if self._count else None

    def end(self, end_s: float, ending: Ending = Ending.STOPPED) -> Trip | None:
        """End the trip that lasts."""
        count, self._count = self._count, None
        return count.trip(end_s, ending) if count else None


def _is_idle(moment: Moment) -> bool:
    is_empty = moment.motion is Motion.UNKNOWN and moment.ignition is not True and not moment.has_face
    return moment.motion is Motion.PARKED or is_empty


def _begins(moment: Moment) -> bool:
    """By a face, or by more than a receiver at rest tells; never parked: the driver may sit there for hours."""
    is_moving = moment.motion in ORDER and moment.motion is not Motion.CRAWLING
    return is_moving or (moment.has_face and moment.motion is not Motion.PARKED)


@dataclass(slots=True)
class _Alerts:
    """How many events of each kind reached which level; an event is counted once, at the highest."""

    counts: dict[State, list[int]] = field(default_factory=dict)
    disputed: Counter[State] = field(default_factory=Counter)
    newest: dict[State, tuple[float, Level]] = field(default_factory=dict)
    newest_disputed_s: dict[State, float] = field(default_factory=dict)

    def add(self, event: Event, *, is_parked: bool) -> None:
        onset_s, level = self.newest.get(event.kind, (None, Level.NONE))
        if onset_s != event.onset_s:
            if is_parked or event.level is Level.NONE:
                return
            level = Level.NONE
        if event.level > level:
            counts = self.counts.setdefault(event.kind, [0] * len(LEVELS))
            counts[LEVELS.index(event.level)] += 1
            if level > Level.NONE:
                counts[LEVELS.index(level)] -= 1
            self.newest[event.kind] = event.onset_s, event.level

    def dispute(self, event: Event) -> None:
        is_counted = self.newest.get(event.kind, (None,))[0] == event.onset_s
        if is_counted and self.newest_disputed_s.get(event.kind) != event.onset_s:
            self.newest_disputed_s[event.kind] = event.onset_s
            self.disputed[event.kind] += 1


class _LongestAway:
    """The longest event of looking away, by its onset: the state is told a while after it."""

    def __init__(self) -> None:
        self._longest_s = 0.0
        self._onsets_s: dict[State, float] = {}  # of those that last

    def add(self, verdict: Verdict, *, is_parked: bool) -> None:
        for event in verdict.events:
            if event.kind not in AWAY:
                continue
            if event.end_s is None and not is_parked:
                self._onsets_s[event.kind] = event.onset_s
            elif self._onsets_s.pop(event.kind, None) is not None and event.end_s is not None:
                self._longest_s = max(self._longest_s, event.end_s - event.onset_s)
        if is_parked:
            self._longest_s = self.until(verdict.time_s)
            self._onsets_s.clear()

    def until(self, now_s: float) -> float:
        return max(self._longest_s, *(now_s - onset_s for onset_s in self._onsets_s.values()), 0.0)


class _Count:
    """What is counted of the trip that lasts."""

    def __init__(self, now_s: float) -> None:
        self._start_s = self._last_s = now_s
        self._driven_s = self._seen_s = 0.0
        self._away = _LongestAway()
        self._states_s: Counter[State] = Counter()
        self._alerts, self._perclos, self._timeline = _Alerts(), Means(), Timeline()
        self._distance_km: float | None = None

    def add(self, moment: Moment) -> None:
        gone_s = max(0.0, moment.now_s - self._last_s)
        passed_s = min(gone_s, GAP_MAX_S)
        self._last_s = moment.now_s
        verdict, is_parked = moment.verdict, moment.motion is Motion.PARKED
        self._timeline.add(None, gone_s - passed_s)
        self._timeline.add(None if is_parked else verdict.state, passed_s)
        for event in verdict.events:
            self._alerts.add(event, is_parked=is_parked)
        self._away.add(verdict, is_parked=is_parked)
        if is_parked:
            return
        self._perclos.add(self._driven_s, verdict.perclos)
        self._driven_s += passed_s
        self._states_s[verdict.state] += passed_s  # type: ignore[assignment]  # a Counter of seconds
        if verdict.state not in UNSEEN:
            self._seen_s += passed_s
        if moment.speed_kmh is not None:
            self._distance_km = (self._distance_km or 0.0) + moment.speed_kmh * passed_s / 3600

    def dispute(self, event: Event) -> None:
        self._alerts.dispute(event)

    def trip(self, end_s: float, ending: Ending) -> Trip:
        return Trip(
            self._start_s,
            max(end_s, self._start_s),
            ending,
            self._driven_s,
            self._seen_s,
            dict(self._states_s),
            {kind: (counts[0], counts[1], counts[2]) for kind, counts in self._alerts.counts.items()},
            dict(self._alerts.disputed),
            self._away.until(self._last_s),
            self._perclos.means,
            self._perclos.bin_s,
            self._distance_km,
            self._timeline.until(end_s - self._start_s),
        )
