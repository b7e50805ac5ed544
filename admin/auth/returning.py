"""Where somebody goes on after signing in: the page that was asked for, or the form with what was typed.

A session that has expired may do nothing, but what was typed in it is kept for the account that typed it, if the form
carries that session's token. The address of the page travels through the login form, and is checked to be one of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from flask import current_app, flash, request, url_for
from werkzeug.exceptions import HTTPException

from admin.auth.roles import Role
from admin.auth.sessions import Session

P = ParamSpec("P")
Answer = TypeVar("Answer")

ADDRESS = re.compile("[!-~]{1,500}")
SIGNED_OUT = "You were signed out after a while without use. Sign in, and what you typed is here again."


def returns_to(address: Callable[[str], str]) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Mark a view that is sent what somebody typed, so that it is not lost with a session that has expired.

    address: where it is again after signing in, for the account (the fingerprint of its password) that typed it.
    """

    def mark(view: Callable[P, Answer]) -> Callable[P, Answer]:
        view.address = address  # type: ignore[attr-defined]
        return view

    return mark


def page_asked_for() -> str:
    """The address of this request, if a page was asked for, rather than a picture or what a script renews."""
    return request.script_root + request.full_path.rstrip("?") if request.accept_mimetypes.accept_html else ""


def page_of_typed(expired: Session) -> str:
    """The address where what was typed in this session is kept; "" where that is not done."""
    address = getattr(current_app.view_functions[request.endpoint or ""], "address", None)
    if address is None or not is_for(request.endpoint or "", expired.role):
        return ""
    then = str(address(expired.fingerprint))
    flash(SIGNED_OUT)
    return then


def is_for(endpoint: str, role: Role) -> bool:
    """Whether this role may use the route."""
    return role == "owner" or bool(getattr(current_app.view_functions.get(endpoint), "is_for_viewers", False))


def next_page(role: Role) -> str:
    """Where to go after signing in: the address in the form if it is a page of ours for this role, else home."""
    asked = request.values.get("then", "")
    path = asked.partition("?")[0].removeprefix(request.script_root)
    if ADDRESS.fullmatch(asked) and asked.startswith(f"{request.script_root}/") and not path.startswith("//"):
        adapter = current_app.create_url_adapter(request)
        with suppress(HTTPException):  # not found, only for POST, or to be redirected
            if adapter and is_for(adapter.match(path, "GET")[0], role):
                return asked
    return url_for("home.show")
