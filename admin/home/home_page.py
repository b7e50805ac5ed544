"""The first view: whether the detector works, what it sees, and what keeps it from seeing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, flash, render_template

from admin.auth.guard import for_viewers, is_owner
from admin.home import strips
from admin.home.directions import directions
from admin.home.verdict import Verdict, verdict
from admin.newest import newest_failure, newest_status, run_folder_problem
from admin.parts import parts
from admin.words import counted, lasting
from app.telemetry import course
from app.telemetry.preview import ask_for_preview
from app.telemetry.status import Memory, Signals, Status, TripSoFar
from app.version import VERSION
from config.https import take_notice
from config.own_files import read_file

routes: Final = Blueprint("home", __name__)

PICTURE_MAX_BYTES = 4 * 1024 * 1024


def now_shown(*, is_restarting: bool = False) -> Verdict:
    """The newest status file, judged now."""
    found = verdict(newest_status(), parts().clock(), is_restarting=is_restarting)
    return replace(found, failure=newest_failure(), folder_problem=run_folder_problem())


@routes.get("/")
@for_viewers
def show() -> str:
    """The whole page, with what is said once of a new certificate."""
    own = parts()
    if is_owner() and (notice := take_notice(own.paths)):
        flash(notice)
    return render_template("home.html", **_figures())


@routes.get("/status/verdict")
@for_viewers
def verdict_part() -> str:
    """The bar, which the script renews every second."""
    return render_template("verdict_part.html", verdict=_verdict(), now_s=parts().clock())


@routes.get("/status/part")
@for_viewers
def part() -> str:
    """What else changes."""
    return render_template("home_part.html", **_figures())


def _verdict() -> Verdict:
    return now_shown(is_restarting=parts().restarter.progress().is_under_way)


def _figures() -> dict[str, object]:
    own, shown = parts(), _verdict()
    latest = shown.status or Status()
    signals = latest.signals if shown.since_s is not None else Signals()
    window = strips.last_minutes(own.clock())
    return {
        "verdict": shown,
        "now_s": own.clock(),
        "version": VERSION,
        "strips": strips.strips(course.read(own.paths.course), window, latest.limits, latest.neutral),
        "directions": directions(signals, latest.neutral if shown.status else None, latest.limits),
        "trip": trip_words(latest.trip) if shown.status else "not known",
        "memory": memory_words(latest.memory),
    }


def trip_words(trip: TripSoFar | None) -> str:
    """The trip that lasts, in one line."""
    if trip is None:
        return "none yet"
    score = "" if trip.score is None else f" · score {trip.score}"
    distance = "" if trip.distance_km is None else f", {trip.distance_km:.0f} km"
    alerts = counted(trip.cautions, trip.warnings, trip.alarms)
    return f"{lasting(trip.driven_s)}{distance} · {alerts}{score}"


def memory_words(memory: Memory) -> str:
    """The detector's memory and its budget, in one line; Health has the sum of all."""
    saving = f" · low-memory mode: {memory.saving}" if memory.saving else ""
    return f"{memory.rss_mb:.0f} of {memory.budget_mb:.0f} MB budget{saving}"


@routes.get("/preview.jpg")
@for_viewers
def preview() -> Response:
    """The newest picture with the face's outline; the detector keeps making them for 10 s after each request."""
    run = parts().paths.run
    try:
        ask_for_preview(run)
        picture = read_file(parts().paths.preview, PICTURE_MAX_BYTES)
    except OSError:
        return Response("The picture comes with the next frame.", 503, {"Retry-After": "1"}, mimetype="text/plain")
    return Response(picture, mimetype="image/jpeg")
