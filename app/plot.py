"""Looks -> an SVG timeline: head pose, eyes, mouth, and the events below them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape

from app.verdict import Event, Level
from app.watch import Look
from config.settings import Analysis

WIDTH_PX, LEFT_PX, ROW_PX, GAP_PX, TOP_PX = 1000, 90, 90, 26, 34
POINTS_MAX = 4000  # of a row; longer recordings are thinned out
EVENT_ROW_PX = 18
COLOURS = {Level.NONE: "#888", Level.CAUTION: "#e0b000", Level.WARNING: "#e07000", Level.ALARM: "#d01818"}


@dataclass(frozen=True, slots=True)
class Row:
    """One signal's strip: its values lie between low and high, limits are dashed lines."""

    label: str
    low: float
    high: float
    value: Callable[[Look], float | None]
    limits: tuple[float, ...] = ()


def rows(settings: Analysis) -> tuple[Row, ...]:
    """The strips from the top; angles are relative to the neutral pose, as the limits are."""
    yaw, down, up = settings.yaw_limit_deg, settings.pitch_down_limit_deg, settings.pitch_up_limit_deg
    return (
        Row("yaw, deg", -60, 60, lambda look: look.verdict.yaw_error_deg, (-yaw, yaw)),
        Row("pitch, deg", -45, 45, lambda look: look.verdict.pitch_error_deg, (-down, up)),
        Row("EAR", 0, 0.5, lambda look: look.signals.ear if look.signals else None),
        Row("MAR", 0, 1, lambda look: look.signals.mar if look.signals else None, (settings.yawn_mar,)),
        Row("PERCLOS", 0, 0.5, lambda look: look.verdict.perclos, (settings.perclos_caution, settings.perclos_alarm)),
    )


@dataclass(slots=True)
class Timeline:
    """Collects looks, without their pictures; recordings follow one another on one time axis."""

    looks: list[tuple[float, Look]] = field(default_factory=list)
    events: dict[tuple[str, float], tuple[Event, float]] = field(default_factory=dict)
    inputs: list[tuple[float, str]] = field(default_factory=list)
    _offset_s: float = 0.0

    def add(self, name: str, look: Look) -> None:
        """Add a look at the recording of that name."""
        if not self.inputs or self.inputs[-1][1] != name:
            self._offset_s = self.looks[-1][0] if self.looks else 0.0
            self.inputs.append((self._offset_s, name))
        time_s = self._offset_s + look.verdict.time_s
        self.looks.append((time_s, Look(None, look.sight, None, look.signals, look.verdict)))
        for event in look.verdict.events:
            self.events[event.kind.value, self._offset_s + event.onset_s] = event, self._offset_s
        if len(self.looks) > 2 * POINTS_MAX:
            self.looks = self.looks[::2]

    def svg(self, settings: Analysis) -> str:
        """The picture as SVG text."""
        total_s = max((time_s for time_s, _ in self.looks), default=0.0) or 1.0
        strips = rows(settings)
        height_px = TOP_PX + len(strips) * (ROW_PX + GAP_PX) + EVENT_ROW_PX * (len({k for k, _ in self.events}) + 2)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height_px}" font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/>',
            f'<text x="{LEFT_PX}" y="20" font-size="15">{escape(", ".join(name for _, name in self.inputs))}</text>',
        ]
        for number, row in enumerate(strips):
            parts += self._strip(row, TOP_PX + number * (ROW_PX + GAP_PX), total_s)
        parts += self._event_rows(TOP_PX + len(strips) * (ROW_PX + GAP_PX), total_s)
        return "\n".join([*parts, "</svg>\n"])

    def _strip(self, row: Row, top_px: float, total_s: float) -> Iterator[str]:
        def y(value: float) -> float:
            share = (min(max(value, row.low), row.high) - row.low) / (row.high - row.low)
            return round(top_px + ROW_PX * (1 - share), 1)

        yield f'<rect x="{LEFT_PX}" y="{top_px}" width="{WIDTH_PX - LEFT_PX - 10}" height="{ROW_PX}" fill="#f6f6f6"/>'
        yield f'<text x="6" y="{top_px + ROW_PX / 2}">{row.label}</text>'
        for value in (row.low, row.high):
            yield f'<text x="{LEFT_PX - 6}" y="{y(value) + 4}" text-anchor="end" fill="#777">{value:g}</text>'
        for limit in row.limits:
            ends = f'x1="{LEFT_PX}" x2="{WIDTH_PX - 10}" y1="{y(limit)}" y2="{y(limit)}"'
            yield f'<line {ends} stroke="#c33" stroke-dasharray="4 4"/>'
        for line in self._lines(row):
            points = " ".join(f"{_x(time_s, total_s)},{y(value)}" for time_s, value in line)
            if len(line) == 1:
                points = f"{points} {points}"
            yield f'<polyline points="{points}" fill="none" stroke="#1658a8" stroke-linecap="round"/>'

    def _lines(self, row: Row) -> Iterator[list[tuple[float, float]]]:
        """The row's values, broken where nothing was measured."""
        line: list[tuple[float, float]] = []
        for time_s, look in self.looks:
            value = row.value(look)
            if value is not None:
                line.append((time_s, value))
            elif line:
                yield line
                line = []
        if line:
            yield line

    def _event_rows(self, top_px: float, total_s: float) -> Iterator[str]:
        kinds = sorted({kind for kind, _ in self.events})
        for number, kind in enumerate(kinds):
            y_px = top_px + number * EVENT_ROW_PX
            yield f'<text x="6" y="{y_px + 12}">{kind}</text>'
            for event, offset_s in (seen for (name, _), seen in self.events.items() if name == kind):
                yield _event_bar(event, offset_s, y_px, total_s)
        axis_px = top_px + len(kinds) * EVENT_ROW_PX + 14
        for tick in range(11):
            time_s = total_s * tick / 10
            yield f'<text x="{_x(time_s, total_s)}" y="{axis_px}" text-anchor="middle" fill="#555">{time_s:.0f} s</text>'


def _event_bar(event: Event, offset_s: float, y_px: float, total_s: float) -> str:
    left = _x(offset_s + event.onset_s, total_s)
    right = _x(offset_s + event.end_s, total_s) if event.end_s is not None else WIDTH_PX - 10
    tip = escape(f"{event.kind.value}, {event.level.name.lower()}, from {event.onset_s:.1f} s {event.detail}")
    box = f'x="{left}" y="{y_px + 2}" width="{max(2.0, right - left):.1f}" height="{EVENT_ROW_PX - 6}"'
    return f'<rect {box} fill="{COLOURS[event.level]}"><title>{tip}</title></rect>'


def _x(time_s: float, total_s: float) -> float:
    return round(LEFT_PX + (WIDTH_PX - LEFT_PX - 10) * time_s / total_s, 1)
