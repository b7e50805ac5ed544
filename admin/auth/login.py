"""Signing in and out, and changing the password."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth import account
from admin.auth.client import client_address
from admin.auth.cookies import attributes, full_name
from admin.auth.guard import SESSION, for_viewers, open_to_all, signed_in
from admin.auth.returning import next_page
from admin.auth.roles import ROLES, Role, fingerprints, role_of
from admin.auth.viewer import new_password_problem
from admin.first_run import ticks
from admin.parts import parts
from config import password
from config.durable import StoreError

log = logging.getLogger(__name__)

routes: Final = Blueprint("login", __name__)

WRONG = "Wrong password."


@routes.get("/login")
@open_to_all
def form() -> AnyResponse:
    """Ask for the password; say how to make one where there is none."""
    if session := signed_in():
        return redirect(next_page(session.role))
    return _form("", 200)


@routes.post("/login")
@open_to_all
def sign_in() -> AnyResponse:
    """Open a session, if the password is right."""
    checked = _checked(request.form.get("password", ""))
    if checked.role is None:
        return _form(checked.problem, checked.code)
    log.info("signed in from %s as %s", request.remote_addr, checked.role)
    return _with_session(redirect(next_page(checked.role)), checked.role, checked.fingerprint)


@routes.post("/logout")
@for_viewers
def sign_out() -> AnyResponse:
    """End this session."""
    parts().sessions.close(request.cookies.get(full_name(SESSION), ""))
    log.info("signed out from %s", request.remote_addr)
    answer = redirect(url_for("login.form"))
    answer.delete_cookie(full_name(SESSION), **attributes())
    return answer


@routes.post("/password")
def change() -> AnyResponse:
    """Change the owner's password, which ends the owner's other sessions, and all tokens unless they are to be kept.

    A viewer's sessions go on: they are of another password, which the owner changes by itself.
    """
    own = parts()
    chosen = request.form.get("new", "")
    checked = _checked(request.form.get("old", ""), ("owner",))
    problem, code = checked.problem, checked.code
    if not problem:
        problem, code = new_password_problem("viewer", chosen, request.form.get("again", "")), 422
    if problem:
        return make_response(account.page(problem), code)
    keep_tokens = "keep_tokens" in request.form
    password.save(own.paths.admin_password, chosen, keep_tokens=keep_tokens)
    _note_own_choice()
    own.sessions.close_all("owner")
    log.info("password changed from %s, tokens %s", request.remote_addr, "kept" if keep_tokens else "ended")
    flash(f"The password is changed; your other sessions {'' if keep_tokens else 'and all tokens '}are ended.")
    return _with_session(redirect(url_for("account.show")), "owner", password.fingerprint(own.paths.admin_password))


def _note_own_choice() -> None:
    """Tick the password in the checklist of the first run, where the disk takes that too."""
    own = parts()
    with suppress(StoreError):
        ticks.change(own.paths.first_run, password=password.fingerprint(own.paths.admin_password))


@dataclass(frozen=True, slots=True)
class Checked:
    """Whose password was given, with its fingerprint; or else why it is not accepted, and the status code."""

    role: Role | None
    fingerprint: str = ""
    problem: str = ""
    code: int = 0


def _checked(word: str, allowed: tuple[Role, ...] = ROLES) -> Checked:
    """What a password opens. The password of a role that is not allowed is as wrong as any other."""
    own, client = parts(), client_address()
    try:
        with password.one_at_a_time():  # a guess is counted before the next one is checked
            stored = fingerprints(own.paths)  # before the check: no session is of a password that is saved meanwhile
            own.throttle.follow(" ".join(stored.values()))
            wait_s = own.throttle.wait_s(client, own.clock())
            if wait_s > 0 and not own.throttle.is_spared(client, own.clock()):
                log.warning("too many wrong passwords, the next one from %s is not looked at", client)
                return Checked(None, problem=_later(wait_s), code=429)
            role = role_of(own.paths, word)
            if role == "owner":  # a viewer's would let a viewer guess at the owner's without end
                own.throttle.note_success(client, own.clock())
            if role in allowed:
                return Checked(role, stored[role])
            own.throttle.note_failure(client, own.clock())
            wait_s = wait_s and own.throttle.wait_s(client, own.clock())
    except password.Busy:
        return Checked(None, problem=_later(password.BUSY_S), code=429)
    log.warning("wrong password from %s", client)
    problem, code = (_later(wait_s), 429) if wait_s > 0 else (WRONG, 403)
    return Checked(None, problem=problem, code=code)


def _with_session(answer: AnyResponse, role: Role, fingerprint: str) -> AnyResponse:
    own = parts()
    own.sessions.close(request.cookies.get(full_name(SESSION), ""))
    session_id, _ = own.sessions.open(role, fingerprint)
    answer.set_cookie(full_name(SESSION), session_id, **attributes())
    return answer


def _form(problem: str, status: int) -> Response:
    path = parts().paths.admin_password
    page = render_template(
        "login.html",
        problem=problem,
        has_password=bool(password.load(path)),
        damage=password.problem(path),
        then=request.values.get("then", ""),
    )
    return make_response(page, status)


def _later(wait_s: float) -> str:
    g.retry_after_s = int(wait_s) + 1
    wait = f"{g.retry_after_s} s" if wait_s < 100 else f"{int(wait_s / 60) + 1} minutes"
    return f"Too many wrong passwords: try again in {wait}."
