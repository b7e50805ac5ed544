"""Readings of memory -> lines and marks of a chart for templates/memory_part.html. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from admin.words import lasting
from app.memory.history import HISTORY_S, Reading

WIDTH, HEIGHT = 600, 160  # in its own units: the SVG is stretched to its place
GAP_S = 90.0  # three missing readings: the detector did not run, so no line is drawn
SPAN_MIN_S = 60.0
MARKS_MAX = 12  # the newest
TOPS_MB = (50, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000, 4000, 6000)
Kind = Literal["restart", "saving"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed the memory. time_s: monotonic. said: in words."""

    time_s: float
    kind: Kind
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A change in the chart; ago: in words."""

    x: float
    kind: Kind
    said: str
    ago: str


@dataclass(frozen=True, slots=True)
class Chart:
    """lines: each an SVG points list; the newest reading stands alone where there is no other.

    labels: below the axis from edge to edge. top_mb: at the upper edge. newest_mb: the last point, None without any.
    """

    lines: tuple[str, ...]
    marks: tuple[Mark, ...]
    labels: tuple[str, ...]
    top_mb: float
    budget_y: float | None
    newest_mb: float | None
    highest_mb: float | None


def chart(readings: Iterable[Reading], changes: Iterable[Change], now_s: float, budget_mb: float | None) -> Chart:
    """RSS over time, from the first reading to now, two hours at most; a gap in the readings is a gap in the line."""
    kept = [reading for reading in readings if now_s - HISTORY_S <= reading.time_s <= now_s]
    if not kept:
        return Chart((), (), (), 0.0, None, None, None)
    from_s = min(kept[0].time_s, now_s - SPAN_MIN_S)
    span_s = now_s - from_s
    highest_mb = max(reading.rss_mb for reading in kept)
    top_mb = _top_mb(max(highest_mb, budget_mb or 0.0))
    shown = [change for change in changes if kept[0].time_s <= change.time_s <= now_s][-MARKS_MAX:]
    return Chart(
        lines=tuple(_lines(kept, from_s, span_s, top_mb)),
        marks=tuple(_mark(change, from_s, span_s, now_s) for change in shown),
        labels=(f"{lasting(span_s)} ago", f"{lasting(span_s / 2)} ago", "now"),
        top_mb=top_mb,
        budget_y=HEIGHT * (1 - budget_mb / top_mb) if budget_mb else None,
        newest_mb=kept[-1].rss_mb,
        highest_mb=highest_mb,
    )


def _lines(kept: Sequence[Reading], from_s: float, span_s: float, top_mb: float) -> Iterator[str]:
    points: list[str] = []
    for number, reading in enumerate(kept):
        if points and reading.time_s - kept[number - 1].time_s > GAP_S:
            yield " ".join(points)
            points = []
        x = WIDTH * (reading.time_s - from_s) / span_s
        points.append(f"{x:.1f},{HEIGHT * (1 - max(0.0, reading.rss_mb) / top_mb):.1f}")
    if len(points) == 1:  # a line of no length would not be seen
        end, y = points[0].split(",")
        points.append(f"{float(end) - 1:.1f},{y}")
    yield " ".join(points)


def _mark(change: Change, from_s: float, span_s: float, now_s: float) -> Mark:
    ago = f"{lasting(now_s - change.time_s)} ago"
    return Mark(round(WIDTH * (change.time_s - from_s) / span_s, 1), change.kind, change.said, ago)


def _top_mb(most_mb: float) -> float:
    """A round figure above."""
    return next((float(top) for top in TOPS_MB if top >= 1.05 * most_mb), 1.05 * most_mb)
