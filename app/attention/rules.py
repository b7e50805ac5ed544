"""What makes an event begin, rise and end: a condition that lasts, or a figure that grows. Pure; time is passed in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.attention.timers import Span, Spell
from app.events import Event, Level, State


@dataclass(frozen=True, slots=True)
class Step:
    """From `limit` on (seconds, a share or a count, as the rule says) an event has this level.

    certain_s: so many seconds must lie between samples that show the condition, whatever came before the first.
    """

    limit: float
    level: Level
    detail: str = ""
    certain_s: float = 0.0


def highest(steps: tuple[Step, ...], value: float) -> Step | None:
    """The last of the ascending steps that the value has reached."""
    return next((step for step in reversed(steps) if value >= step.limit), None)


class Episode:
    """The event of one rule, while there is one."""

    def __init__(self) -> None:
        self.event: Event | None = None
        self.changes: list[Event] = []  # what the newest sample did to it

    @property
    def level(self) -> Level:
        """The event's level; NONE without one."""
        return self.event.level if self.event else Level.NONE

    def rise(self, kind: State, step: Step, span: Span) -> None:
        """Begin the event or raise it; what it has reached already changes nothing."""
        event = self.event
        if event is None:
            event = Event(kind, step.level, span.onset_s, span.earliest_s, span.latest_s, None, step.detail)
        elif step.level > event.level or (step.level == event.level and step.detail != event.detail):
            event = replace(event, level=step.level, detail=step.detail)
        else:
            return
        self.event = event
        self.changes.append(event)

    def end(self, end_s: float | None) -> None:
        """Close the event, if there is one."""
        if self.event is not None:
            self.changes.append(replace(self.event, end_s=end_s))
        self.event = None


class SpellRule:
    """A condition that may last so long and no longer: the limits of the steps are in seconds, ascending."""

    def __init__(self, steps: tuple[Step, ...], clear_s: float = 0.0, in_a_row_min: int = 1) -> None:
        self.spell = Spell(clear_s)
        self.episode = Episode()
        self._steps = steps
        self._in_a_row_min = in_a_row_min

    @property
    def holds_now(self) -> bool:
        """The newest measured sample showed the condition."""
        return self.spell.holds_now

    def update(
        self,
        time_s: float,
        holds: bool | None,
        period_s: float,
        kind: State,
        detail: str = "",
        least: float = 0.0,
        steps: tuple[Step, ...] | None = None,
    ) -> None:
        """Take one sample; None: not measurable. kind and detail name the event, should it begin now.

        least: steps whose limit is lower are passed over, and so many seconds must be certain (Step.certain_s).
        steps: instead of the rule's own; () ends its event, while the condition's clock runs on.
        """
        self.episode.changes = []
        self.spell.update(time_s, holds, period_s)
        if self.spell.ended is not None:
            self.episode.end(self.spell.ended.end_s)
        if steps == ():
            self.episode.end(time_s)
        steps = self._steps if steps is None else steps
        if not holds or self.spell.span is None or self.spell.in_a_row < self._in_a_row_min:
            return
        lasted_s, certain_s = self.spell.lasted_s(time_s, period_s), self.spell.certain_s(time_s)
        if event := self.episode.event:
            kind, detail = event.kind, event.detail
        steps = tuple(step for step in steps if step.limit >= least and max(step.certain_s, least) <= certain_s)
        step = highest(steps, lasted_s)
        if step is not None:
            self.episode.rise(kind, replace(step, detail=step.detail or detail), self.spell.span)


class MeasureRule:
    """A figure that may rise so far and no further; its event lasts until the figure is below `clear`."""

    def __init__(self, steps: tuple[Step, ...], clear: float) -> None:
        self.episode = Episode()
        self.holds_now = False  # the driver adds to the figure at this moment
        self._steps = steps
        self._clear = clear
        self._last_s: float | None = None

    def update(self, time_s: float, measure: float | None, adds: bool, kind: State) -> None:
        """Take the figure as it stands now, None if it is not known; it can only rise while the driver adds to it."""
        self.episode.changes = []
        span = Span(time_s if self._last_s is None else self._last_s, time_s)
        self._last_s = time_s
        if measure is not None and measure < self._clear:
            self.episode.end(time_s)
        step = highest(self._steps, measure) if adds and measure is not None else None
        if step is not None:
            self.episode.rise(kind, step, span)
        self.holds_now = adds

    def stop(self, time_s: float) -> None:
        """Take a sample at which the figure is not judged: the event ends, the figure stands still."""
        self.episode.changes = []
        self._last_s = time_s
        self.episode.end(time_s)
