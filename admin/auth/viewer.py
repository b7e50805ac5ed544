"""The viewer's password, which the owner makes, changes and removes."""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth import account
from admin.auth.roles import Role, password_file
from admin.parts import parts
from config import password

log = logging.getLogger(__name__)

routes: Final = Blueprint("viewer", __name__)


def new_password_problem(other: Role, chosen: str, again: str) -> str:
    """Why this may not be a new password, "" if it may. It must not be that of the other role."""
    if problem := password.refusal(chosen):
        return problem
    if chosen != again:
        return "The two new passwords differ."
    stored = password.load(password_file(parts().paths, other))
    try:
        with password.one_at_a_time():
            is_others = bool(stored) and password.verify(stored, chosen)
    except password.Busy:
        return "Other passwords are being checked: try again in a moment."
    return f"This is the {other}'s password: take another." if is_others else ""


@routes.post("/account/viewer")
def change() -> AnyResponse:
    """Make or change the viewer's password, which ends the sessions of viewers and no others."""
    own, chosen = parts(), request.form.get("new", "")
    if problem := new_password_problem("owner", chosen, request.form.get("again", "")):
        return make_response(account.page(problem), 422)
    password.save(own.paths.viewer_password, chosen, keep_tokens=True)
    own.sessions.close_all("viewer")
    log.info("viewer's password changed from %s", request.remote_addr)
    flash("The viewer's password is set. Who was signed in with another one must sign in again.")
    return redirect(url_for("account.show"))


@routes.post("/account/viewer/remove")
def remove() -> AnyResponse:
    """Let no viewer in any more."""
    own = parts()
    password.remove(own.paths.viewer_password)
    own.sessions.close_all("viewer")
    log.info("viewer's password removed from %s", request.remote_addr)
    flash("The viewer's password is removed; viewers are signed out.")
    return redirect(url_for("account.show"))
