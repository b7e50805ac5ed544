"""The events, newest first: filtered, downloaded, deleted; and each with what was measured around it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.guard import for_viewers
from admin.newest import newest_status
from admin.parts import parts
from admin.trips.recorded import download, is_recording, pending_deletion, unreadable
from admin.words import iso
from app.events import WORDS, Level, State
from app.journal import deletion
from app.journal.csv_table import csv_text
from app.journal.entries import READ_MAX, Entry, JournalUnreadable, newest_or_damaged, one, signals_text
from app.journal.journal_file import why_beside
from app.journal.trips import StoredTrip, one_trip, trip_at
from app.telemetry import course, requests
from app.telemetry.event_signals import EventSignals, signals_of
from app.telemetry.requests import Request
from app.telemetry.run_folder import boot_id

routes: Final = Blueprint("events", __name__)
routes.register_error_handler(JournalUnreadable, unreadable)

SHOWN_EVENTS = 50
TEXT_MAX = 40  # characters of a filter, which each link repeats
FIELDS = ("id", "kind", "level", "began", "clock", "duration_s", "detail", "interrupted", "disputed")
LEVELS = ("caution", "warning", "alarm")
AROUND_S = 20.5  # of an event whose signals are not saved yet; the times of the course are rounded
GONE = "There is no such event: it was deleted, it was too old to be kept, or the card damaged it."


def row(entry: Entry) -> dict[str, object]:
    """One event as CSV and JSON give it."""
    return {
        "id": entry.id,
        "kind": entry.event.kind.value,
        "level": entry.event.level.name.lower(),
        "began": iso(entry.wall_s),
        "clock": entry.clock.value,
        "duration_s": None if entry.duration_s is None else round(entry.duration_s, 1),
        "detail": entry.event.detail,
        "interrupted": entry.interrupted,
        "disputed": entry.event.disputed,
    }


@dataclass(frozen=True, slots=True)
class Filter:
    """The events that are asked for; "" for any.

    day: as 2026-11-23, in the browser's time zone; utc_from and utc_to: when that day begins and ends, which the
    browser's script says. Without it the day is UTC's. trip: an id. disputed: "yes" for those that the driver called
    wrong.
    """

    kind: str = ""
    level: str = ""
    day: str = ""
    utc_from: str = ""
    utc_to: str = ""
    trip: str = ""
    disputed: str = ""

    def admits(self, entry: Entry, trip: StoredTrip | None) -> bool:
        """Whether the event is asked for. trip: the one that is named, None where it is not kept."""
        event = entry.event
        return (
            self.kind in ("", event.kind.value)
            and self.level in ("", event.level.name.lower())
            and (not self.disputed or event.disputed)
            and (not self.day or self._is_of_day(iso(entry.wall_s)))
            and (not self.trip or (trip is not None and _is_of_trip(entry, trip)))
        )

    def _is_of_day(self, began: str) -> bool:
        if self.utc_from and self.utc_to:
            return self.utc_from <= began < self.utc_to
        return began.startswith(self.day)


def _is_of_trip(entry: Entry, stored: StoredTrip) -> bool:
    trip = stored.trip
    is_before_end = not trip.ended.value or entry.event.onset_s <= trip.end_s
    return entry.boot_id == stored.boot_id and trip.start_s <= entry.event.onset_s and is_before_end


@dataclass(slots=True)
class Search:
    """The events that a filter leaves, one at a time: all at once would take a megabyte."""

    asked: Filter
    trip: StoredTrip | None
    read: int = 0
    damaged: int = 0

    def found(self) -> Iterator[Entry]:
        """Newest first. Raises: JournalUnreadable."""
        for entry in newest_or_damaged(parts().paths.events):
            self.read += 1
            if entry is None:
                self.damaged += 1
            elif self.asked.admits(entry, self.trip):
                yield entry


def _search() -> Search:
    """What the address asks for. Raises: JournalUnreadable."""
    asked = Filter(**{each.name: request.args.get(each.name, "")[:TEXT_MAX] for each in fields(Filter)})
    trip_id = int(asked.trip) if asked.trip.isascii() and asked.trip.isdigit() else None
    return Search(asked, None if trip_id is None else one_trip(parts().paths.events, trip_id))


@routes.get("/events")
@for_viewers
def show() -> str:
    """The newest ones, with a filter."""
    first = max(0, request.args.get("first", 0, int))
    entries: list[Entry] = []
    total, problem = 0, why_beside(parts().paths.events)
    search, waits = Search(Filter(), None), pending_deletion()
    try:
        search = _search()
        for total, entry in enumerate(() if waits else search.found(), 1):
            if first < total <= first + SHOWN_EVENTS:
                entries.append(entry)
    except JournalUnreadable as error:
        problem = str(error)
    return render_template(
        "events.html",
        entries=entries,
        words=WORDS,
        iso=iso,
        kinds=[state for state in State if state is not State.ATTENTIVE],
        levels=LEVELS,
        problem=problem,
        damaged=search.damaged,
        is_cut=search.read >= READ_MAX,
        total=total,
        first=first,
        step=SHOWN_EVENTS,
        asked=asdict(search.asked),
        trip=search.trip,
        deletion=waits,
        is_recording=is_recording,
    )


@routes.get("/events/<int:event_id>")
@for_viewers
def event(event_id: int) -> str:
    """One event, with strips and a replay of what was measured around it."""
    from admin.trips import event_view

    path = parts().paths.events
    entry = one(path, event_id)
    if entry is None:
        abort(404, GONE)
    signals = _signals(entry)
    return render_template(
        "event.html",
        entry=entry,
        row=row(entry),
        words=WORDS,
        lasts=is_recording(entry.boot_id),
        trip=trip_at(path, entry.boot_id, entry.event.onset_s),
        strips=event_view.strips_of(signals, entry.event.onset_s),
        frames=event_view.frames(signals, entry.event.onset_s),
        level=Level,
    )


def _signals(entry: Entry) -> EventSignals:
    """Those kept with the event, else what the detector measured in the last two minutes."""
    kept = signals_of(signals_text(parts().paths.events, entry.id))
    if kept.samples or entry.boot_id != boot_id():
        return kept
    now = newest_status()
    onset_s = entry.event.onset_s
    samples = tuple(one for one in course.read(parts().paths.course) if abs(one.time_s - onset_s) <= AROUND_S)
    return EventSignals(samples, now.neutral, now.limits) if now else EventSignals(samples)


@routes.get("/events.csv")
@for_viewers
def as_csv() -> Response:
    """All that the filter leaves, for a spreadsheet."""
    return download(csv_text(FIELDS, map(row, _search().found())), "text/csv", "drivewatch-events.csv")


@routes.get("/events.json")
@for_viewers
def as_json() -> Response:
    """All that the filter leaves, for a program."""
    text = ", ".join(json.dumps(row(entry)) for entry in _search().found())
    return download(f"[{text}]", "application/json", "drivewatch-events.json")


@routes.get("/events/deletion")
@for_viewers
def deletion_part() -> str:
    """How far a deletion is, for the script that keeps the page current."""
    return render_template("deletion_part.html", deletion=pending_deletion(), was_asked=True)


@routes.post("/events/delete")
def delete() -> AnyResponse:
    """Ask the detector, which alone writes there, to delete all events and trips."""
    own = parts()
    try:
        deletion.ask(own.paths.events)
        requests.ask(own.paths.run, Request.DELETE_EVENTS)  # so that it is done at once
    except OSError as error:
        if not deletion.is_asked(own.paths.events):
            flash(f"Nothing is deleted: the request cannot be saved in {own.paths.common}: {error.strerror}.")
    return redirect(url_for("trips.show"))
