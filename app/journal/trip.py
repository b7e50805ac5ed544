"""One trip: what is counted of it, its score, and its text in the file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from app.events import Level, State
from app.figures import is_figure

# What these say is no fault of the driver
NO_FAULTS = frozenset({State.NO_FACE, State.CAMERA_BLOCKED, State.NO_CAMERA, State.SAVING_MEMORY})
LEVELS = (Level.CAUTION, Level.WARNING, Level.ALARM)
SCORE_MAX, POINTS_PER_WARNING, WARNINGS_PER_ALARM = 100.0, 10.0, 3.0  # drivewatch: README.md gives the formula
SCORED_HOURS_MIN = 0.25  # one warning around the corner is not four an hour
SEGMENTS_MAX = 80
SUMMARY_MAX = 8000  # characters; a trip with every state and kind takes 2,000, its segments half as many

Segment = tuple[State | None, float]
"""What held, and for how many seconds; None while parked, or while nobody looked."""


class Ending(str, Enum):
    """What ended a trip."""

    LASTS = ""
    IGNITION = "ignition"
    PARKED = "parked"
    EMPTY = "empty"  # no speed is known, and nobody was seen
    STOPPED = "stopped"  # the detector was asked to end
    INTERRUPTED = "interrupted"  # the power was cut, or the detector crashed


@dataclass(frozen=True, slots=True)
class Trip:
    """Times are monotonic seconds; what is counted leaves out the time parked.

    seen_s: the driver's face was judged. alerts: how many events of a kind reached caution, warning and alarm at most.
    disputed: how many of them the driver called wrong. perclos: mean of each perclos_bin_s driven, None where unknown.
    perclos_limits: from where it counted as caution, warning and alarm. distance_km: None where no speed was known.
    segments: the states in their order, from the start to the end. An earlier release recorded neither limits nor
    segments.
    """

    start_s: float
    end_s: float
    ended: Ending = Ending.LASTS
    driven_s: float = 0.0
    seen_s: float = 0.0
    states_s: Mapping[State, float] = field(default_factory=dict)
    alerts: Mapping[State, tuple[int, int, int]] = field(default_factory=dict)
    disputed: Mapping[State, int] = field(default_factory=dict)
    longest_away_s: float = 0.0
    perclos: tuple[float | None, ...] = ()
    perclos_bin_s: float = 60.0
    distance_km: float | None = None
    segments: tuple[Segment, ...] = ()
    perclos_limits: tuple[float, ...] = ()

    @property
    def score(self) -> int | None:
        """0 to 100; None where the driver was never seen. Disputed alerts count as all others."""
        if not self.seen_s:
            return None
        warnings, alarms = self.faults
        faults = warnings + WARNINGS_PER_ALARM * alarms
        return round(max(0.0, SCORE_MAX - POINTS_PER_WARNING * faults / self.scored_hours))

    @property
    def faults(self) -> tuple[int, int]:
        """The driver's warnings and alarms, which the score counts."""
        judged = [counts for kind, counts in self.alerts.items() if kind not in NO_FAULTS]
        return sum(counts[1] for counts in judged), sum(counts[2] for counts in judged)

    @property
    def scored_hours(self) -> float:
        """What the score divides by."""
        return max(self.seen_s / 3600, SCORED_HOURS_MIN)


def summary_of(trip: Trip) -> str:
    """What the file keeps beside times and ending; a segment names its state by the place in segments_of."""
    states = list(dict.fromkeys(state for state, _ in trip.segments))
    return json.dumps(
        {
            "driven_s": round(trip.driven_s, 1),
            "seen_s": round(trip.seen_s, 1),
            "states_s": {state.value: round(time_s, 1) for state, time_s in trip.states_s.items()},
            "alerts": {kind.value: counts for kind, counts in trip.alerts.items()},
            "disputed": {kind.value: count for kind, count in trip.disputed.items()},
            "longest_away_s": round(trip.longest_away_s, 1),
            "perclos": [None if mean is None else round(mean, 3) for mean in trip.perclos],
            "perclos_bin_s": trip.perclos_bin_s,
            "distance_km": None if trip.distance_km is None else round(trip.distance_km, 2),
            "segments_of": [state.value if state else None for state in states],
            "perclos_limits": list(trip.perclos_limits),
            "segments": [[states.index(state), round(time_s, 1)] for state, time_s in trip.segments],
        },
        separators=(",", ":"),
    )


def trip_of(start_s: float, end_s: float, ended: str, summary: str) -> Trip:
    """The trip that the file describes. Raises: ValueError, TypeError, LookupError for what a bad card made of one."""
    told = json.loads(summary[:SUMMARY_MAX])
    distance_km = told["distance_km"]
    return Trip(
        start_s,
        end_s,
        Ending(ended),
        _number(told["driven_s"]),
        _number(told["seen_s"]),
        {State(state): _number(time_s) for state, time_s in told["states_s"].items()},
        {State(kind): _counts(counts) for kind, counts in told["alerts"].items()},
        {State(kind): int(_number(count)) for kind, count in told["disputed"].items()},
        _number(told["longest_away_s"]),
        tuple(None if mean is None else _number(mean) for mean in told["perclos"]),
        _number(told["perclos_bin_s"]),
        None if distance_km is None else _number(distance_km),
        _segments(told.get("segments_of", ()), told.get("segments", ())),
        tuple(map(_number, told.get("perclos_limits", ())[: len(LEVELS)])),
    )


def _number(value: object) -> float:
    if not is_figure(value) or value < 0:
        raise ValueError(value)
    return float(value)


def _segments(names: Sequence[str | None], told: Sequence[Sequence[object]]) -> tuple[Segment, ...]:
    states = [None if name is None else State(name) for name in names]
    return tuple((states[int(_number(place))], _number(time_s)) for place, time_s in told)


def _counts(values: object) -> tuple[int, int, int]:
    if not isinstance(values, list) or len(values) != len(LEVELS):
        raise ValueError(values)
    cautions, warnings, alarms = (int(_number(value)) for value in values)
    return cautions, warnings, alarms
