"""Events -> what was measured around each, cut out of the course once enough has followed. Pure; time is passed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.events import Event, Level, Limits, Neutral, State
from app.telemetry.course import Course
from app.telemetry.event_signals import text_of

BEFORE_S = AFTER_S = 20.0
ONSET_TO_NEWS_MAX_S = 15.0  # of an event whose onset is longer ago, what came before the news is kept
EVENTS_MAX = 20  # at a time


@dataclass(frozen=True, slots=True)
class Cut:
    """The signals of one event, which its kind and its onset name."""

    kind: State
    onset_s: float
    text: str


@dataclass(frozen=True, slots=True)
class _Window:
    from_s: float
    to_s: float
    road: Neutral
    limits: Limits


class SignalCuts:
    """Waits until AFTER_S have passed since an event began, or rose after that, and cuts out what surrounds it."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._waiting: dict[tuple[State, float], _Window] = {}

    def note(self, event: Event, road: Neutral, limits: Limits, now_s: float) -> None:
        """An event began or rose; one that ends brings nothing new."""
        key = event.kind, event.onset_s
        if (
            event.end_s is None
            and event.level > Level.NONE
            and key not in self._waiting
            and len(self._waiting) < EVENTS_MAX
        ):
            from_s = max(event.onset_s, now_s - ONSET_TO_NEWS_MAX_S) - BEFORE_S
            self._waiting[key] = _Window(from_s, now_s + AFTER_S, road, limits)

    def due(self, now_s: float) -> Iterator[Cut]:
        """The signals of those events after which enough has passed; of all with an infinite time."""
        for (kind, onset_s), window in [*self._waiting.items()]:
            if now_s > window.to_s:
                del self._waiting[kind, onset_s]
                samples = self._course.samples(window.from_s, window.to_s)
                yield Cut(kind, onset_s, text_of(samples, window.road, window.limits))

    def forget(self) -> None:
        """The events are deleted."""
        self._waiting.clear()
