"""Observations -> an SVG timeline: head pose, eyes and mouth in strips over one time axis, the events below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from app.attention.policy import Policy
from app.events import Event, Level
from app.observer import Observation

WIDTH_PX, LEFT_PX, RIGHT_PX, TOP_PX = 1000, 120, 984, 44
STRIP_PX, GAP_PX, LANE_PX, FOOT_PX = 84, 16, 20, 34
POINTS_MAX = 4000  # several a pixel; longer recordings are thinned out
EVENTS_MAX = 500  # the newest; more could not be told apart
NAMES_MAX, NAME_PX = 12, 130
TICKS_MAX = 10
TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
GAP_S = 1.0  # between two recordings, and so between two pictures
COLOURS = {Level.CAUTION: "#e3b505", Level.WARNING: "#f07d00", Level.ALARM: "#d01818"}
LINE, LIMIT, GREY, PALE = "#1658a8", "#c33", "#666", "#f4f5f7"

Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """One signal: its values are drawn between low and high, its limits as dashed lines."""

    label: str
    low: float
    high: float
    value: Callable[[Observation], float | None]
    limits: tuple[float, ...] = ()

    def share(self, value: float) -> float:
        """How far up a value lies, 0 to 1."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


def strips_of(policy: Policy) -> tuple[Strip, ...]:
    """The strips from the top; angles are relative to the neutral pose, as the limits are."""
    p = policy
    yaw, down, up = p.yaw_limit_deg, p.pitch_down_limit_deg, p.pitch_up_limit_deg
    return (
        Strip("yaw, deg", -60, 60, lambda look: look.verdict.yaw_error_deg, (-yaw, yaw)),
        Strip("pitch, deg", -45, 45, lambda look: look.verdict.pitch_error_deg, (-down, up)),
        Strip("EAR", 0, 0.5, lambda look: look.signals.ear if look.signals else None),
        Strip("MAR", 0, 1, lambda look: look.signals.mar if look.signals else None, (p.yawn_mar,)),
        Strip("PERCLOS", 0, 0.5, lambda look: look.verdict.perclos, (p.perclos_caution, p.perclos_alarm)),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as it stood last, on the time axis of all recordings; to_s is None while it lasts."""

    event: Event
    from_s: float
    to_s: float | None


class Timeline:
    """Collects what the strips show of each look; recordings follow one another. Its size is bounded."""

    def __init__(self, policy: Policy) -> None:
        self._strips = strips_of(policy)
        self._points: list[tuple[float, Values]] = []
        self._stride, self._looks = 1, 0
        self._events: dict[tuple[int, str, float], Seen] = {}
        self._names: list[tuple[float, str]] = []
        self._recording = -1
        self._offset_s = self._end_s = 0.0

    def add(self, recording: int, name: str, look: Observation) -> None:
        """Add the next look at the recording of that number and name."""
        if recording != self._recording:
            self._begin(recording, name)
        time_s = self._end_s = self._offset_s + look.verdict.time_s
        if self._looks % self._stride == 0:
            self._points.append((time_s, tuple(strip.value(look) for strip in self._strips)))
        self._looks += 1
        if len(self._points) > 2 * POINTS_MAX:
            self._points, self._stride = self._points[::2], 2 * self._stride
        for event in look.verdict.events:
            self._note(event)

    def _begin(self, recording: int, name: str) -> None:
        if self._recording >= 0:
            self._end_lasting()
            self._offset_s = self._end_s + GAP_S
            self._points.append((self._end_s, (None,) * len(self._strips)))  # no line leads across
        self._recording = recording
        if len(self._names) <= NAMES_MAX:
            self._names.append((self._offset_s, name))

    def _note(self, event: Event) -> None:
        to_s = None if event.end_s is None else self._offset_s + event.end_s
        key = self._recording, event.kind.value, event.onset_s
        self._events[key] = Seen(event, self._offset_s + event.onset_s, to_s)
        if len(self._events) > EVENTS_MAX:
            del self._events[next(iter(self._events))]

    def _end_lasting(self) -> None:
        for key, seen in self._events.items():
            if seen.to_s is None:
                self._events[key] = Seen(seen.event, seen.from_s, self._end_s)

    def svg(self) -> str:
        """The picture as SVG text."""
        self._end_lasting()
        return _Drawing(self._strips, self._points, list(self._events.values()), self._names, self._end_s).svg()


class _Drawing:
    """What is drawn, and where: time runs to the right."""

    def __init__(
        self,
        strips: tuple[Strip, ...],
        points: list[tuple[float, Values]],
        events: list[Seen],
        names: list[tuple[float, str]],
        end_s: float,
    ) -> None:
        self._strips, self._points, self._events, self._names = strips, points, events, names
        self._end_s = end_s or 1.0
        self._kinds = sorted({seen.event.kind.value for seen in events})
        self._strips_end_px = TOP_PX + len(strips) * (STRIP_PX + GAP_PX)
        self._end_px = self._strips_end_px + len(self._kinds) * LANE_PX

    def svg(self) -> str:
        size = f"{WIDTH_PX} {self._end_px + FOOT_PX}"
        width, height = size.split()
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {size}" '
            f'font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *self._head(),
            *(part for number in range(len(self._strips)) for part in self._frame(number)),
            *self._axis(),
            *(part for number in range(len(self._strips)) for part in self._curves(number)),
            *self._marks(),
        ]
        return "\n".join([*parts, "</svg>\n"])

    def _x(self, time_s: float) -> float:
        return round(LEFT_PX + (RIGHT_PX - LEFT_PX) * min(1.0, time_s / self._end_s), 1)

    def _y(self, number: int, value: float) -> float:
        return round(TOP_PX + number * (STRIP_PX + GAP_PX) + STRIP_PX * (1 - self._strips[number].share(value)), 1)

    def _head(self) -> Iterator[str]:
        yield _text(12, 24, _title(self._names), 'font-size="15"')
        for number, (level, colour) in enumerate(COLOURS.items()):
            x_px = RIGHT_PX - 70 * (len(COLOURS) - number)
            yield f'<rect x="{x_px}" y="15" width="10" height="10" fill="{colour}"/>'
            yield _text(x_px + 14, 24, level.name.lower(), f'fill="{GREY}"')

    def _frame(self, number: int) -> Iterator[str]:
        strip = self._strips[number]
        top, bottom = self._y(number, strip.high), self._y(number, strip.low)
        yield f'<rect x="{LEFT_PX}" y="{top}" width="{RIGHT_PX - LEFT_PX}" height="{STRIP_PX}" fill="{PALE}"/>'
        yield _text(12, (top + bottom) / 2 + 4, strip.label)
        for value, y_px in ((strip.high, top + 10), (strip.low, bottom)):
            yield _text(LEFT_PX - 6, y_px, f"{value:g}", f'text-anchor="end" fill="{GREY}"')
        if strip.low < 0:
            yield _level(self._y(number, 0), 'stroke="#ccc"')
        for limit in strip.limits:
            yield _level(self._y(number, limit), f'stroke="{LIMIT}" stroke-dasharray="4 4"')

    def _axis(self) -> Iterator[str]:
        step_s = next((step for step in TICKS_S if self._end_s / step <= TICKS_MAX), TICKS_S[-1])
        for tick in range(min(int(self._end_s // step_s), 10 * TICKS_MAX) + 1):
            x_px = self._x(tick * step_s)
            yield f'<line x1="{x_px}" x2="{x_px}" y1="{TOP_PX}" y2="{self._end_px}" stroke="#ddd"/>'
            yield _text(x_px, self._end_px + 18, _clock(tick * step_s), f'text-anchor="middle" fill="{GREY}"')
        if 1 < len(self._names) <= NAMES_MAX:
            for start_s, name in self._names:
                x_px = self._x(start_s)
                yield f'<line x1="{x_px}" x2="{x_px}" y1="{TOP_PX - 8}" y2="{self._end_px}" stroke="black"/>'
                at_px, anchor = (x_px - 3, "end") if x_px > RIGHT_PX - NAME_PX else (x_px + 3, "start")
                yield _text(at_px, TOP_PX - 3, _short(name), f'font-size="10" fill="{GREY}" text-anchor="{anchor}"')

    def _curves(self, number: int) -> Iterator[str]:
        """The values of one strip, broken where nothing was measured."""
        line: list[str] = []
        for time_s, values in [*self._points, (0.0, (None,) * len(self._strips))]:
            value = values[number]
            if value is not None:
                line.append(f"{self._x(time_s)},{self._y(number, value)}")
            elif line:
                points = " ".join(line if len(line) > 1 else line * 2)  # a line of one point is a dot
                yield f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-linecap="round"/>'
                line = []

    def _marks(self) -> Iterator[str]:
        """A bar in the lane of its kind for each event, and a tint over the strips."""
        for number, kind in enumerate(self._kinds):
            yield _text(12, self._strips_end_px + number * LANE_PX + 13, kind)
        for seen in self._events:
            event, end_s = seen.event, self._end_s if seen.to_s is None else seen.to_s
            left, colour = self._x(seen.from_s), COLOURS.get(event.level, GREY)
            width = round(max(2.0, self._x(end_s) - left), 1)
            lane_px = self._strips_end_px + self._kinds.index(event.kind.value) * LANE_PX + 2
            strips = f'y="{TOP_PX}" height="{self._strips_end_px - TOP_PX - GAP_PX}"'
            yield f'<rect x="{left}" width="{width}" {strips} fill="{colour}" fill-opacity="0.15"/>'
            yield (
                f'<rect x="{left}" width="{width}" y="{lane_px}" height="{LANE_PX - 6}" fill="{colour}">'
                f"<title>{_safe(_described(event, end_s - seen.from_s))}</title></rect>"
            )


def _described(event: Event, seconds: float) -> str:
    detail = f" ({event.detail})" if event.detail else ""
    return f"{event.kind.value}{detail}: {event.level.name.lower()}, {seconds:.1f} s from {event.onset_s:.1f} s on"


def _title(names: list[tuple[float, str]]) -> str:
    if not names:
        return "no frames could be read"
    return _short(names[0][1], 90) if len(names) == 1 else "several recordings, one after the other"


def _short(name: str, letters: int = 24) -> str:
    return name if len(name) <= letters else f"…{name[1 - letters :]}"


def _clock(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def _level(y_px: float, style: str) -> str:
    return f'<line x1="{LEFT_PX}" x2="{RIGHT_PX}" y1="{y_px}" y2="{y_px}" {style}/>'


def _text(x_px: float, y_px: float, text: str, style: str = "") -> str:
    return f'<text x="{x_px}" y="{y_px}" {style}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    """XML allows no control characters and UTF-8 no lone surrogates, which file names may have."""
    return escape("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))
