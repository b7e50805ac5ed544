"""Stretches of a trip that must or may be told, and how long one has to be for that at a frame rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.attention.policy import Policy
from app.events import Level, State

TURN_S = 0.3  # a head needs so long: when it is away lies within
EYES_UNSEEN_S = 60.0  # eyes that cannot be seen for so long are told

Steps = tuple[tuple[float, Level], ...]
COUNTED = (State.DISTRACTED, State.DROWSY, State.YAWNING)  # over minutes, where the others time one stretch


@dataclass(frozen=True, slots=True)
class Due:
    """A stretch that must reach one level and may reach another; NONE: it need not be told, or must not be.

    limits_s: how long after from_s each level is due by the rule alone. also: another kind that tells of it as well.
    """

    kind: State
    from_s: float
    to_s: float
    must: Level
    may: Level
    limits_s: tuple[tuple[Level, float], ...] = ()
    also: State | None = None

    @property
    def kinds(self) -> tuple[State, ...]:
        """An event of one of these tells of it."""
        return (self.kind,) if self.also is None else (self.kind, self.also)


def steps_of(p: Policy) -> dict[State, Steps]:
    """Each rule that counts the seconds of one stretch, from README's table: after how long which level."""
    away = (
        (p.away_caution_s, Level.CAUTION),
        (p.away_warning_s, Level.WARNING),
        (p.away_alarm_s, Level.ALARM),
    )
    return {
        State.LOOKING_AWAY: away,
        State.LOOKING_DOWN: away,
        State.EYES_CLOSED: ((p.microsleep_s, Level.WARNING), (p.asleep_s, Level.ALARM)),
        State.EYES_UNSEEN: ((EYES_UNSEEN_S, Level.CAUTION),),
        State.PHONE: (
            (p.phone_caution_s, Level.CAUTION),
            (p.phone_warning_s, Level.WARNING),
            (p.phone_alarm_s, Level.ALARM),
        ),
        State.NO_FACE: ((p.no_face_warning_s, Level.WARNING),),
        State.CAMERA_BLOCKED: ((p.camera_blocked_s, Level.WARNING),),
    }


def surely_s(kind: State, limit_s: float, period_s: float) -> float:
    """A stretch at least this long must be told: its onset may lie a period before the first look at it.

    Closed eyes need two looks, and nothing more.
    """
    seen_s = max(limit_s, 2 * period_s) if kind is State.EYES_CLOSED else limit_s + period_s
    return seen_s + TURN_S


def hardly_s(limit_s: float, period_s: float) -> float:
    """A stretch shorter than this must not be told."""
    return max(limit_s - period_s - TURN_S, limit_s / 2)


def told_by(steps: Steps, lasts_s: float, period_s: float) -> Level:
    """The highest level that a stretch of this length may reach."""
    return max((level for limit_s, level in steps if lasts_s >= hardly_s(limit_s, period_s)), default=Level.NONE)


def due_of(kind: State, steps: Steps, span_s: tuple[float, float], period_s: float) -> Due:
    """A stretch by the rule's steps."""
    from_s, to_s = span_s
    lasts_s = to_s - from_s
    must = [level for limit_s, level in steps if lasts_s >= surely_s(kind, limit_s, period_s)]
    limits = tuple((level, limit_s) for limit_s, level in steps if level in must)
    return Due(kind, from_s, to_s, max(must, default=Level.NONE), told_by(steps, lasts_s, period_s), limits)


def is_too_short(limit_s: float, span_s: tuple[float, float], period_s: float) -> bool:
    """Strictly, as looks a second apart or less and second looks can tell it; slower ones by hardly_s."""
    return span_s[1] - span_s[0] < (limit_s if period_s <= 1 else hardly_s(limit_s, period_s))


def told_by_either(due: Due) -> Due:
    """A look away whose lids are shut or may read so: no more than a warning must come of it, of either kind."""
    limits = tuple((level, limit_s) for level, limit_s in due.limits_s if level is Level.WARNING)
    must = Level.WARNING if limits else Level.NONE
    return replace(due, must=must, limits_s=limits, also=State.EYES_CLOSED)


def outermost(dues: Iterable[Due]) -> Iterator[Due]:
    """Those that lie within no other."""
    known = list(dues)
    for due in known:
        if not any(one is not due and one.from_s <= due.from_s and due.to_s <= one.to_s for one in known):
            yield due
