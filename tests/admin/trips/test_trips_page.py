"""Trips on the page: the list by days, one trip, and damaged ones."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from admin.trips import trip_view
from admin.trips.trips_page import SHOWN_TRIPS
from app.events import ClockQuality, Event, Level, State
from app.journal.journal import Journal
from app.journal.trip import Trip, summary_of
from app.telemetry.run_folder import boot_id
from config.paths import Paths
from tests.support.events import sql
from tests.support.page import say
from tests.support.trips import TRIP

WALL_S = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC


def save(paths: Paths, *trips: Trip, boot: str = "boot", clock: ClockQuality = ClockQuality.SYNCED) -> None:
    with closing(Journal(paths.events, boot)) as journal:
        for trip in trips:
            journal.save_trip(trip, WALL_S + trip.end_s, trip.end_s, clock)


def test_trips_are_listed_by_day_with_duration_distance_alerts_and_score(owner: FlaskClient, paths: Paths) -> None:
    save(paths, TRIP, replace(TRIP, start_s=90_000.0, end_s=93_600.0, distance_km=None, alerts={}))
    text = owner.get("/trips").text
    assert re.findall(r'<h2><time datetime="(\S+?)T', text) == ["2026-09-22", "2026-09-21"]
    assert "50 min · 42.2 km · 1 alarm, 5 warnings, 4 cautions" in " ".join(text.split())
    assert "50 min · no alerts" in " ".join(text.split())
    assert re.findall(r"score <strong>(\d+)</strong>", text) == ["100", "0"]
    assert text.count('class="timeline"') == 2 and 'href="/trips/1"' in text and 'aria-current="page"' in text


def test_a_trip_page_shows_timeline_states_alerts_perclos_and_score(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        for onset_s in (50.0, 1900.0, 3800.0):  # before, during and after the trip
            event = Event(State.LOOKING_AWAY, Level.ALARM, onset_s, onset_s, onset_s, onset_s + 5)
            journal.record(event, WALL_S + onset_s, onset_s)
    save(paths, TRIP)
    text = owner.get("/trips/1").text
    assert re.findall(r'cx="(.+?)%"', text) == ["50.0"]
    assert re.findall(r'href="/events/(\d+)"', text) == ["2"]
    assert "100 − 10 × (2 + 3 × 1) ÷ 0.50 h = 0" in text  # noqa: RUF001  as it is printed
    assert "ended by parking" in text and "42.2 km" in text
    assert "1 alarm, 2 warnings, 4 cautions" in text and "1 called wrong by the driver" in text
    assert text.count("not in the score") == 1  # no face
    assert "attentive</th><td>46.7</td>" in text and "looking away from the road</th><td>3.3</td>" in text
    assert "10.0 % at most" in text and text.count("<polyline") == 2
    assert "/events?trip=1" in text and "/events.csv?trip=1" in text


def test_the_timeline_is_to_scale_but_short_states_stay_visible() -> None:
    attentive, away = trip_view.timeline([(State.ATTENTIVE, 3599.0), (State.PHONE, 1.0)], 3600.0)
    assert attentive.path == "M0 16h1000V40h-1000z"
    assert (away.tone, away.path) == ("away", "M997 8h3V40h-3z")
    assert trip_view.timeline([], 100.0) == ()
    assert [len(one.path) for one in trip_view.timeline([(None, 50.0), (State.NO_FACE, 50.0)], 100.0)] == [20]


def test_every_state_has_one_colour() -> None:
    assert {state for state in State if not trip_view.tone_of(state)} == set()
    assert sum(len(tone.states) for tone in trip_view.TONES) == len(State)


def test_a_trip_is_under_way_only_while_its_detector_runs(owner: FlaskClient, paths: Paths) -> None:
    now_s = time.monotonic()
    save(paths, Trip(now_s - 120, now_s, seen_s=100.0), boot=boot_id())
    for path in ("/trips", "/trips/1"):
        assert "under way" not in owner.get(path).text
    assert "cut off, or the detector is not answering" in owner.get("/trips/1").text
    say(paths)
    for path in ("/trips", "/trips/1"):
        assert "under way" in owner.get(path).text
    Journal(paths.events, "the next boot").close()
    assert "under way" not in owner.get("/trips").text
    assert "the power went, or the detector crashed" in owner.get("/trips/1").text


def test_a_trip_of_an_earlier_release_is_shown_without_a_timeline(owner: FlaskClient, paths: Paths) -> None:
    save(paths, TRIP)
    told = json.loads(summary_of(TRIP))
    del told["segments"]
    sql(paths.events, f"UPDATE trips SET summary = '{json.dumps(told)}'")
    assert "score <strong>0</strong>" in owner.get("/trips").text
    assert 'class="timeline"' not in owner.get("/trips").text
    assert "An earlier release recorded this trip" in owner.get("/trips/1").text


def test_a_trip_with_a_guessed_clock_says_so(owner: FlaskClient, paths: Paths) -> None:
    save(paths, TRIP, clock=ClockQuality.GUESS)
    for path in ("/trips", "/trips/1"):
        assert owner.get(path).text.count("by a clock that may be wrong") == 1  # not repeated for each event


@pytest.mark.parametrize("spoiled", ["'no json'", f"'{summary_of(TRIP).replace('1800.0]', '[]]')}'", "x'ff'"])
def test_a_damaged_trip_is_counted_and_hides_no_other(owner: FlaskClient, paths: Paths, spoiled: str) -> None:
    save(paths, TRIP, replace(TRIP, start_s=9000.0, end_s=9600.0))
    sql(paths.events, f"UPDATE trips SET summary = {spoiled} WHERE id = 1")
    text = owner.get("/trips").text
    assert "1 trip cannot be shown" in text and text.count("data-began") == 1
    assert (owner.get("/trips/1").status_code, owner.get("/trips/2").status_code) == (404, 200)
    assert len(owner.get("/trips.json").get_json()) == 1


def test_many_trips_are_split_into_pages(owner: FlaskClient, paths: Paths) -> None:
    save(paths, *(replace(TRIP, start_s=4000.0 * n, end_s=4000.0 * n + 3600) for n in range(SHOWN_TRIPS + 5)))
    first = owner.get("/trips")
    older = re.search(r'href="(\S+?)">Older', first.text)
    assert older and first.text.count("data-began") == SHOWN_TRIPS and len(first.data) < 40_000
    second = owner.get(older[1]).text
    assert (second.count("data-began"), "Older" in second, "Newest" in second) == (5, False, True)
    assert owner.get("/trips?before=x").status_code == 200 and owner.get(f"/trips?before={10**30}").status_code == 200


def test_all_trips_can_be_downloaded(owner: FlaskClient, paths: Paths) -> None:
    save(paths, TRIP)
    assert owner.get("/trips.csv").text.splitlines()[1].startswith("1,2026-09-21T14:15:00+00:00,")
    (trip,) = owner.get("/trips.json").get_json()
    assert (trip["score"], trip["end"]) == (0, "parked")


@pytest.mark.parametrize("path", ["/trips/99", "/trips/x", "/trips/99999999999999999999"])
def test_a_missing_trip_is_not_found(owner: FlaskClient, paths: Paths, path: str) -> None:
    save(paths, TRIP)
    assert owner.get(path).status_code == 404


def test_perclos_limits_are_those_stored_with_the_trip(owner: FlaskClient, paths: Paths) -> None:
    save(paths, replace(TRIP, perclos_limits=(0.1, 0.2, 0.3)))
    page = owner.get("/trips/1").text
    assert [words in page for words in ("10 %: caution", "20 %: warning", "30 %: alarm")] == [True] * 3
    damaged = replace(TRIP, perclos_limits=(0.1,))
    assert (trip_view.perclos_limits(TRIP), trip_view.perclos_limits(damaged)) == ([], [])
