"""The banner's part of every page: the facts as they are now, and what the script asks for again and again."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, g, render_template

from admin.auth.guard import for_viewers, signed_in
from admin.banner.lines import Facts, Line, due, exposure, lines
from admin.health.now import told_now
from admin.parts import parts

routes: Final = Blueprint("banner", __name__)


@routes.app_template_global("banner")
def now_lines() -> tuple[Line, ...]:
    """The lines for who asks, read once for each request; a stranger is told only who can read along."""
    if signed_in() is None:
        return exposure(parts().where.is_exposed)
    if "banner" not in g:
        g.banner = lines(facts())
    return g.banner  # type: ignore[no-any-return]


def facts() -> Facts:
    """What the lines are read from, now."""
    own = parts()
    told, loaded = told_now(), own.store.load()
    return Facts(told, own.clock(), own.restarter.progress(), loaded, due(told.latest, loaded, own.store.copies))


@routes.get("/banner/part")
@for_viewers
def part() -> str:
    """What changes, for the script that keeps every page current."""
    return render_template("banner.html")
