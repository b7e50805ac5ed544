"""What the detector wrote last, read once for each request: all that a page says is of one moment."""

from __future__ import annotations

from flask import g

from admin.parts import parts
from app.telemetry import failure, status
from app.telemetry.failure import Failure
from app.telemetry.status import Status
from config.own_files import folder_problem


def newest_status() -> Status | None:
    """The status file; None where it is missing or damaged."""
    if "status" not in g:
        g.status = status.read(parts().paths.status)
    return g.status  # type: ignore[no-any-return]


def newest_failure() -> Failure | None:
    """How the detector last failed in this boot."""
    if "failure" not in g:
        g.failure = failure.last(parts().paths.failure)
    return g.failure  # type: ignore[no-any-return]


def run_folder_problem() -> str:
    """Why the run folder is not read; "" where it is."""
    if "folder_problem" not in g:
        g.folder_problem = folder_problem(parts().paths.run)
    return g.folder_problem  # type: ignore[no-any-return]
