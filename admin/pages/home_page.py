"""The first view: whether the detector works, what it sees, and what keeps it from seeing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, Response, flash, render_template

from admin import strips
from admin.parts import parts
from admin.restart.course import OVER, Phase
from app.events import WORDS, Level, State
from app.telemetry import course, failure, status
from app.telemetry.failure import Failure
from app.telemetry.preview import ask_for_preview
from app.telemetry.status import Status
from app.version import VERSION
from config.https import take_notice
from config.own_files import folder_problem, read_file

routes: Final = Blueprint("home", __name__)

PICTURE_MAX_BYTES = 4 * 1024 * 1024
SILENT = "the detector is not answering"
RESTARTING = "restarting"
FRESH_S = 3.0  # the detector writes once a second, or 2.5 s apart where it looks seldom


@dataclass(frozen=True, slots=True)
class Shown:
    """The heading of the view. tone: good, doubtful or bad colours the heading; the problem line is always yellow.

    failure: how the detector last failed in this boot. folder_problem: why the run folder is not read.
    is_restarting: the detector is being restarted, so that what it said before is no longer so.
    """

    words: str
    tone: str
    since_s: float | None
    status: Status | None
    age_s: float
    failure: Failure | None = None
    folder_problem: str = ""
    is_restarting: bool = False


def shown(latest: Status | None, now_s: float, failure: Failure | None = None) -> Shown:
    """Judge the newest status file at a monotonic time; status None where it is missing or of an earlier boot."""
    age_s = status.age_s(latest, now_s) if latest else float("inf")
    if latest is None or status.is_silent(latest, now_s):
        return Shown(SILENT, "bad", None, latest if age_s < float("inf") else None, age_s, failure)
    return Shown(WORDS[latest.state], _heading_tone(latest), now_s - latest.since_s, latest, age_s, failure)


def _heading_tone(latest: Status) -> str:
    if latest.level >= Level.WARNING or latest.state in (State.NO_CAMERA, State.CAMERA_BLOCKED):
        return "bad"
    return "good" if latest.state is State.ATTENTIVE else "doubtful"


def as_present(found: Shown, phase: Phase) -> Shown:
    """What may be shown as the present: nothing said before a restart, and nothing of a detector that is late."""
    if phase not in OVER:
        return replace(found, words=RESTARTING, tone="doubtful", since_s=None, is_restarting=True)
    if found.since_s is not None and found.age_s > FRESH_S:
        return replace(found, words=f"{found.words} {found.age_s:.0f} s ago", tone="doubtful")
    return found


def home_shown() -> Shown:
    """The newest status file as the home page shows it."""
    return as_present(now_shown(), parts().restarter.progress().phase)


def now_shown() -> Shown:
    """The newest status file, judged now."""
    own = parts()
    found = shown(status.read(own.paths.status), own.clock(), failure.last(own.paths.failure))
    return replace(found, folder_problem=folder_problem(own.paths.run))


@routes.get("/")
def show() -> str:
    """The whole page, with what is said once of a new certificate."""
    own = parts()
    if notice := take_notice(own.paths):
        flash(notice)
    return render_template("home.html", **_figures())


@routes.get("/status/part")
def part() -> str:
    """What changes, for the script that keeps the page current."""
    return render_template("home_part.html", **_figures())


def _figures() -> dict[str, object]:
    own, shown = parts(), home_shown()
    now_s, latest = own.clock(), shown.status or Status()
    window = strips.last_minutes(now_s)
    drawn = strips.strips(course.read(own.paths.course), window, latest.limits, latest.neutral)
    return {"shown": shown, "now_s": now_s, "version": VERSION, "strips": drawn}


@routes.get("/preview.jpg")
def preview() -> Response:
    """The newest picture with the face's outline; the detector keeps making them for 10 s after each request."""
    run = parts().paths.run
    try:
        ask_for_preview(run)
        picture = read_file(parts().paths.preview, PICTURE_MAX_BYTES)
    except OSError:
        return Response("The picture comes with the next frame.", 503, {"Retry-After": "1"}, mimetype="text/plain")
    return Response(picture, mimetype="image/jpeg")
