"""Samples -> strips: how head, eyes and PERCLOS went over some minutes, as points for templates/strips.html. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from admin.words import angle
from app.events import WORDS, Level, Limits, Neutral, State
from app.telemetry.course import COURSE_S, Sample

WIDTH, HEIGHT = 480, 60  # of each strip, in its own units: an SVG is stretched to its place
HEAD_YAW_MAX_DEG, HEAD_PITCH_MAX_DEG, PERCLOS_MAX = 60.0, 45.0, 0.3  # at the edges; what is beyond is drawn there
EYES_ROOM = 0.1  # beyond open and closed, so that the line does not lie on the edge
GAP_LOOKS, GAP_MIN_S = 2.5, 2.0  # a longer time between two looks is a gap in the line
NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is drawn, in monotonic seconds. labels: words below it at equal distances, from edge to edge."""

    from_s: float
    to_s: float
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A line across a strip. level: what begins there."""

    y: int
    level: Level


@dataclass(frozen=True, slots=True)
class Strip:
    """One signal. top, bottom: what its edges mean. now: the newest look, "" where it is old or shows nothing.

    lines: SVG points, one for each stretch without a gap.
    """

    name: str
    top: str
    bottom: str
    now: str
    lines: tuple[str, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A time during which the level was not NONE, behind all strips."""

    x: int
    width: int
    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class Strips:
    """What the template draws. grid: where the labels stand, without the edges."""

    labels: tuple[str, ...]
    grid: tuple[int, ...]
    bands: tuple[Band, ...]
    strips: tuple[Strip, ...]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class _Scale:
    """How one signal is drawn: values between low and high, from the bottom to the top."""

    name: str
    top: str
    bottom: str
    low: float
    high: float
    value: Callable[[Sample], float | None]
    limits: tuple[tuple[float | None, Level], ...]
    words: Callable[[float], str]

    def y(self, value: float) -> int:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT * (1 - max(0.0, min(1.0, share))))


def last_minutes(now_s: float) -> Window:
    """The window of the detector's own course."""
    return Window(now_s - COURSE_S, now_s, ("2 min ago", "1 min ago", "now"))


def strips(
    samples: Sequence[Sample], window: Window, limits: Limits = NO_LIMITS, road: Neutral | None = None
) -> Strips:
    """Draw the samples of a window. The head is relative to the road; without one to the camera, and has no limits."""
    shown = [sample for sample in samples if window.from_s <= sample.time_s <= window.to_s]
    pace_s = _pace_s(shown)
    steps = len(window.labels) - 1
    return Strips(
        window.labels,
        tuple(round(WIDTH * step / steps) for step in range(1, steps)),
        tuple(_bands(shown, window, pace_s)),
        tuple(_strip(scale, shown, window, pace_s) for scale in _scales(limits, road)),
    )


def _scales(limits: Limits, road: Neutral | None) -> tuple[_Scale, ...]:
    yaw_deg, pitch_deg, head = 0.0, 0.0, NO_LIMITS
    if road is not None:
        yaw_deg, pitch_deg, head = road.yaw_deg, road.pitch_deg, limits
    shut_blink = limits.eye_blink
    sides = ((head.yaw_deg, Level.CAUTION), (_less(head.yaw_deg), Level.CAUTION))
    heights = ((head.up_deg, Level.CAUTION), (_less(head.down_deg), Level.CAUTION))
    shares = (
        (limits.perclos_caution, Level.CAUTION),
        (limits.perclos_warning, Level.WARNING),
        (limits.perclos_alarm, Level.ALARM),
    )
    shut = ((None if shut_blink is None else 1 - shut_blink, Level.WARNING),)
    return (
        _Scale(
            *("Head sideways", "right", "left", -HEAD_YAW_MAX_DEG, HEAD_YAW_MAX_DEG),
            lambda sample: _turned(sample.yaw_deg, yaw_deg),
            sides,
            lambda value: angle(value, "right", "left"),
        ),
        _Scale(
            *("Head up and down", "up", "down", -HEAD_PITCH_MAX_DEG, HEAD_PITCH_MAX_DEG),
            lambda sample: _turned(sample.pitch_deg, pitch_deg),
            heights,
            lambda value: angle(value, "up", "down"),
        ),
        _Scale(
            *("Eyes", "open", "closed", -EYES_ROOM, 1.0 + EYES_ROOM),
            lambda sample: None if sample.eye_blink is None else 1 - sample.eye_blink,
            shut,
            lambda value: "closed or lowered" if shut_blink is not None and 1 - value >= shut_blink else "open",
        ),
        _Scale(
            *("PERCLOS", f"{100 * PERCLOS_MAX:.0f} %", "0 %", 0.0, PERCLOS_MAX),
            lambda sample: sample.perclos,
            shares,
            lambda value: f"{100 * value:.1f} %",
        ),
    )


def _strip(scale: _Scale, samples: Sequence[Sample], window: Window, pace_s: float) -> Strip:
    limits = tuple(Limit(scale.y(value), level) for value, level in scale.limits if value is not None)
    newest = scale.value(samples[-1]) if samples and window.to_s - samples[-1].time_s <= _gap_s(pace_s) else None
    now = "" if newest is None else scale.words(newest)
    return Strip(scale.name, scale.top, scale.bottom, now, tuple(_lines(scale, samples, window, pace_s)), limits)


def _lines(scale: _Scale, samples: Sequence[Sample], window: Window, pace_s: float) -> Iterator[str]:
    for stretch in _stretches(samples, pace_s, lambda sample: scale.value(sample) is None):
        points = [(_x(sample.time_s, window), scale.value(sample)) for sample in stretch]
        drawn = [f"{x},{scale.y(value)}" for x, value in points if value is not None]
        if len(drawn) == 1:  # a look alone would not be seen
            drawn.append(f"{points[0][0] + 1},{drawn[0].partition(',')[2]}")
        if drawn:
            yield " ".join(drawn)


def _bands(samples: Sequence[Sample], window: Window, pace_s: float) -> Iterator[Band]:
    for stretch in _stretches(samples, pace_s, lambda sample: (sample.state, sample.level)):
        state, level = stretch[0].state, stretch[0].level
        if (
            level > Level.NONE and state is not State.ATTENTIVE
        ):  # after an event the level falls a step every two seconds
            x, end_x = _x(stretch[0].time_s, window), _x(min(stretch[-1].time_s + pace_s, window.to_s), window)
            yield Band(x, max(1, end_x - x), level, f"{level.name.lower()}: {WORDS[state]}")


def _stretches(samples: Sequence[Sample], pace_s: float, what: Callable[[Sample], object]) -> Iterator[list[Sample]]:
    """Samples that follow each other without a gap and agree in something."""
    stretch: list[Sample] = []
    for sample in samples:
        if stretch and (sample.time_s - stretch[-1].time_s > _gap_s(pace_s) or what(sample) != what(stretch[-1])):
            yield stretch
            stretch = []
        stretch.append(sample)
    if stretch:
        yield stretch


def _pace_s(samples: Sequence[Sample]) -> float:
    """The usual time between two looks: their median."""
    between_s = sorted(later.time_s - sooner.time_s for sooner, later in pairwise(samples))
    return between_s[len(between_s) // 2] if between_s else 1.0


def _gap_s(pace_s: float) -> float:
    """What is too long between two looks."""
    return max(GAP_MIN_S, GAP_LOOKS * pace_s)


def _x(time_s: float, window: Window) -> int:
    return round(WIDTH * (time_s - window.from_s) / (window.to_s - window.from_s))


def _less(value: float | None) -> float | None:
    return None if value is None else -value


def _turned(value_deg: float | None, road_deg: float) -> float | None:
    return None if value_deg is None else value_deg - road_deg
