"""A trip -> what its templates show: the timeline, minutes by state, PERCLOS, alerts, and the score's sum. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from admin.home.strips import PERCLOS_MAX
from admin.words import NOT_ANSWERING, counted
from app.events import WORDS, Event, Level, State
from app.journal.trip import LEVELS, NO_FAULTS, Ending, Segment, Trip

WIDTH, HEIGHT = 1000, 40  # of the timeline in its own units: the SVG is stretched to its place
SEEN_WIDTH = 3  # a look away takes less of an hour than could be seen

ENDINGS: Final = {
    Ending.IGNITION: "ended with the ignition",
    Ending.PARKED: "ended by parking",
    Ending.EMPTY: "ended as nobody was seen for ten minutes",
    Ending.STOPPED: "ended with the detector",
    Ending.INTERRUPTED: "cut off: the power went, or the detector crashed",
}
NOT_ENDED = f"cut off, or the detector {NOT_ANSWERING}"


@dataclass(frozen=True, slots=True)
class Tone:
    """One colour of the timeline, which is told apart by its height too. top: where it begins, in its own units."""

    name: str
    words: str
    top: int
    states: frozenset[State]


AWAY = frozenset({State.LOOKING_AWAY, State.LOOKING_DOWN, State.DISTRACTED, State.PHONE})
TONES: Final = (
    Tone("attentive", "attentive", 16, frozenset({State.ATTENTIVE})),
    Tone("away", "not looking at the road", 8, AWAY),
    Tone("tired", "eyes closed, drowsy, yawning", 0, frozenset({State.EYES_CLOSED, State.DROWSY, State.YAWNING})),
    Tone("unseen", "face or eyes not seen", 28, frozenset({State.EYES_UNSEEN, *NO_FAULTS})),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """All times of one tone, as the path of an SVG."""

    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on the timeline. at_pct: where, from the left."""

    at_pct: float
    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class Share:
    """How long one state held. width: of its bar, up to 100."""

    words: str
    tone: str
    minutes: float
    width: float


@dataclass(frozen=True, slots=True)
class Alerts:
    """The events of one kind by the highest level that each reached. is_fault: whether the score counts them."""

    words: str
    counts: str
    disputed: int
    is_fault: bool


@dataclass(frozen=True, slots=True)
class PerclosCourse:
    """PERCLOS over the time driven, as points of an SVG of WIDTH x 100; one line for each stretch that is known."""

    lines: tuple[str, ...]
    minutes: float
    highest: float | None


def tone_of(state: State | None) -> str:
    """The colour of a state; "" while parked."""
    return next((tone.name for tone in TONES if state in tone.states), "")


def timeline(segments: Sequence[Segment], lasted_s: float) -> tuple[Stretch, ...]:
    """A path for each tone. Attentive comes first, and what is short is drawn wider, over it."""
    whole_s = max(lasted_s, sum(time_s for _, time_s in segments)) or 1.0
    paths: dict[str, list[str]] = {tone.name: [] for tone in TONES}
    began_s = 0.0
    for state, time_s in segments:
        x, end_x = (round(WIDTH * at_s / whole_s) for at_s in (began_s, began_s + time_s))
        began_s += time_s
        if tone := next((tone for tone in TONES if state in tone.states), None):
            width = max(end_x - x, SEEN_WIDTH)
            paths[tone.name].append(f"M{min(x, WIDTH - width)} {tone.top}h{width}V{HEIGHT}h-{width}z")
    return tuple(Stretch(tone, "".join(path)) for tone, path in paths.items() if path)


def marks(trip: Trip, events: Sequence[Event]) -> tuple[Mark, ...]:
    """The events of a trip, where they began."""
    lasted_s = max(trip.end_s - trip.start_s, 1.0)
    return tuple(
        Mark(
            round(100 * min(1.0, max(0.0, (event.onset_s - trip.start_s) / lasted_s)), 2),
            event.level,
            f"{WORDS[event.kind]}, {event.level.name.lower()}",
        )
        for event in events
        if event.level > Level.NONE
    )


def shares(trip: Trip) -> tuple[Share, ...]:
    """The states, longest first."""
    found = sorted(trip.states_s.items(), key=lambda item: -item[1])
    whole_s = sum(trip.states_s.values()) or 1.0
    return tuple(
        Share(WORDS[state], tone_of(state), time_s / 60, round(100 * time_s / whole_s, 1)) for state, time_s in found
    )


def alerts(trip: Trip) -> tuple[Alerts, ...]:
    """The kinds of events, those with the most alarms first."""
    found = sorted(trip.alerts.items(), key=lambda item: item[1][::-1], reverse=True)
    return tuple(
        Alerts(WORDS[kind], counted(*counts), trip.disputed.get(kind, 0), kind not in NO_FAULTS)
        for kind, counts in found
    )


def perclos_limits(trip: Trip) -> list[tuple[float, Level]]:
    """From which PERCLOS on which level was reached; empty where an earlier release did not say."""
    return list(zip(trip.perclos_limits, LEVELS, strict=True)) if len(trip.perclos_limits) == len(LEVELS) else []


def perclos_y(ratio: float) -> float:
    """Where a share of time with closed eyes is drawn, from 100 at the bottom up to 0."""
    return round(100 * (1 - min(1.0, ratio / PERCLOS_MAX)), 1)


def perclos(trip: Trip) -> PerclosCourse:
    """A step for each bin."""
    lines: list[list[str]] = [[]]
    step = WIDTH / max(1, len(trip.perclos))
    for number, mean in enumerate(trip.perclos):
        if mean is None:
            lines.append([])
        else:
            y = perclos_y(mean)
            lines[-1] += [f"{round(number * step)},{y}", f"{round((number + 1) * step)},{y}"]
    known = [mean for mean in trip.perclos if mean is not None]
    minutes = len(trip.perclos) * trip.perclos_bin_s / 60
    return PerclosCourse(tuple(" ".join(points) for points in lines if points), minutes, max(known, default=None))


def in_short(trip: Trip) -> str:
    """The alerts of a trip by level, in words."""
    return counted(*(sum(of_kind[level] for of_kind in trip.alerts.values()) for level in range(len(LEVELS))))
