"""Restarting the detector, and watching how it comes back."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.guard import for_viewers
from admin.parts import parts

routes: Final = Blueprint("restart", __name__)


@routes.post("/restart")
def start() -> AnyResponse:
    """Begin; the request does not wait for it."""
    parts().restarter.start("asked for on the page")
    return redirect(url_for("restart.show"))


@routes.post("/restart/dismiss")
def dismiss() -> AnyResponse:
    """Say no more of how the last restart ended; what was rejected stays among the earlier versions."""
    parts().restarter.dismiss()
    return redirect(url_for("home.show"))


@routes.get("/restart")
@for_viewers
def show() -> str:
    """Its progress."""
    return render_template("restart.html", progress=parts().restarter.progress())


@routes.get("/restart/part")
@for_viewers
def part() -> str:
    """What changes, for the script that keeps the page current."""
    return render_template("restart_part.html", progress=parts().restarter.progress())
