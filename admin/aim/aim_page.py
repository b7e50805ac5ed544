"""Aiming the camera: the picture with marks over it, hints in words, and how learning the road's direction goes."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from flask import Blueprint, render_template

from admin.aim import aim_drawing, aiming
from admin.auth.guard import for_viewers
from admin.home.home_page import now_shown
from admin.parts import parts
from app.telemetry.preview import ask_for_preview

routes: Final = Blueprint("aim", __name__)


@routes.get("/aim")
@for_viewers
def show() -> str:
    """The whole page. The picture is asked for already, so that one is there when the browser wants it."""
    with suppress(OSError):
        ask_for_preview(parts().paths.run)
    return render_template("aim.html", **_view())


@routes.get("/aim/part")
@for_viewers
def part() -> str:
    """What changes, for the script that keeps the page current."""
    return render_template("aim_part.html", **_view())


def _view() -> dict[str, object]:
    shown = now_shown()
    if shown.status is None or shown.since_s is None:
        return {"shown": shown, "hints": (), "progress": None, "overlay": None, "field": None}
    latest = shown.status
    return {
        "shown": shown,
        "hints": aiming.hints(latest),
        "progress": aiming.progress(latest),
        "overlay": aim_drawing.overlay(latest),
        "field": aim_drawing.field(latest),
    }
