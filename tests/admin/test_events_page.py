"""Events on the page: the list with its filters, the downloads, one event with its signals, and deleting all."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.events import ClockQuality, Event, Level, Limits, Neutral, State
from app.journal import deletion
from app.journal.entries import READ_MAX
from app.journal.journal import Journal
from app.journal.trip import Ending, Trip
from app.telemetry import course
from app.telemetry.course import Course, Sample
from app.telemetry.event_signals import text_of
from app.telemetry.requests import Request, take
from app.telemetry.run_folder import boot_id
from config.paths import Paths
from tests.support.events import sql
from tests.support.page import post, say

WALL_S = 1_790_000_000.0
KINDS = (State.LOOKING_AWAY, State.DROWSY, State.EYES_CLOSED)
LEVELS = (Level.CAUTION, Level.WARNING, Level.ALARM)


def events(paths: Paths) -> None:
    """At 14:13:20, 14:15 and 14:16:40 UTC; the second one is disputed."""
    with closing(Journal(paths.events, "boot")) as journal:
        for number, (kind, level) in enumerate(zip(KINDS, LEVELS, strict=True)):
            onset_s = 100.0 * number
            event = Event(kind, level, onset_s, onset_s, onset_s, onset_s + 4, disputed=number == 1)
            journal.record(event, WALL_S + onset_s, onset_s)


def ids(owner: FlaskClient, **asked: str) -> list[int]:
    return [one["id"] for one in owner.get("/events.json", query_string=asked).get_json()]


def test_events_come_newest_first_and_can_be_downloaded(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    text = owner.get("/events").text
    rows = [f"{words}</a>" for words in ("eyes closed or lowered", "drowsy", "looking away from the road")]
    assert [text.index(row) for row in rows] == sorted(text.index(row) for row in rows)
    assert 'href="/events/3"' in text and "called wrong by the driver" in text
    assert len(owner.get("/events.json?day=2026-09-21").get_json()) == 3
    assert owner.get("/events.csv").text.splitlines()[1].startswith("3,eyes_closed,alarm,2026-09-21T")
    found = owner.get("/events.json?kind=drowsy").get_json()
    assert [(one["kind"], one["duration_s"]) for one in found] == [("drowsy", 4.0)]


def test_each_filter_leaves_the_list_and_both_downloads_alike(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    with closing(Journal(paths.events, "boot")) as journal:
        journal.save_trip(Trip(50.0, 150.0, Ending.PARKED), WALL_S + 150, 150.0, ClockQuality.GUESS)
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


def test_a_filter_is_shown_and_the_links_repeat_it(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    text = owner.get("/events?kind=drowsy&level=warning&disputed=yes").text
    assert '<option value="drowsy" selected>' in text and '<option value="warning" selected>' in text
    assert "/events.csv?kind=drowsy&amp;level=warning" in text and "disputed=yes" in text


def test_a_download_runs_nothing_in_a_spreadsheet(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        for onset_s, detail in enumerate(("=1+1", " @sum(a1)", "looking left")):
            event = Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 1, detail)
            journal.record(event, onset_s, onset_s)
    cells = [line.split(",")[6] for line in owner.get("/events.csv").text.splitlines()[1:]]
    assert cells == ["looking left", "' @sum(a1)", "'=1+1"]


def test_after_a_revert_the_page_shows_what_is_recorded_beside_the_newer_file(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    assert "new events are in" not in owner.get("/events").text
    sql(paths.events, "PRAGMA user_version = 99")
    text = owner.get("/events").text
    assert "written by a newer drivewatch, with schema 99" in text and "0 events" in text
    events(paths)
    text = owner.get("/events").text
    assert "new events are in events.sqlite.schema-3" in text and "git pull" in text
    assert "3 events" in text and len(owner.get("/events.json").get_json()) == 3


def test_a_day_of_events_is_that_of_the_browser(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    day = {"day": "2026-09-22", "utc_from": "2026-09-21T14:15:00+00:00", "utc_to": "2026-09-22T14:15:00+00:00"}
    assert ids(owner, **day) == [3, 2]
    assert owner.get("/events.csv", query_string={**day, "kind": "drowsy"}).text.count("\n") == 2
    assert "utc_from=2026-09-21T14:15:00%2B00:00" in owner.get("/events", query_string=day).text


def test_many_events_come_in_pages(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        for onset_s in range(60):
            journal.record(Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 1), onset_s, onset_s)
    first = owner.get("/events").text
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    second = owner.get(older[1].replace("&amp;", "&")).text
    assert (first.count("<time"), second.count("<time"), "Older" in second, "Newer" in second) == (50, 10, False, True)


def test_what_cannot_be_read_is_counted_in_one_sentence_and_hides_nothing_else(
    owner: FlaskClient, paths: Paths
) -> None:
    events(paths)
    assert "cannot be shown" not in owner.get("/events").text
    sql(paths.events, "UPDATE events SET kind = 'asleep on a horse' WHERE id = 2")
    text = owner.get("/events").text
    assert "1 event cannot be shown" in text and "2 events" in text
    answer = owner.get("/events/2")
    assert answer.status_code == 404 and "There is no such event" in answer.text


def test_of_more_events_than_are_kept_the_newest_are_looked_through_and_it_says_so(
    owner: FlaskClient, paths: Paths
) -> None:
    events(paths)
    sql(
        paths.events,
        f"""INSERT INTO events (boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, detail, wall_s)
        WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {READ_MAX + 10})
        SELECT 'other', 'phone', 2, n, n, n, '', n FROM counted;""",
    )
    assert "Only the newest" in owner.get("/events").text


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"no database" * 999), lambda path: path.mkdir()])
def test_a_file_that_cannot_be_read_is_named_and_nothing_fails(owner: FlaskClient, paths: Paths, spoil: object) -> None:
    assert callable(spoil)
    spoil(paths.events)
    for path in ("/events", "/trips"):
        answer = owner.get(path)
        assert answer.status_code == 200 and "events cannot be read" in answer.text
    for path in ("/events/1", "/trips/1", "/events.csv", "/trips.json"):
        answer = owner.get(path)
        assert answer.status_code == 503 and "events cannot be read" in answer.text, path


def test_a_locked_file_is_read_all_the_same(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    with closing(sqlite3.connect(paths.events)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert owner.get("/events/1").status_code == 200 and "3 events" in owner.get("/events").text


AWAY = Event(State.LOOKING_AWAY, Level.WARNING, 100.0, 99.5, 100.5, 106.0, "looking left")


def looks(around_s: float = 100.0) -> Course:
    """The driver looks left, blinks, and is lost."""
    kept = Course()
    for second in range(-20, 21):
        yaw_deg = None if second == 10 else -45.0 if 0 <= second < 6 else -4.0
        state, level = (State.LOOKING_AWAY, Level.WARNING) if 2 <= second < 6 else (State.ATTENTIVE, Level.NONE)
        blink = 0.9 if second == 8 else 0.1
        yaw, pitch, gaze, lids = (None,) * 4 if yaw_deg is None else (yaw_deg, -9.0, 0.0, blink)
        kept.add(Sample(around_s + second, yaw, pitch, gaze, lids, 0.05, state, level))
    return kept


def with_signals(paths: Paths) -> None:
    signals = text_of(
        looks().samples(), Neutral(-4.0, -9.0, learnt=True), Limits(25.0, 20.0, 15.0, 0.5, 0.08, 0.15, 0.25)
    )
    with closing(Journal(paths.events, "boot")) as journal:
        journal.record(AWAY, WALL_S, 100.0, ClockQuality.GPS)
        journal.save_signals(AWAY.kind, AWAY.onset_s, signals, 120.0)


def test_an_event_opens_with_its_strips_and_its_replay(owner: FlaskClient, paths: Paths) -> None:
    with_signals(paths)
    text = owner.get("/events/1").text
    assert "Looking away from the road" in text and "for 6.0 s" in text and "Looking left." in text
    assert text.count('class="strip"') == 4 and "20 s before" in text and "it began" in text
    rows = re.findall(r'<tr data-at="(.*?)".*?</tr>', text)
    assert len(rows) == 41 and (rows[0], rows[-1]) == ("-20.0", "20.0")
    assert "41° left" in text and "closed, 10%" in text and "looking away from the road, warning" in text
    assert "no face" in text and 'src="/static/replay.js"' in text and "<img" not in text


def test_the_head_is_drawn_as_it_was_relative_to_the_road(owner: FlaskClient, paths: Paths) -> None:
    with_signals(paths)
    text = owner.get("/events/1").text
    at_onset = re.search(r'<tr data-at="0\.0" data-x="(\S+)" data-y="(\S+)" data-eyes="(\S+)"', text)
    assert at_onset and float(at_onset[1]) == pytest.approx(-32.8, abs=0.1)
    assert (float(at_onset[2]), at_onset[3]) == (0.0, "0.9")
    assert re.search(r'<tr data-at="10\.0" data-level="0" data-measured="nothing was measured">', text)
    assert 'data-measured="head 41° left, straight; eyes open, 90%"' in text


def test_an_event_without_signals_says_why(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    text = owner.get("/events/1").text
    assert "is not kept" in text and "replay.js" not in text and "strip" not in text


@pytest.mark.parametrize("spoiled", ["'[['", "x'ff'", '\'{"road":1,"samples":[[1],7]}\''])
def test_damaged_signals_hide_no_event(owner: FlaskClient, paths: Paths, spoiled: str) -> None:
    with_signals(paths)
    sql(paths.events, f"UPDATE events SET signals = {spoiled}")
    answer = owner.get("/events/1")
    assert answer.status_code == 200 and "is not kept" in answer.text


def test_an_event_of_this_minute_is_shown_with_what_the_detector_measured_just_now(
    owner: FlaskClient, paths: Paths
) -> None:
    now_s = time.monotonic()
    with closing(Journal(paths.events, boot_id())) as journal:
        journal.record(replace(AWAY, onset_s=now_s, end_s=None), WALL_S, now_s)
    say(paths)
    assert "it lasts" in owner.get("/events/1").text
    course.write(paths.course, looks(now_s).text())
    assert len(re.findall("<tr data-at=", owner.get("/events/1").text)) == 41


def test_an_event_that_nobody_saw_end_lasts_only_while_its_detector_answers(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, boot_id())) as journal:
        journal.record(replace(AWAY, end_s=None), WALL_S, 100.0)
    for path in ("/events", "/events/1"):
        assert "its end was not seen" in owner.get(path).text
    say(paths)
    for path in ("/events", "/events/1"):
        assert "it lasts" in owner.get(path).text


@pytest.mark.parametrize("path", ["/events/99", "/events/x", "/events/-1", "/events/99999999999999999999"])
def test_an_event_that_is_not_there_is_not_found(owner: FlaskClient, paths: Paths, path: str) -> None:
    events(paths)
    assert owner.get(path).status_code == 404


def test_deleting_all_events_is_asked_of_the_detector_and_shown_until_it_is_done(
    owner: FlaskClient, paths: Paths
) -> None:
    events(paths)
    say(paths)
    assert post(owner, "/events/delete").headers["Location"] == "/trips"
    assert take(paths.run) == [Request.DELETE_EVENTS]
    for path in ("/trips", "/events"):
        text = owner.get(path).text
        assert "are being deleted" in text and "few seconds" in text
        assert 'href="/events/3"' not in text and "Delete all events and trips now" not in text
    assert "are being deleted" in owner.get("/events/deletion").text
    Journal(paths.events, "the next start").close()  # the request was lost with the detector that took it
    assert "are deleted" in owner.get("/events/deletion").text
    assert "0 events" in owner.get("/events").text and "No trips yet" in owner.get("/trips").text


def test_a_viewer_sees_trips_and_events_and_deletes_none(viewer: FlaskClient, owner: FlaskClient, paths: Paths) -> None:
    with_signals(paths)
    for path in ("/trips", "/trips.csv", "/events", "/events/1", "/events.json", "/events/deletion"):
        assert viewer.get(path).status_code == 200, path
    for path in ("/trips", "/events"):
        assert "Delete all" in owner.get(path).text and "Delete all" not in viewer.get(path).text
    assert post(viewer, "/events/delete").status_code == 403 and not deletion.is_asked(paths.events)


def test_while_the_detector_is_silent_a_deletion_waits_and_says_so(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    post(owner, "/events/delete")
    assert "as soon as it runs again" in owner.get("/events").text
    say(paths, journal_problem="the disk is full")
    assert "It waits, as the disk is full" in owner.get("/trips").text
    (paths.data / "config.yaml").write_text("analysis:\n  event_history: false\n")
    say(paths)
    assert "when it is restarted" in owner.get("/trips").text


def test_a_deletion_that_cannot_be_asked_for_is_refused_by_name(
    owner: FlaskClient, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    events(paths)

    def refuse(path: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(deletion, "ask", refuse)
    post(owner, "/events/delete")
    text = owner.get("/trips").text
    assert "Nothing is deleted" in text and "Read-only file system" in text
