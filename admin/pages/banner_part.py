"""The banner's part of every page: the facts as they are now, and what the script asks for again and again."""

from __future__ import annotations

import time
from typing import Final

from flask import Blueprint, g, render_template

from admin import banner
from admin.auth.guard import for_viewers, signed_in
from admin.banner import Facts, Line
from admin.parts import parts
from app.telemetry import failure, status
from config.commands import log_command
from config.own_files import folder_problem

routes: Final = Blueprint("banner", __name__)


@routes.app_template_global("banner")
def now_lines() -> tuple[Line, ...]:
    """The lines for who asks, read once for each request; a stranger is told only who can read along."""
    if signed_in() is None:
        return banner.exposure(parts().where.is_exposed)
    if "banner" not in g:
        g.banner = banner.lines(_facts())
    return g.banner  # type: ignore[no-any-return]


def _facts() -> Facts:
    own = parts()
    latest, loaded = status.read(own.paths.status), own.store.load()
    certificate = own.where.certificate
    return Facts(
        latest=latest,
        now_s=own.clock(),
        wall_s=time.time(),
        progress=own.restarter.progress(),
        loaded=loaded,
        due=banner.due(latest, loaded, own.store.copies),
        failure=failure.last(own.paths.failure),
        folder_problem=folder_problem(own.paths.run),
        certificate_problem=certificate.problem if certificate else "",
        is_exposed=own.where.is_exposed,
        log_command=log_command("detector", own.paths.detector_log),
    )


@routes.get("/banner/part")
@for_viewers
def part() -> str:
    """What changes, for the script that keeps every page current."""
    return render_template("banner.html")
