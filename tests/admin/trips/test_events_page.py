"""Events on the page: the list with its filters, the downloads, one event with its signals, and deleting all."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from flask.testing import FlaskClient

from app.events import ClockQuality, Event, Level, State
from app.journal.entries import READ_MAX
from app.journal.journal import Journal
from app.journal.trip import Ending, Trip
from config.paths import Paths
from tests.support.events import NOON_S, sql, three_events


def ids(owner: FlaskClient, **asked: str) -> list[int]:
    return [one["id"] for one in owner.get("/events.json", query_string=asked).get_json()]


def test_events_are_listed_newest_first_and_can_be_downloaded(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    text = owner.get("/events").text
    rows = [f"{words}</a>" for words in ("eyes closed or lowered", "drowsy", "looking away from the road")]
    assert [text.index(row) for row in rows] == sorted(text.index(row) for row in rows)
    assert 'href="/events/3"' in text and "called wrong by the driver" in text
    assert len(owner.get("/events.json?day=2026-09-21").get_json()) == 3
    assert owner.get("/events.csv").text.splitlines()[1].startswith("3,eyes_closed,alarm,2026-09-21T")
    found = owner.get("/events.json?kind=drowsy").get_json()
    assert [(one["kind"], one["duration_s"]) for one in found] == [("drowsy", 4.0)]


def test_each_filter_applies_to_the_list_and_both_downloads(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    with closing(Journal(paths.events, "boot")) as journal:
        journal.save_trip(Trip(50.0, 150.0, Ending.PARKED), NOON_S + 150, 150.0, ClockQuality.GUESS)
    for asked, wanted in (
        ({"kind": "drowsy"}, [2]),
        ({"level": "alarm"}, [3]),
        ({"day": "2026-09-21"}, [3, 2, 1]),
        ({"day": "2001-01-01"}, []),
        ({"disputed": "yes"}, [2]),
        ({"trip": "1"}, [2]),
        ({"trip": "1", "level": "alarm"}, []),
        ({"trip": "99"}, []),
        ({"trip": "'; DROP TABLE events"}, []),
        ({"level": "no level", "kind": "x" * 5000}, []),
    ):
        assert ids(owner, **asked) == wanted, asked
        assert owner.get("/events.csv", query_string=asked).text.count("\n") == 1 + len(wanted)
        page = owner.get("/events", query_string=asked).text
        assert [int(found) for found in re.findall(r'href="/events/(\d+)"', page)] == wanted


def test_the_filter_is_shown_and_repeated_in_links(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    text = owner.get("/events?kind=drowsy&level=warning&disputed=yes").text
    assert '<option value="drowsy" selected>' in text and '<option value="warning" selected>' in text
    assert "/events.csv?kind=drowsy&amp;level=warning" in text and "disputed=yes" in text


def test_downloaded_texts_are_no_spreadsheet_formulas(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        for onset_s, detail in enumerate(("=1+1", " @sum(a1)", "looking left")):
            event = Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 1, detail)
            journal.record(event, onset_s, onset_s)
    cells = [line.split(",")[6] for line in owner.get("/events.csv").text.splitlines()[1:]]
    assert cells == ["looking left", "' @sum(a1)", "'=1+1"]


def test_after_a_revert_the_page_shows_events_recorded_beside_the_newer_file(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    assert "new events are in" not in owner.get("/events").text
    sql(paths.events, "PRAGMA user_version = 99")
    text = owner.get("/events").text
    assert "written by a newer drivewatch, with schema 99" in text and "0 events" in text
    three_events(paths.events)
    text = owner.get("/events").text
    assert "new events are in events.sqlite.schema-3" in text and "git pull" in text
    assert "3 events" in text and len(owner.get("/events.json").get_json()) == 3


def test_a_day_filter_uses_the_browsers_time_zone(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    day = {"day": "2026-09-22", "utc_from": "2026-09-21T14:15:00+00:00", "utc_to": "2026-09-22T14:15:00+00:00"}
    assert ids(owner, **day) == [3, 2]
    assert owner.get("/events.csv", query_string={**day, "kind": "drowsy"}).text.count("\n") == 2
    assert "utc_from=2026-09-21T14:15:00%2B00:00" in owner.get("/events", query_string=day).text


def test_many_events_are_split_into_pages(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        for onset_s in range(60):
            journal.record(Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 1), onset_s, onset_s)
    first = owner.get("/events").text
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    second = owner.get(older[1].replace("&amp;", "&")).text
    assert (first.count("<time"), second.count("<time"), "Older" in second, "Newer" in second) == (50, 10, False, True)


def test_unreadable_events_are_counted_and_hide_no_others(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    assert "cannot be shown" not in owner.get("/events").text
    sql(paths.events, "UPDATE events SET kind = 'asleep on a horse' WHERE id = 2")
    text = owner.get("/events").text
    assert "1 event cannot be shown" in text and "2 events" in text
    answer = owner.get("/events/2")
    assert answer.status_code == 404 and "There is no such event" in answer.text


def test_only_the_newest_of_very_many_events_are_read_and_the_page_says_so(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    sql(
        paths.events,
        f"""INSERT INTO events (boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, detail, wall_s)
        WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {READ_MAX + 10})
        SELECT 'other', 'phone', 2, n, n, n, '', n FROM counted;""",
    )
    assert "Only the newest" in owner.get("/events").text


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"no database" * 999), lambda path: path.mkdir()])
def test_an_unreadable_event_file_is_reported_on_each_page(owner: FlaskClient, paths: Paths, spoil: object) -> None:
    assert callable(spoil)
    spoil(paths.events)
    for path in ("/events", "/trips"):
        answer = owner.get(path)
        assert answer.status_code == 200 and "events cannot be read" in answer.text
    for path in ("/events/1", "/trips/1", "/events.csv", "/trips.json"):
        answer = owner.get(path)
        assert answer.status_code == 503 and "events cannot be read" in answer.text, path
        assert "<h1></h1>" not in answer.text, path


def test_a_locked_event_file_can_still_be_read(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    with closing(sqlite3.connect(paths.events)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert owner.get("/events/1").status_code == 200 and "3 events" in owner.get("/events").text


@pytest.mark.parametrize("path", ["/events/99", "/events/x", "/events/-1", "/events/99999999999999999999"])
def test_a_missing_event_is_not_found(owner: FlaskClient, paths: Paths, path: str) -> None:
    three_events(paths.events)
    assert owner.get(path).status_code == 404
