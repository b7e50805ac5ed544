"""The owner's account: password, and tokens for programs."""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.tokens import TokenError
from admin.parts import parts

log = logging.getLogger(__name__)

routes: Final = Blueprint("account", __name__)


@routes.get("/account")
def show() -> str:
    """Password and tokens."""
    tokens = parts().tokens
    return render_template("account.html", problem=tokens.problem, tokens=tokens.all())


@routes.post("/account/tokens")
def make_token() -> str:
    """Make a token and show it, once."""
    tokens = parts().tokens
    made, problem = "", ""
    try:
        made = tokens.make(label := request.form.get("label", ""))
        log.info("token %r made from %s", label.strip(), request.remote_addr)
    except TokenError as error:
        problem = str(error)
    return render_template("account.html", problem=problem, tokens=tokens.all(), made=made)


@routes.post("/account/tokens/revoke")
def revoke_token() -> AnyResponse:
    """Revoke a token."""
    if parts().tokens.revoke(token_id := request.form.get("id", "")):
        log.info("token %s revoked from %s", token_id, request.remote_addr)
    flash("The token is revoked.")
    return redirect(url_for("account.show"))
