"""The memory that detector and page use, now and over the last two hours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, render_template

from admin.auth.guard import for_viewers
from admin.pages.home_page import now_shown
from admin.parts import parts
from app.memory.history import HISTORY_S, Reading, read_history
from app.memory.usage import system, usage_of
from app.part_status import Usage
from app.telemetry.run_folder import boot_id

routes: Final = Blueprint("memory", __name__)

WIDTH, HEIGHT = 600, 160  # of the chart, in its own units
GAP_S = 90.0  # three missing readings: the detector did not run, so no line is drawn


@dataclass(frozen=True, slots=True)
class Row:
    """One process; usage None where it cannot be read."""

    name: str
    pid: int | None
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines of the last two hours: each an SVG points list. top_mb: the value at the upper edge."""

    lines: tuple[str, ...]
    budget_y: float | None
    top_mb: float
    newest_mb: float | None


def chart(readings: Sequence[Reading], now_s: float, budget_mb: float | None) -> Chart:
    """Draw RSS over time; a gap in the readings is a gap in the line."""
    kept = [reading for reading in readings if now_s - HISTORY_S <= reading.time_s <= now_s]
    top_mb = 1.25 * max([budget_mb or 0.0, *(reading.rss_mb for reading in kept)], default=0.0) or 1.0
    lines: list[list[str]] = []
    for number, reading in enumerate(kept):
        if number == 0 or reading.time_s - kept[number - 1].time_s > GAP_S:
            lines.append([])
        x = WIDTH * (1 - (now_s - reading.time_s) / HISTORY_S)
        lines[-1].append(f"{x:.1f},{HEIGHT * (1 - reading.rss_mb / top_mb):.1f}")
    budget_y = HEIGHT * (1 - budget_mb / top_mb) if budget_mb else None
    newest_mb = kept[-1].rss_mb if kept else None
    return Chart(tuple(" ".join(line) for line in lines), budget_y, top_mb, newest_mb)


def _row(name: str, pid: int) -> Row:
    try:
        return Row(name, pid, usage_of(pid))
    except OSError:
        return Row(name, pid, None)


def _detector() -> Row:
    """The detector; its PSS is from its status, as a strict snap's page may not read it."""
    latest, name = now_shown().status, "detector"
    if latest is None:
        return Row(name, None, None)
    try:
        usage = usage_of(latest.pid, with_pss=False)
    except OSError:
        return Row(name, latest.pid, None)
    return Row(name, latest.pid, replace(usage, pss_mb=latest.memory.pss_mb))


def rows() -> tuple[Row, Row, Row]:
    """The detector, and gunicorn's two processes."""
    return _detector(), _row("page: gunicorn's master", os.getppid()), _row("page: its worker", os.getpid())


def _figures() -> dict[str, object]:
    own = parts()
    latest = now_shown().status
    history = read_history(own.paths.memory_history, boot_id())
    budget_mb = latest.memory.budget_mb if latest else None
    return {
        "rows": rows(),
        "system": system(),
        "status": latest,
        "chart": chart(history, own.clock(), budget_mb),
        "width": WIDTH,
        "height": HEIGHT,
    }


@routes.get("/memory")
@for_viewers
def show() -> str:
    """The whole page."""
    return render_template("memory.html", **_figures())


@routes.get("/memory/part")
@for_viewers
def part() -> str:
    """What changes, for the script that keeps the page current."""
    return render_template("memory_part.html", **_figures())
