"""The owner's account: password, and tokens for programs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.guard import signed_in
from admin.auth.tokens import SCOPES, TokenError
from admin.parts import parts
from admin.words import iso
from config import password

log = logging.getLogger(__name__)

routes: Final = Blueprint("account", __name__)

OLDER_SCOPE = "control, as it is of a release that knew no other"


@dataclass(frozen=True, slots=True)
class Row:
    """A token as the page shows it; made is ISO 8601 in UTC, used a day in UTC, "" if it was not used."""

    id: str
    label: str
    scope: str
    made: str
    used: str


def page(problem: str = "", made: str = "") -> str:
    """The account's page, with what is wrong, and a token that was just made."""
    viewers = parts().paths.viewer_password
    return render_template(
        "account.html",
        problem=problem or parts().tokens.problem,
        tokens=list(_rows()),
        scopes=SCOPES,
        made=made,
        has_viewer=bool(password.load(viewers)),
        viewer_damage=password.problem(viewers),
    )


def _rows() -> Iterator[Row]:
    for token in parts().tokens.all():
        made = iso(token.made_s)
        used = iso(token.used_s)[:10] if token.used_s is not None else ""
        yield Row(token.id, token.label, token.scope or OLDER_SCOPE, made, used)


@routes.get("/account")
def show() -> str:
    """Password and tokens."""
    return page()


@routes.post("/account/tokens")
def make_token() -> str:
    """Make a token and show it, once."""
    label, scope = request.form.get("label", ""), request.form.get("scope", "")
    session, stored = signed_in(), parts().paths.admin_password
    try:
        made = parts().tokens.make(
            label, scope, lambda: session is not None and session.fingerprint == password.fingerprint(stored)
        )
    except TokenError as error:
        return page(str(error))
    log.info("token %r, which may %s, made from %s", label.strip(), scope, request.remote_addr)
    return page(made=made)


@routes.post("/account/tokens/revoke")
def revoke_token() -> AnyResponse:
    """Revoke a token."""
    if parts().tokens.revoke(token_id := request.form.get("id", "")):
        log.info("token %s revoked from %s", token_id, request.remote_addr)
    flash("The token is revoked.")
    return redirect(url_for("account.show"))
