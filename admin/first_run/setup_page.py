"""The first run: the checklist as a page and as a card on Home, and what a person confirms of it."""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.guard import for_viewers
from admin.first_run import checklist, ticks
from admin.first_run.checklist import Checklist, Known, Step
from admin.first_run.wiring import header
from admin.home.home_page import now_shown
from admin.parts import parts
from config import password
from config.commands import encrypt_command

log = logging.getLogger(__name__)

routes: Final = Blueprint("setup", __name__)

NOT_NOW = "This cannot be confirmed yet: "


@routes.app_template_global("setup_card")
def card() -> Checklist | None:
    """What Home shows; None once all is done, or put away."""
    if ticks.read(parts().paths.first_run).is_put_away:
        return None
    found = now_list()
    return found if found.following else None


def now_list() -> Checklist:
    """The steps as they are now."""
    own, shown = parts(), now_shown()
    return checklist.checklist(
        Known(
            status=shown.status if shown.since_s is not None else None,
            settings=own.store.load().settings,
            ticks=ticks.read(own.paths.first_run),
            where=own.where,
            password=password.fingerprint(own.paths.admin_password),
            fingerprint_command=encrypt_command(),
        )
    )


@routes.get("/setup")
@for_viewers
def show() -> str:
    """The whole page."""
    settings = parts().store.load().settings
    return render_template("setup.html", checklist=now_list(), header=header(settings), pi=settings.raspberry_pi)


@routes.get("/setup/part")
@for_viewers
def part() -> str:
    """The steps, for the script that keeps the page current."""
    return render_template("setup_part.html", checklist=now_list())


@routes.post("/setup/confirm")
def confirm() -> AnyResponse:
    """Keep what a person says of a step, if it can be so."""
    step = _asked_step()
    if step.may_confirm:
        ticks.change(parts().paths.first_run, **{_tick(step.key): _value(step.key)})
        log.info("first run, confirmed: %s", step.title)
    elif not step.is_done:
        flash(f"{NOT_NOW}{step.words}")
    return redirect(url_for("setup.show"))


@routes.post("/setup/take-back")
def take_back() -> AnyResponse:
    """Ask for a step again."""
    step = _asked_step()
    if step.is_confirmed:
        ticks.change(parts().paths.first_run, **{_tick(step.key): "" if step.key in KEPT_TEXTS else False})
    return redirect(url_for("setup.show"))


@routes.post("/setup/put-away")
def put_away() -> AnyResponse:
    """Show the card on Home no more, or show it again."""
    is_put_away = request.form.get("show") is None
    ticks.change(parts().paths.first_run, is_put_away=is_put_away)
    if is_put_away:
        flash("The checklist is put away; it stays under Account.")
    return redirect(url_for("home.show"))


KEPT_TEXTS = {"https": "fingerprint", "password": "password"}


def _tick(key: str) -> str:
    return KEPT_TEXTS.get(key, key)


def _value(key: str) -> bool | str:
    """What is kept of a confirmed step: which certificate or password it was, else only that it is so."""
    own = parts()
    if key == "https":
        return own.where.certificate.fingerprint if own.where.certificate else ""
    return password.fingerprint(own.paths.admin_password) if key == "password" else True


def _asked_step() -> Step:
    """The step that the form names, as it is now."""
    step = next((one for one in now_list().steps if one.key == request.form.get("step")), None)
    if step is None:
        abort(400, "There is no such step.")
    return step
