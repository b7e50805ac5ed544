"""The API of trips, disputed events and metrics."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.events import ClockQuality, Event, Level, State
from app.journal.journal import Journal
from app.journal.trips import FIELDS
from config.paths import Paths
from tests.support.trips import TRIP

WALL_S = 1_790_000_000.0


def save(paths: Paths) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        for onset_s in (0.0, 100.0):
            event = Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 4)
            journal.record(event, WALL_S + onset_s, onset_s, ClockQuality.GPS)
        journal.record(replace(event, disputed=True), WALL_S + 101, 101.0, ClockQuality.GPS)
        for start_s in (100.0, 5000.0):
            trip = replace(TRIP, start_s=start_s, end_s=start_s + 60)
            journal.save_trip(trip, WALL_S + start_s, start_s, ClockQuality.GPS)


def test_trips_are_listed_newest_first_as_json_and_csv(owner: FlaskClient, paths: Paths) -> None:
    assert owner.get("/api/v1/trips").get_json() == {"trips": []}
    save(paths)
    trips = owner.get("/api/v1/trips").get_json()["trips"]
    assert [trip["id"] for trip in trips] == [2, 1] and tuple(trips[0]) == FIELDS
    assert [trip["id"] for trip in owner.get("/api/v1/trips?limit=5&before=2").get_json()["trips"]] == [1]
    answer = owner.get("/api/v1/trips.csv?limit=1")
    assert answer.mimetype == "text/csv" and len(answer.text.splitlines()) == 2
    assert answer.text.startswith(",".join(FIELDS))


def test_every_field_of_a_trip_is_described(owner: FlaskClient) -> None:
    described = owner.get("/api/v1/openapi.json").get_json()["paths"]["/api/v1/trips"]["get"]["responses"]["200"]
    items = described["content"]["application/json"]["schema"]["properties"]["trips"]["items"]
    assert set(items["properties"]) == set(FIELDS)


@pytest.mark.parametrize("path", ["/api/v1/trips", "/api/v1/trips.csv", "/api/v1/events"])
@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "before=-1", f"before={2**63}"])
def test_a_bad_range_is_refused(owner: FlaskClient, path: str, query: str) -> None:
    answer = owner.get(f"{path}?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/v1/trips", "/api/v1/trips.csv", "/api/v1/events"])
def test_unreadable_events_are_answered_with_503(owner: FlaskClient, paths: Paths, path: str) -> None:
    paths.events.mkdir(parents=True)
    answer = owner.get(path)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert owner.get("/metrics").status_code == 200


def test_metrics_count_events_and_disputed_events_by_kind(owner: FlaskClient, paths: Paths) -> None:
    save(paths)
    lines = owner.get("/metrics").text.splitlines()
    assert 'drivewatch_events{kind="drowsy",level="warning"} 2' in lines
    assert 'drivewatch_disputed_events{kind="drowsy",level="warning"} 1' in lines


def test_a_disputed_event_is_marked_in_each_output(owner: FlaskClient, paths: Paths) -> None:
    save(paths)
    assert [event["disputed"] for event in owner.get("/api/v1/events").get_json()["events"]] == [True, False]
    assert [event["disputed"] for event in owner.get("/events.json").get_json()] == [True, False]
    header, newest, _ = owner.get("/events.csv").text.splitlines()
    assert header.split(",")[-1] == "disputed" and newest.endswith("True") and ",gps," in newest
    text = owner.get("/events").text
    assert text.count("· called wrong by the driver") == 1 and "may be wrong" not in text
