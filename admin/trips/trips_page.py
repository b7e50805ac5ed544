"""The trips by days, and each with its timeline, events and score."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, abort, render_template, request

from admin.auth.guard import for_viewers
from admin.parts import parts
from admin.trips.recorded import download, is_recording, pending_deletion, unreadable
from admin.words import iso
from app.events import WORDS
from app.journal.csv_table import csv_text
from app.journal.entries import JournalUnreadable, between
from app.journal.journal_file import why_beside
from app.journal.trips import FIELDS, StoredTrip, flat, newest, newest_or_damaged, one_trip, trip_row

routes: Final = Blueprint("trips", __name__)

SHOWN_TRIPS = 20
DOWNLOADED_TRIPS = 1000  # all that are kept
SHOWN_EVENTS = 100  # of one trip; the others are a link away
GONE = "There is no such trip: it was deleted, it was too old to be kept, or the card damaged it."


@dataclass(frozen=True, slots=True)
class Row:
    """A trip of the list. began, ended: ISO 8601 in UTC; for a trip that lasts, ended is when it was last saved."""

    stored: StoredTrip
    began: str
    ended: str
    lasts: bool


def row_of(stored: StoredTrip) -> Row:
    """As it is shown now: a trip without an end lasts only while the detector that counts it answers."""
    trip = stored.trip
    lasts = not trip.ended.value and is_recording(stored.boot_id)
    return Row(stored, iso(stored.wall_s), iso(stored.wall_s + max(0.0, trip.end_s - trip.start_s)), lasts)


@routes.get("/trips")
@for_viewers
def show() -> str:
    """The newest ones, by days."""
    from admin.trips import trip_view

    path = parts().paths.events
    deletion = pending_deletion()
    rows, damaged, problem, before = [], 0, why_beside(path), request.args.get("before", None, int)
    try:
        found = [] if deletion else [*newest_or_damaged(path, SHOWN_TRIPS + 1, before)]
        damaged = found[:SHOWN_TRIPS].count(None)
        rows = [row_of(stored) for stored in found[:SHOWN_TRIPS] if stored]
        has_older = len(found) > SHOWN_TRIPS and bool(rows)
    except JournalUnreadable as error:
        problem, has_older = str(error), False
    return render_template(
        "trips.html",
        days=_by_day(rows),
        older=rows[-1].stored.id if has_older else None,
        before=before,
        damaged=damaged,
        problem=problem,
        deletion=deletion,
        view=trip_view,
    )


def _by_day(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """In UTC; the script groups them again where the browser's zone has other days."""
    days: list[tuple[str, list[Row]]] = []
    for row in rows:
        day = row.began[:10]
        if not days or days[-1][0] != day:
            days.append((day, []))
        days[-1][1].append(row)
    return days


@routes.get("/trips/<int:trip_id>")
@for_viewers
def trip(trip_id: int) -> str:
    """One trip with all that was counted of it."""
    from admin.trips import trip_view

    path = parts().paths.events
    stored = one_trip(path, trip_id)
    if stored is None:
        abort(404, GONE)
    row = row_of(stored)
    end_s = float("inf") if row.lasts else stored.trip.end_s
    entries = between(path, stored.boot_id, stored.trip.start_s, end_s)
    return render_template(
        "trip.html",
        row=row,
        trip=stored.trip,
        entries=entries[:SHOWN_EVENTS],
        more=len(entries) - SHOWN_EVENTS,
        words=WORDS,
        iso=iso,
        is_recording=is_recording,
        view=trip_view,
    )


routes.register_error_handler(JournalUnreadable, unreadable)


@routes.get("/trips.csv")
@for_viewers
def as_csv() -> Response:
    """All trips, for a spreadsheet."""
    trips = map(trip_row, newest(parts().paths.events, DOWNLOADED_TRIPS))
    return download(csv_text(FIELDS, map(flat, trips)), "text/csv", "drivewatch-trips.csv")


@routes.get("/trips.json")
@for_viewers
def as_json() -> Response:
    """All trips, for a program."""
    trips = map(trip_row, newest(parts().paths.events, DOWNLOADED_TRIPS))
    return download(f"[{', '.join(map(json.dumps, trips))}]", "application/json", "drivewatch-trips.json")
