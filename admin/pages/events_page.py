"""The events, newest first: filtered, downloaded, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.guard import for_viewers
from admin.parts import parts
from app.events import WORDS, State
from app.journal.csv_table import csv_text
from app.journal.entries import Entry, JournalUnreadable, newest
from app.journal.journal_file import why_beside
from app.telemetry import requests
from app.telemetry.requests import Request

routes: Final = Blueprint("events", __name__)

SHOWN_EVENTS = 50
TEXT_MAX = 40  # characters of a filter, which each link repeats
FIELDS = ("id", "kind", "level", "began", "clock", "duration_s", "detail", "interrupted", "disputed")


def began(entry: Entry) -> str:
    """The onset as ISO 8601 in UTC; the browser shows its own time zone."""
    return datetime.fromtimestamp(entry.wall_s, timezone.utc).isoformat(timespec="seconds")


def row(entry: Entry) -> dict[str, object]:
    """One event as CSV and JSON give it."""
    return {
        "id": entry.id,
        "kind": entry.event.kind.value,
        "level": entry.event.level.name.lower(),
        "began": began(entry),
        "clock": entry.clock.value,
        "duration_s": None if entry.duration_s is None else round(entry.duration_s, 1),
        "detail": entry.event.detail,
        "interrupted": entry.interrupted,
        "disputed": entry.event.disputed,
    }


@dataclass(frozen=True, slots=True)
class Filter:
    """The events that are asked for: of a kind, and of a day; "" for any.

    day: as 2026-11-23, in the browser's time zone; utc_from and utc_to: when that day begins and ends, which the
    browser's script says. Without it the day is UTC's.
    """

    kind: str = ""
    day: str = ""
    utc_from: str = ""
    utc_to: str = ""

    def admits(self, entry: Entry) -> bool:
        """Whether the event is asked for."""
        at = began(entry)
        of_day = self.utc_from <= at < self.utc_to if self.utc_from and self.utc_to else at.startswith(self.day)
        return self.kind in ("", entry.event.kind.value) and (not self.day or of_day)


def _asked() -> Filter:
    return Filter(**{each.name: request.args.get(each.name, "")[:TEXT_MAX] for each in fields(Filter)})


def _found() -> Iterator[dict[str, object]]:
    """The events that are asked for, one at a time: all at once would take a megabyte. Raises: JournalUnreadable."""
    return map(row, filter(_asked().admits, newest(parts().paths.events)))


@routes.get("/events")
@for_viewers
def show() -> str:
    """The newest ones, with a filter."""
    first = max(0, request.args.get("first", 0, int))
    rows: list[dict[str, object]] = []
    total, problem = 0, why_beside(parts().paths.events)
    try:
        for total, found in enumerate(_found(), 1):
            if first < total <= first + SHOWN_EVENTS:
                rows.append(found)
    except JournalUnreadable as error:
        problem = str(error)
    return render_template(
        "events.html",
        rows=rows,
        words={state.value: words for state, words in WORDS.items()},
        kinds=[state.value for state in State if state is not State.ATTENTIVE],
        problem=problem,
        total=total,
        first=first,
        step=SHOWN_EVENTS,
        asked=asdict(_asked()),
    )


@routes.get("/events.csv")
@for_viewers
def as_csv() -> Response:
    """All that the filter leaves, for a spreadsheet."""
    return _download(csv_text(FIELDS, _found()), "text/csv", "drivewatch-events.csv")


@routes.get("/events.json")
@for_viewers
def as_json() -> Response:
    """All that the filter leaves, for a program."""
    return _download(f"[{', '.join(map(json.dumps, _found()))}]", "application/json", "drivewatch-events.json")


@routes.errorhandler(JournalUnreadable)
def unreadable(error: JournalUnreadable) -> Response:
    """A download of what cannot be read."""
    return Response(str(error), 503, mimetype="text/plain")


@routes.post("/events/delete")
def delete() -> AnyResponse:
    """Ask the detector, which alone writes there, to delete all events."""
    try:
        requests.ask(parts().paths.run, Request.DELETE_EVENTS)
    except OSError as error:
        flash(f"The detector could not be asked: {error.strerror}.")
    else:
        flash("Asked the detector to delete all events. It does so within a second while it runs.")
    return redirect(url_for("events.show"))


def _download(text: str, mimetype: str, name: str) -> Response:
    return Response(text, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})
