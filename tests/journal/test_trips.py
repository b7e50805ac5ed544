"""Trips in the file, their score, and their CSV and JSON."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.events import ClockQuality, State
from app.journal.csv_table import csv_text
from app.journal.journal import RETRY_S, TRIPS_WAITING, Journal
from app.journal.trip import SEGMENTS_MAX, SUMMARY_MAX, Ending, Trip, summary_of, trip_of
from app.journal.trips import FIELDS, flat, recent_trips, trip_row
from tests.support.events import BOOT, NEXT_BOOT, NOON_S, sql
from tests.support.trips import TRIP

SYNCED = ClockQuality.SYNCED


def save(journal: Journal, *trips: Trip) -> None:
    for trip in trips:
        journal.save_trip(trip, NOON_S + trip.end_s, trip.end_s, SYNCED)


def test_trip_is_read_back_as_saved_and_only_once(journal: Journal, path: Path) -> None:
    save(journal, Trip(100.0, 160.0), TRIP)
    (stored,) = recent_trips(path, 10)
    assert (stored.trip, stored.wall_s, stored.clock) == (TRIP, NOON_S + 100, SYNCED)
    assert recent_trips(path, 10, before_id=stored.id) == []


def test_interrupted_trip_is_closed_at_the_next_start(path: Path) -> None:
    with closing(Journal(path, BOOT)) as journal:
        save(journal, Trip(100.0, 160.0), TRIP)
        save(journal, Trip(4000.0, 4060.0))
    with closing(Journal(path, NEXT_BOOT)):
        assert [stored.trip.ended for stored in recent_trips(path, 10)] == [Ending.INTERRUPTED, Ending.PARKED]


def test_unsaved_trips_wait_and_are_bounded(path: Path) -> None:
    path.mkdir(parents=True)
    with closing(Journal(path, BOOT)) as journal:
        for number in range(TRIPS_WAITING + 10):
            save(journal, Trip(100.0 * number, 100.0 * number + 60))
        path.rmdir()
        journal.retry(1e6 + RETRY_S)
        assert [stored.trip.start_s for stored in recent_trips(path, 100)][-1] == 1000.0
        assert len(recent_trips(path, 100)) == TRIPS_WAITING


SPOILED = (
    "'no json'", "''", "x'ff00'", "'[]'", "'{}'", "5", "'null'", f"'{'[' * 9000}'",
    f"'{summary_of(TRIP).replace('2800.0', 'NaN')}'",
    f"'{summary_of(TRIP).replace('[4,2,1]', '[4,2]')}'",
    f"'{summary_of(TRIP).replace('attentive', 'asleep on a horse')}'",
    f"'{summary_of(TRIP).replace('[4,2,1]', '[4,-2,1e999]')}'",
    f"'{summary_of(TRIP).replace('[4,2,1]', '[4,2,1e300]')}'",
    f"'{summary_of(TRIP).replace('2800.0', f'{10**400}')}'",
    f"'{summary_of(TRIP).replace('[[0,1800.0],', '[[0,1e300],')}'",
    f"'{summary_of(TRIP).replace('[[0,', '[[9,')}'",
    f"'{summary_of(TRIP).replace('[[0,', '[[')}'",
    f"'{summary_of(TRIP).replace('[[0,1800.0],', '[7,')}'",
)  # fmt: skip


@pytest.mark.parametrize("spoiled", SPOILED)
def test_damaged_trip_does_not_hide_the_others(journal: Journal, path: Path, spoiled: str) -> None:
    save(journal, TRIP, Trip(5000.0, 5100.0))
    sql(path, f"UPDATE trips SET summary = {spoiled} WHERE start_s = 100.0")
    assert [stored.trip.start_s for stored in recent_trips(path, 10)] == [5000.0]


def test_score_is_100_minus_10_per_warning_an_hour_and_30_per_alarm() -> None:
    assert TRIP.score == 0  # (2 + 3) * 10 / 0.5 h
    calm = {"alerts": {State.LOOKING_AWAY: (9, 1, 0), State.NO_CAMERA: (0, 5, 5)}}
    assert Trip(0.0, 7200.0, seen_s=7200.0, **calm).score == 95  # type: ignore[arg-type]
    assert Trip(0.0, 60.0, seen_s=60.0, **calm).score == 60  # type: ignore[arg-type]
    assert Trip(0.0, 7200.0, **calm).score is None  # type: ignore[arg-type]


def test_trip_row_has_all_fields_and_one_csv_line(journal: Journal, path: Path) -> None:
    save(journal, TRIP)
    (row,) = map(trip_row, recent_trips(path, 10))
    assert tuple(row) == FIELDS
    wanted = {"minutes": 60.0, "minutes_driven": 50.0, "minutes_seen": 30.0, "end": "parked", "clock": "synced"}
    assert wanted.items() <= row.items()
    assert (row["cautions"], row["warnings"], row["alarms"], row["disputed"]) == (4, 5, 1, 1)
    assert row["began"] == "2026-09-21T14:15:00+00:00" and row["ended"] == "2026-09-21T15:15:00+00:00"
    header, line, end = csv_text(FIELDS, [flat(row)]).split("\r\n")
    assert (header, end) == (",".join(FIELDS), "") and '""looking_away"": 3.3' in line


def test_size_of_a_trip_is_bounded() -> None:
    full = Trip(
        0.0,
        1e6,
        states_s=dict.fromkeys(State, 12345.6),
        alerts=dict.fromkeys(State, (100, 100, 100)),
        disputed=dict.fromkeys(State, 100),
        perclos=(0.123,) * 48,
    )
    assert len(summary_of(full)) < 2000 < SUMMARY_MAX and json.loads(summary_of(full))
    rest = (list(State) * SEGMENTS_MAX)[: SEGMENTS_MAX - 1]
    driven = replace(full, segments=((None, 1234.5), *((state, 1234.5) for state in rest)))
    assert len(summary_of(driven)) < 3300 < SUMMARY_MAX and trip_of(0.0, 1e6, "", summary_of(driven)) == driven
