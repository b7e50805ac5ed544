"""What the pages of trips and of events share: downloads, what cannot be read, and a deletion under way."""

from __future__ import annotations

from flask import Response, make_response, render_template

from admin.home.home_page import now_shown
from admin.parts import parts
from admin.words import NOT_ANSWERING
from app.journal import deletion
from app.journal.entries import JournalUnreadable
from app.telemetry.run_folder import boot_id


def download(text: str, mimetype: str, name: str) -> Response:
    """A file to be saved."""
    return Response(text, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def unreadable(error: JournalUnreadable) -> Response:
    """What is asked for cannot be read."""
    return make_response(render_template("error.html", title="Not readable now", said=str(error)), 503)


def is_recording(boot: str) -> bool:
    """Whether the detector of that boot answers: what has no end yet lasts then, and was cut off otherwise."""
    return boot == boot_id() and now_shown().since_s is not None


def pending_deletion() -> str:
    """When a deletion that was asked for will be done, in words; "" where none is under way."""
    own = parts()
    if not deletion.is_asked(own.paths.events):
        return ""
    now = now_shown()
    if now.status is None or now.since_s is None:
        return f"The detector {NOT_ANSWERING}. It deletes them as soon as it runs again."
    if not own.store.load().settings.analysis.event_history:
        return "The detector records no events now, so it deletes the old ones when it is restarted."
    if now.status.journal_problem:
        return f"It waits, as {now.status.journal_problem}"
    return "This takes a few seconds."
