"""How urgent it is, which state is shown, when a sound is due, and which events are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from app.events import BLIND, Cue, Event, Level, State

REPEAT_SLACK_S = 0.1  # frames come a little early or late

# Of two states of one level the earlier is shown, and the blind ones before all: who sees nothing knows nothing else
PRIORITY = (
    State.NO_CAMERA,
    State.CAMERA_BLOCKED,
    State.EYES_CLOSED,
    State.LOOKING_DOWN,
    State.LOOKING_AWAY,
    State.PHONE,
    State.DISTRACTED,
    State.DROWSY,
    State.NO_FACE,
    State.YAWNING,
    State.EYES_UNSEEN,
)
# A glance of 2 s is cautioned by light alone: were it a sound, the sounds that matter would be believed less
SILENT_CAUTIONS = frozenset({State.LOOKING_AWAY, State.LOOKING_DOWN, State.PHONE, State.EYES_UNSEEN})
REPEATING_ALARMS = frozenset({State.LOOKING_AWAY, State.LOOKING_DOWN, State.PHONE, State.EYES_CLOSED})


def foremost(events: Iterable[Event]) -> State | None:
    """The state to show while these events last; None without one."""
    rank = {event.kind: (event.kind not in BLIND, -event.level, PRIORITY.index(event.kind)) for event in events}
    return min(rank, key=rank.__getitem__, default=None)


class Urgency:
    """The level as the driver feels it: rises at once, falls a step at a time after step_s of attention each."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._level = Level.NONE
        self._held_s = 0.0

    def update(self, time_s: float, level: Level) -> Level:
        """Take the level of what happens now."""
        if level >= self._level:
            self._level, self._held_s = level, time_s
        elif time_s - self._held_s >= self._step_s:
            self._level, self._held_s = Level(self._level - 1), time_s
        return self._level


class Cues:
    """When a sound is due: as an event begins or rises, and again every repeat_s while an alarm lasts."""

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._last: dict[State, tuple[float, Level]] = {}  # no more keys than there are states
        self._unheard: frozenset[State] = frozenset()  # events that began where nothing sounds, and last

    def update(
        self, time_s: float, changes: tuple[Event, ...], lasting: tuple[Event, ...], audible: bool = True
    ) -> Cue | None:
        """Take one sample's changes and the events that last; the most urgent cue, or None.

        audible: False keeps silent; an event that still lasts afterwards is heard then.
        """
        due = [event for event in changes if event.end_s is None and self._is_news(time_s, event)]
        due += [event for event in lasting if event.kind in self._unheard or self._is_due_again(time_s, event)]
        self._unheard = frozenset() if audible else frozenset(event.kind for event in due)
        if not due or not audible:
            return None
        loudest = min(due, key=lambda event: (-event.level, PRIORITY.index(event.kind)))
        self._last[loudest.kind] = time_s, loudest.level
        return Cue(loudest.kind, loudest.level)

    def _is_news(self, time_s: float, event: Event) -> bool:
        if event.level is Level.CAUTION and event.kind in SILENT_CAUTIONS:
            return False
        return event.level > self._last_level(event.kind) or self._is_over(time_s, event.kind)

    def _is_due_again(self, time_s: float, event: Event) -> bool:
        repeats = event.level is Level.ALARM and event.kind in REPEATING_ALARMS
        return repeats and self._is_over(time_s, event.kind)

    def _last_level(self, kind: State) -> Level:
        return self._last[kind][1] if kind in self._last else Level.NONE

    def _is_over(self, time_s: float, kind: State) -> bool:
        return kind not in self._last or time_s - self._last[kind][0] >= self._repeat_s - REPEAT_SLACK_S


class History:
    """The newest ended events, bounded by number and age."""

    def __init__(self, size: int, window_s: float) -> None:
        self._events: deque[Event] = deque(maxlen=size)
        self._window_s = window_s

    def add(self, changes: tuple[Event, ...]) -> None:
        """Keep those that ended."""
        self._events.extend(event for event in changes if event.end_s is not None)

    def events(self, now_s: float) -> tuple[Event, ...]:
        """Those that ended within the window."""
        while self._events and now_s - (self._events[0].end_s or now_s) > self._window_s:
            self._events.popleft()
        return tuple(self._events)
