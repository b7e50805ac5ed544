"""The memory that detector and page use, now and since the detector's first reading."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from flask import Blueprint, render_template

from admin.auth.guard import for_viewers
from admin.health.memory_chart import HEIGHT, WIDTH, Change, chart
from admin.health.memory_use import Line, Row, summary, table, total_mb
from admin.health.now import told_now
from admin.parts import parts
from app.events import State
from app.journal.entries import JournalUnreadable, between
from app.memory.history import HISTORY_S, Reading, read_history, read_starts
from app.memory.usage import system, usage_of
from app.telemetry import status
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Status

routes: Final = Blueprint("memory", __name__)


def _row(name: str, pid: int) -> Row:
    try:
        return Row(name, pid, usage_of(pid))
    except OSError:
        return Row(name, pid, None)


def _latest() -> Status | None:
    """The status of a detector of this boot."""
    latest = told_now().latest
    return latest if latest and status.age_s(latest, parts().clock()) < float("inf") else None


def _detector() -> Row:
    """The detector; its PSS is from its status, as a strict snap's page may not read it."""
    latest, name = _latest(), "detector"
    if latest is None:
        return Row(name, None, None)
    try:
        usage = usage_of(latest.pid, with_pss=False)
    except OSError:
        return Row(name, latest.pid, None)
    return Row(name, latest.pid, replace(usage, pss_mb=latest.memory.pss_mb))


def rows() -> tuple[Row, Row, Row]:
    """The detector, and gunicorn's two processes, by the names that /metrics has."""
    return _detector(), _row("page: gunicorn's master", os.getppid()), _row("page: its worker", os.getpid())


def lines_now() -> tuple[Line, Line]:
    """Detector and page as the table has them."""
    detector, *page = rows()
    return table(detector, page)


def summary_now() -> str:
    """The total in one line."""
    latest = _latest()
    return summary(total_mb(lines_now()), system().total_mb, latest.memory.budget_mb if latest else 0.0)


def _readings(newest: Line, now_s: float) -> Iterator[Reading]:
    """Those that are kept, and the one that the table shows."""
    yield from read_history(parts().paths.memory_history, boot_id())
    if newest.usage is not None:
        yield Reading(now_s, newest.usage.rss_mb, newest.usage.pss_mb, 0.0)


def _changes(now_s: float) -> list[Change]:
    """Starts of the detector and what was done to save memory, oldest first."""
    own = parts()
    found = [
        Change(start_s, "restart", "the detector was started again")
        for start_s in read_starts(own.paths.memory_history, boot_id())
    ]
    try:
        events = between(own.paths.events, boot_id(), now_s - HISTORY_S, now_s)
    except JournalUnreadable:
        events = []
    found += [
        Change(entry.event.onset_s, "saving", entry.event.detail)
        for entry in events
        if entry.event.kind is State.SAVING_MEMORY
    ]
    return sorted(found, key=lambda change: change.time_s)


def _figures() -> dict[str, object]:
    now_s, latest, lines = parts().clock(), _latest(), lines_now()
    budget_mb = latest.memory.budget_mb if latest else None
    return {
        "lines": lines,
        "total_mb": total_mb(lines),
        "system": system(),
        "status": latest,
        "chart": chart(_readings(lines[0], now_s), _changes(now_s), now_s, budget_mb),
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
