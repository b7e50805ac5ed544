"""Events on the page."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from flask.testing import FlaskClient

from app.events import Event, Level, State
from app.journal.journal import Journal
from app.telemetry.requests import Request, take
from config.paths import Paths
from tests.support.page import post


def events(paths: Paths) -> None:
    journal = Journal(paths.events, "boot")
    wall_s = 1_790_000_000.0
    for number, kind in enumerate((State.LOOKING_AWAY, State.DROWSY, State.EYES_CLOSED)):
        onset_s = 100.0 * number
        journal.record(Event(kind, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 4), wall_s + onset_s, onset_s)
    journal.close()


def test_events_come_newest_first_and_can_be_filtered_and_downloaded(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    text = owner.get("/events").text
    rows = [f"{words}</td>" for words in ("eyes closed or lowered", "drowsy", "looking away from the road")]
    assert [text.index(row) for row in rows] == sorted(text.index(row) for row in rows)
    assert rows[0] not in owner.get("/events?kind=drowsy").text
    assert "None." in owner.get("/events?day=2001-01-01").text
    assert len(owner.get("/events.json?day=2026-09-21").get_json()) == 3
    assert owner.get("/events.csv").text.splitlines()[1].startswith("3,eyes_closed,warning,2026-09-21T")
    found = owner.get("/events.json?kind=drowsy").get_json()
    assert [(one["kind"], one["duration_s"]) for one in found] == [("drowsy", 4.0)]


def test_a_download_runs_nothing_in_a_spreadsheet(owner: FlaskClient, paths: Paths) -> None:
    journal = Journal(paths.events, "boot")
    for onset_s, detail in enumerate(("=1+1", " @sum(a1)", "looking left")):
        event = Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 1, detail)
        journal.record(event, onset_s, onset_s)
    journal.close()
    cells = [line.split(",")[6] for line in owner.get("/events.csv").text.splitlines()[1:]]
    assert cells == ["looking left", "' @sum(a1)", "'=1+1"]


def test_after_a_revert_the_page_shows_what_is_recorded_beside_the_newer_file(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    assert "new events are in" not in owner.get("/events").text
    with closing(sqlite3.connect(paths.events)) as db:
        db.execute("PRAGMA user_version = 99")
    text = owner.get("/events").text
    assert "written by a newer drivewatch, with schema 99" in text and "0 events" in text
    events(paths)
    text = owner.get("/events").text
    assert "new events are in events.sqlite.schema-3" in text and "sudo snap refresh drivewatch" in text
    assert "3 events" in text and len(owner.get("/events.json").get_json()) == 3


def test_a_day_of_events_is_that_of_the_browser(owner: FlaskClient, paths: Paths) -> None:
    events(paths)  # at 14:13:20, 14:15 and 14:16:40 UTC
    day = {"day": "2026-09-22", "utc_from": "2026-09-21T14:15:00+00:00", "utc_to": "2026-09-22T14:15:00+00:00"}
    assert [one["id"] for one in owner.get("/events.json", query_string=day).get_json()] == [3, 2]
    assert owner.get("/events.csv", query_string={**day, "kind": "drowsy"}).text.count("\n") == 2
    assert "utc_from=2026-09-21T14:15:00%2B00:00" in owner.get("/events", query_string=day).text


def test_many_events_come_in_pages(owner: FlaskClient, paths: Paths) -> None:
    journal = Journal(paths.events, "boot")
    for onset_s in range(60):
        journal.record(Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 1), onset_s, onset_s)
    journal.close()
    first = owner.get("/events").text
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    second = owner.get(older[1].replace("&amp;", "&")).text
    assert (first.count("<time"), second.count("<time"), "Older" in second, "Newer" in second) == (50, 10, False, True)


def test_deleting_all_events_is_asked_of_the_detector(owner: FlaskClient, paths: Paths) -> None:
    assert post(owner, "/events/delete").status_code == 302
    assert take(paths.run) == [Request.DELETE_EVENTS]
