"""Signing in and out, and changing the password."""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth import account
from admin.auth.client import client_address
from admin.auth.cookies import attributes, full_name
from admin.auth.guard import SESSION, open_to_all, signed_in
from admin.parts import parts
from config import password

log = logging.getLogger(__name__)

routes: Final = Blueprint("login", __name__)

WRONG = "Wrong password."


@routes.get("/login")
@open_to_all
def form() -> AnyResponse:
    """Ask for the password; say how to make one where there is none."""
    if signed_in():
        return redirect(url_for("home.show"))
    return _form("", 200)


@routes.post("/login")
@open_to_all
def sign_in() -> AnyResponse:
    """Open a session, if the password is right."""
    refused = _refused(request.form.get("password", ""))
    if refused:
        return _form(*refused)
    log.info("signed in from %s", request.remote_addr)
    return _with_session(redirect(url_for("home.show")))


@routes.post("/logout")
def sign_out() -> AnyResponse:
    """End this session."""
    parts().sessions.close(request.cookies.get(full_name(SESSION), ""))
    log.info("signed out from %s", request.remote_addr)
    answer = redirect(url_for("login.form"))
    answer.delete_cookie(full_name(SESSION), **attributes())
    return answer


@routes.post("/password")
def change() -> AnyResponse:
    """Change the password, which ends all other sessions, and all tokens unless they are to be kept."""
    own = parts()
    chosen = request.form.get("new", "")
    problem, code = _refused(request.form.get("old", "")) or (password.refusal(chosen), 422)
    if not problem and chosen != request.form.get("again", ""):
        problem = "The two new passwords differ."
    if problem:
        return make_response(account.page(problem), code)
    keep_tokens = "keep_tokens" in request.form
    password.save(own.paths.admin_password, chosen, keep_tokens=keep_tokens)
    own.sessions.close_all()
    log.info("password changed from %s, tokens %s", request.remote_addr, "kept" if keep_tokens else "ended")
    flash(f"The password is changed; all other sessions {'' if keep_tokens else 'and all tokens '}are ended.")
    return _with_session(redirect(url_for("account.show")))


def _refused(word: str) -> tuple[str, int] | None:
    """Why this password is not accepted, and the status code; None if it is right."""
    own, client = parts(), client_address()
    try:
        with password.one_at_a_time():  # a guess is counted before the next one is checked
            wait_s = own.throttle.wait_s(client, own.clock())
            if wait_s > 0 and not own.throttle.is_spared(client, own.clock()):
                log.warning("too many wrong passwords, the next one from %s is not looked at", client)
                return _later(wait_s), 429
            if password.verify(password.load(own.paths.admin_password), word):
                own.throttle.note_success(client, own.clock())
                return None
            own.throttle.note_failure(client, own.clock())
            wait_s = wait_s and own.throttle.wait_s(client, own.clock())
    except password.Busy:
        return _later(password.BUSY_S), 429
    log.warning("wrong password from %s", client)
    return (_later(wait_s), 429) if wait_s > 0 else (WRONG, 403)


def _with_session(answer: AnyResponse) -> AnyResponse:
    own = parts()
    own.sessions.close(request.cookies.get(full_name(SESSION), ""))
    session_id, _ = own.sessions.open(password.fingerprint(own.paths.admin_password))
    answer.set_cookie(full_name(SESSION), session_id, **attributes())
    return answer


def _form(problem: str, status: int) -> Response:
    path = parts().paths.admin_password
    page = render_template(
        "login.html", problem=problem, has_password=bool(password.load(path)), damage=password.problem(path)
    )
    return make_response(page, status)


def _later(wait_s: float) -> str:
    g.retry_after_s = int(wait_s) + 1
    wait = f"{g.retry_after_s} s" if wait_s < 100 else f"{int(wait_s / 60) + 1} minutes"
    return f"Too many wrong passwords: try again in {wait}."
