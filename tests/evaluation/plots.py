"""SVG plots of an evaluation: pose error against yaw, how late alerts came, and each scenario's truth and verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor

import numpy as np

from app.events import Event, Level, State
from tests.evaluation.due import COUNTED, Due
from tests.evaluation.look import Seen
from tests.evaluation.score import Score
from tests.evaluation.vary import Trip

WIDTH_PX, LEFT_PX, RIGHT_PX, TOP_PX = 760, 150, 744, 34
COLOURS = ("#1658a8", "#d9730d", "#2a8a57", "#9c3fb0")
LEVEL_COLOURS = {Level.NONE: "#c9ccd1", Level.CAUTION: "#e3b505", Level.WARNING: "#f07d00", Level.ALARM: "#d01818"}
GREY, PALE = "#666", "#f4f5f7"
BAND_DEG = 7.5
TRUTH_POINTS = 600
LANE_PX, ROW_PX = 18, 22


@dataclass(frozen=True, slots=True)
class Axes:
    """Where values lie in the picture: from the lowest to the highest of each axis."""

    low: tuple[float, float]
    high: tuple[float, float]
    top_px: float
    bottom_px: float

    def x(self, value: float) -> float:
        """Pixels from the left."""
        share = (value - self.low[0]) / (self.high[0] - self.low[0])
        return round(LEFT_PX + (RIGHT_PX - LEFT_PX) * min(1.0, max(0.0, share)), 1)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        share = (value - self.low[1]) / (self.high[1] - self.low[1])
        return round(self.bottom_px - (self.bottom_px - self.top_px) * min(1.0, max(0.0, share)), 1)

    def frame(self, ticks: tuple[Sequence[float], Sequence[float]], label_x: str) -> Iterable[str]:
        """Background, grid and numbers."""
        height_px = self.bottom_px - self.top_px
        yield f'<rect x="{LEFT_PX}" y="{self.top_px}" width="{RIGHT_PX - LEFT_PX}" height="{height_px}" fill="{PALE}"/>'
        for value in ticks[0]:
            yield _line([(self.x(value), self.top_px), (self.x(value), self.bottom_px)], "#ddd")
            yield _text(self.x(value), self.bottom_px + 14, f"{value:g}", "middle", GREY)
        for value in ticks[1]:
            yield _line([(LEFT_PX, self.y(value)), (RIGHT_PX, self.y(value))], "#ddd")
            yield _text(LEFT_PX - 6, self.y(value) + 4, f"{value:g}", "end", GREY)
        yield _text((LEFT_PX + RIGHT_PX) / 2, self.bottom_px + 30, label_x, "middle", GREY)


def error_against_yaw(scores: dict[str, Score]) -> str:
    """Mean (line) and 95th percentile (dashed) of the yaw error by true yaw, for each named score."""
    bands = {name: list(_yaw_bands(score)) for name, score in scores.items()}
    most_deg = max((percentile for rows in bands.values() for _, _, percentile in rows), default=10.0)
    high_deg = 10 * ceil(most_deg / 10)
    axes = Axes((-75, 0), (75, high_deg), TOP_PX, 290)
    ticks = range(-75, 76, 15), range(0, high_deg + 1, 10)
    parts = list(axes.frame(ticks, "true yaw, degrees (+ is the driver's right)"))
    parts += [_text(12, 20, "Error of the head's yaw, degrees: mean, and 95 of 100 (dashed)", size=14)]
    for limit_deg, reach_deg in ((4, 30), (8, 45)):
        ends = [(axes.x(side * reach_deg), axes.y(limit_deg)) for side in (-1, 1)]
        parts.append(_line(ends, "#c33", 'stroke-dasharray="2 3"'))
    for number, (name, rows) in enumerate(bands.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(_text(axes.x(0), TOP_PX + 16 * (number + 1), name, "middle", colour))
        for figure, style in ((1, ""), (2, 'stroke-dasharray="6 4"')):
            points = [(axes.x(row[0]), axes.y(row[figure])) for row in rows]
            parts.append(_line(points, colour, f'stroke-width="1.6" {style}'))
    return _svg(parts, 330)


def _yaw_bands(score: Score) -> Iterable[tuple[float, float, float]]:
    """Middle, mean error and 95th percentile of each band of true yaw that has five poses, in degrees."""
    pairs = [(pose.true_deg[0], pose.read_deg[0]) for pose in score.poses if pose.read_deg]
    for middle in np.arange(-75 + BAND_DEG / 2, 75, BAND_DEG).tolist():
        errors = [abs(read - true) for true, read in pairs if abs(true - middle) <= BAND_DEG / 2]
        if len(errors) >= 5:
            yield middle, float(np.mean(errors)), float(np.percentile(errors, 95))


def alert_latency(score: Score, title: str) -> str:
    """A row for each kind and level: from the earliest to the latest alert, its middle half, its mean.

    Without what adds up over minutes, and is late by as long.
    """
    rows: dict[tuple[State, Level], list[float]] = {}
    for told in (told for told in score.told if told.kind not in COUNTED):
        for level, late_s in told.late_s:
            rows.setdefault((told.kind, level), []).append(late_s)
    bottom_px = TOP_PX + ROW_PX * max(1, len(rows))
    late = [0.0, *(late_s for values in rows.values() for late_s in values)]
    low_s, high_s = floor(min(late)), max(1, ceil(max(late)))
    axes = Axes((low_s, 0), (high_s, 1), TOP_PX, bottom_px)
    parts = [_text(12, 20, title, size=14)]
    parts += axes.frame((range(low_s, high_s + 1), ()), "seconds after the rule's own time; 0: exactly then")
    parts.append(_line([(axes.x(0), TOP_PX), (axes.x(0), bottom_px)], "#888"))
    for number, ((kind, level), values) in enumerate(
        sorted(rows.items(), key=lambda row: (row[0][0].value, row[0][1]))
    ):
        y_px = TOP_PX + ROW_PX * (number + 0.5)
        low, quarter, half, high = (
            float(v) for v in (np.min(values), *np.percentile(values, (25, 75)), np.max(values))
        )
        parts.append(_text(LEFT_PX - 6, y_px + 4, f"{kind.value}, {level.name.lower()}", "end", size=10))
        parts.append(_line([(axes.x(low), y_px), (axes.x(high), y_px)], LEVEL_COLOURS[level], 'stroke-width="2"'))
        parts.append(_line([(axes.x(quarter), y_px), (axes.x(half), y_px)], LEVEL_COLOURS[level], 'stroke-width="9"'))
        parts.append(f'<circle cx="{axes.x(float(np.mean(values)))}" cy="{y_px}" r="3"/>')
    return _svg(parts, bottom_px + 40)


def timeline(title: str, trip: Trip, seen: Seen, dues: list[Due], events: list[Event]) -> str:
    """True and measured yaw and pitch over time; below, for each state what had to be told and what was."""
    end_s = max(trip.length_s, 1.0)
    step_s = next(step for step in (5, 10, 20, 50, 100, 200) if end_s / step <= 12)
    parts = [_text(12, 20, title, size=14)]
    for number, field in enumerate(("yaw_deg", "pitch_deg")):
        axes = Axes((0, -80), (end_s, 80), TOP_PX + 100 * number, TOP_PX + 84 + 100 * number)
        parts += _angles(axes, field, trip, seen)
    kinds = sorted({due.kind for due in dues if due.may > Level.NONE} | {event.kind for event in events})
    top_px = TOP_PX + 200
    for number, kind in enumerate(kinds):
        y_px = top_px + number * LANE_PX
        parts.append(_text(12, y_px + 11, kind.value, size=10))
        true = ((due.from_s, due.to_s, due.must) for due in dues if due.kind is kind and due.may > Level.NONE)
        told = ((one.onset_s, one.end_s or end_s, one.level) for one in events if one.kind is kind)
        parts += [_bar(axes, from_s, to_s, y_px, LEVEL_COLOURS[level]) for from_s, to_s, level in true]
        parts += [_bar(axes, from_s, to_s, y_px + 8, LEVEL_COLOURS[level]) for from_s, to_s, level in told]
    bottom_px = top_px + LANE_PX * len(kinds)
    for tick in range(0, int(end_s) + 1, step_s):
        parts.append(_text(axes.x(tick), bottom_px + 14, f"{tick} s", "middle", GREY))
    parts.append(
        _text(
            12, bottom_px + 30, "upper bar: what had to be told (grey: what might be); lower bar: what was", colour=GREY
        )
    )
    return _svg(parts, bottom_px + 40)


def _angles(axes: Axes, field: str, trip: Trip, seen: Seen) -> Iterable[str]:
    """One angle: a grey line for the truth, a dot for each look."""
    yield from axes.frame(((), (-60, 0, 60)), "")
    yield _text(12, axes.y(0) + 4, field.replace("_deg", ", degrees"))
    times_s = np.linspace(0, trip.length_s, TRUTH_POINTS).tolist()
    yield _line([(axes.x(time_s), axes.y(getattr(trip.scene_at(time_s), field))) for time_s in times_s], "#aab")
    for time_s, signals in zip(seen.times_s.tolist(), seen.signals, strict=True):
        value = getattr(signals, field) if signals else None
        if value is not None:
            yield f'<circle cx="{axes.x(time_s)}" cy="{axes.y(value)}" r="1.3" fill="{COLOURS[0]}"/>'


def _bar(axes: Axes, from_s: float, to_s: float, y_px: float, colour: str) -> str:
    left, right = axes.x(from_s), axes.x(to_s)
    return f'<rect x="{left}" y="{y_px}" width="{max(2.0, right - left):.1f}" height="6" fill="{colour}"/>'


def _line(points: Sequence[tuple[float, float]], colour: str, style: str = "") -> str:
    return f'<polyline points="{" ".join(f"{x:g},{y:g}" for x, y in points)}" fill="none" stroke="{colour}" {style}/>'


def _text(x_px: float, y_px: float, text: str, anchor: str = "start", colour: str = "#000", size: int = 11) -> str:
    place = f'x="{x_px:g}" y="{y_px:g}" text-anchor="{anchor}" fill="{colour}" font-size="{size}"'
    return f"<text {place}>{escape(text)}</text>"


def _svg(parts: Iterable[str], height_px: float) -> str:
    size = f'width="{WIDTH_PX}" height="{height_px:g}" viewBox="0 0 {WIDTH_PX} {height_px:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">'
    return "\n".join([head, f'<rect width="{WIDTH_PX}" height="{height_px:g}" fill="white"/>', *parts, "</svg>\n"])
