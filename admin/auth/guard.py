"""Who may ask for what: checked before every request, so that a new route is closed by default."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.cookies import full_name
from admin.auth.proxy import PROXIED, is_local
from admin.auth.returning import is_for, page_asked_for, page_of_typed
from admin.auth.roles import fingerprints
from admin.auth.sessions import Session
from admin.auth.tokens import Token
from admin.headers import HEADERS, NOT_KEPT
from admin.parts import parts
from config.certificates import LOOPBACK
from config.commands import command, encrypt_command

P = ParamSpec("P")
Answer = TypeVar("Answer")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION = "sid"  # the cookie of who is signed in
API = ("/api/", "/metrics")  # for programs, which send a token
HSTS = "max-age=31536000"
OWNERS_ALONE = "This is for the owner alone: sign out, then sign in with the owner's password."
UNKNOWN_HOST = (
    "This page is opened by the Pi's address or by its own name, such as its hostname with .local. For another name, "
    "open it so and add the name to admin.hostnames in the settings; behind a reverse proxy, set admin.behind_proxy."
)


def open_to_all(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Mark a view that needs no login."""
    view.is_open = True  # type: ignore[attr-defined]
    return view


def for_viewers(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Mark a view that a viewer may use too; all others are the owner's."""
    view.is_for_viewers = True  # type: ignore[attr-defined]
    return view


def install(app: Flask) -> None:
    """Put the guard before and after every request."""
    app.before_request(_admit)
    app.after_request(_protect)
    app.jinja_env.globals.update(csrf_token=csrf_token, is_owner=is_owner, may_use=may_use, command=command)


def csrf_token() -> str:
    """The token that each form of this session must carry; "" without a session."""
    session = signed_in()
    return session.csrf if session else ""


def is_owner() -> bool:
    """Whether the owner asks."""
    session = signed_in()
    return session is not None and session.role == "owner"


def may_use(endpoint: str) -> bool:
    """Whether who is signed in may ask for this, so that nobody is drawn what would be refused."""
    return is_for(endpoint, "owner" if is_owner() else "viewer")


def signed_in() -> Session | None:
    """The session of this request, if it has one."""
    if "session" not in g:
        found = parts()
        g.session = found.sessions.find(request.cookies.get(full_name(SESSION), ""), fingerprints(found.paths))
    return g.session  # type: ignore[no-any-return]


def _admit() -> AnyResponse | None:
    is_proxied = PROXIED in request.environ
    if parts().where.host == LOOPBACK and not is_proxied and not is_local(request.remote_addr):
        # systemd accepts connections from everywhere
        abort(403, f"Without HTTPS the page is for this machine alone: `{encrypt_command()}`.")
    if not is_proxied and not parts().hosts.is_known(request.host):
        abort(400, UNKNOWN_HOST)
    if request.endpoint is None or _is_open(request.endpoint):
        _refuse_other_origins()
        return None
    if request.path.startswith(API) and (token := _token()) is not None:
        if request.method not in SAFE_METHODS and not token.may_control:
            abort(403, "This token may only read: make one that may control, on the page under Account.")
        return None
    if signed_in() is None:
        return _ask_to_sign_in()
    if not may_use(request.endpoint):
        abort(403, OWNERS_ALONE)
    if request.method not in SAFE_METHODS:
        _refuse_other_origins()
        _refuse_without_token()
    return None


def _is_open(endpoint: str) -> bool:
    return endpoint == "static" or bool(getattr(current_app.view_functions.get(endpoint), "is_open", False))


def _token() -> Token | None:
    """The token that was sent, its use noted."""
    kind, _, sent = request.headers.get("Authorization", "").partition(" ")
    token = parts().tokens.find(sent.strip()) if kind.lower() == "bearer" else None
    if token is not None:
        parts().tokens.note_use(token)
    return token


def _ask_to_sign_in() -> AnyResponse | None:
    if request.path.startswith(API) or request.headers.get("X-Requested-With") == "drivewatch":
        abort(401, "Sign in, or send a bearer token.")
    _refuse_other_origins()
    then = page_asked_for() if request.method in SAFE_METHODS else _page_of_typed()
    return redirect(url_for("login.form", then=then or None))


def _page_of_typed() -> str:
    own = parts()
    expired = own.sessions.expired(request.cookies.get(full_name(SESSION), ""), fingerprints(own.paths))
    return page_of_typed(expired) if expired and _has_token(expired.csrf) else ""


def _refuse_other_origins() -> None:
    origin = request.headers.get("Origin")
    if request.method not in SAFE_METHODS and origin is not None and origin != request.host_url.rstrip("/"):
        abort(403, "This request came from another page.")


def _refuse_without_token() -> None:
    if not _has_token(csrf_token()):
        abort(403, "This form is out of date: go back, load the page again and send it once more.")


def _has_token(csrf: str) -> bool:
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    return hmac.compare_digest(given.encode(), csrf.encode())


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    certificate = parts().where.certificate
    if request.is_secure and certificate is not None and certificate.is_trusted:
        response.headers["Strict-Transport-Security"] = HSTS  # with a self-signed one no browser would come back
    if response.status_code == 429:
        response.headers["Retry-After"] = str(g.get("retry_after_s", 1))
    if request.endpoint != "static":
        for name, value in NOT_KEPT.items():
            response.headers.setdefault(name, value)
    return response
