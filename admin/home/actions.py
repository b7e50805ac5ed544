"""What people ask of the detector: buttons that say why they do nothing now, and answers that say what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.home.verdict import OVERDUE_S
from admin.newest import newest_status
from admin.parts import parts
from admin.words import NOT_ANSWERING, minutes_left
from app.telemetry import requests, status
from app.telemetry.requests import Request
from app.telemetry.status import Status

routes: Final = Blueprint("actions", __name__)

RESTARTING = "it is being restarted"
ANSWERS = {
    Request.TEST_BUZZER: "The detector plays the test sound now.",
    Request.USE_DIRECTION: "Look at the road now, and hold the head still: two beeps say that its direction is taken.",
    Request.RECALIBRATE: "The detector learns the road direction again: look at the road for 20 s.",
    Request.MUTE: "Cautions and warnings are silent for 10 minutes; alarms are not.",
    Request.END_MUTE: "Cautions and warnings sound again.",
}

BACK = {"aim": "aim.show", "setup": "setup.show"}  # pages with such buttons, but for Home


@dataclass(frozen=True, slots=True)
class Action:
    """A button. left: how long what it ends would last. why_not: why the detector would not do it now. Else ""."""

    what: str
    left: str = ""
    why_not: str = ""


def actions(latest: Status | None, now_s: float, *, is_restarting: bool = False) -> tuple[Action, ...]:
    """What the detector can be asked at a monotonic time."""
    left_s = (latest.alerts.muted_until_s or 0.0) - now_s if latest else 0.0
    mute = Request.END_MUTE if left_s > 0 else Request.MUTE
    wanted = {Request.TEST_BUZZER: "", Request.RECALIBRATE: "", mute: minutes_left(left_s) if left_s > 0 else ""}
    reasons = {what: why_not(what, latest, now_s, is_restarting=is_restarting) for what in wanted}
    return tuple(Action(what.value, left, reasons[what]) for what, left in wanted.items())


def why_not(wanted: Request, latest: Status | None, now_s: float, *, is_restarting: bool) -> str:
    """Why the detector would not do this, as the end of a sentence; "" if it would.

    What a detector was asked before it ends, or while it hangs, the next one forgets.
    """
    if is_restarting:
        return RESTARTING
    if latest is None or status.age_s(latest, now_s) > OVERDUE_S:
        return f"it {NOT_ANSWERING}"
    if wanted is Request.TEST_BUZZER and not latest.alerts.buzzer_ok:
        needless = f"{latest.camera.source} needs none" if latest.is_rehearsal else ""
        return needless or latest.alerts.buzzer_message or "there is none"
    return ""


@routes.app_template_global("actions")
def now_actions() -> tuple[Action, ...]:
    """Those of the newest status."""
    own = parts()
    return actions(newest_status(), own.clock(), is_restarting=own.restarter.progress().is_under_way)


@routes.post("/ask")
def ask() -> AnyResponse:
    """Pass a request on to the detector, if it does something."""
    own = parts()
    try:
        wanted = Request(request.form.get("what", ""))
        said = ANSWERS[wanted]
    except (ValueError, LookupError):  # a deletion must outlive a reboot: trips/events_page.py asks for it
        abort(400, "The detector cannot be asked so.")
    is_ending = own.restarter.progress().is_under_way
    problem = why_not(wanted, newest_status(), own.clock(), is_restarting=is_ending)
    if not problem:
        try:
            requests.ask(own.paths.run, wanted)
        except OSError as error:
            problem = error.strerror or "its folder is not there"
    flash(f"The detector could not be asked: {problem}." if problem else said)
    return redirect(url_for(BACK.get(request.form.get("back", ""), "home.show")))
