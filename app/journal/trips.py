"""The trips as the page and the commands read them, newest first, and as CSV and JSON give them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from app.events import ClockQuality
from app.journal.entries import as_id, is_time, rows
from app.journal.trip import Trip, trip_of

_TRIPS = "SELECT id, boot_id, start_s, end_s, ended, wall_s, clock, summary FROM trips"
_NEWEST = f"{_TRIPS} WHERE id < ? ORDER BY id DESC LIMIT ?"
_ONE = f"{_TRIPS} WHERE id = ?"
_AT = f"{_TRIPS} WHERE boot_id = ? AND start_s <= ? AND (end_s >= ? OR ended = '') ORDER BY id DESC LIMIT 1"
NESTED = ("minutes_by_state", "alerts_by_kind", "disputed_by_kind", "perclos")
"""Columns that a CSV gives as JSON."""
FIELDS = (
    *("id", "began", "ended", "clock", "end", "minutes", "minutes_driven", "minutes_seen", "distance_km", "score"),
    *("cautions", "warnings", "alarms", "disputed", "longest_away_s", "perclos_bin_minutes", *NESTED),
)


@dataclass(frozen=True, slots=True)
class StoredTrip:
    """wall_s is its beginning in Unix seconds, for display only."""

    id: int
    trip: Trip
    wall_s: float
    clock: ClockQuality
    boot_id: str = ""


def recent_trips(path: Path, limit: int, before_id: int | None = None) -> list[StoredTrip]:
    """The newest trips; with `before_id` those before that one. No file yet means none. Raises: JournalUnreadable."""
    return [*newest(path, limit, before_id)]


def newest(path: Path, limit: int, before_id: int | None = None) -> Iterator[StoredTrip]:
    """The same, but each is read only when it is asked for: a thousand at once would take ten megabytes."""
    yield from filter(None, newest_or_damaged(path, limit, before_id))


def newest_or_damaged(path: Path, limit: int, before_id: int | None = None) -> Iterator[StoredTrip | None]:
    """The same, with a None for each that cannot be shown."""
    return map(_stored, rows(path, _NEWEST, (as_id(before_id), max(0, limit))))


def one_trip(path: Path, trip_id: int) -> StoredTrip | None:
    """A trip; None where it is not kept, or damaged. Raises: JournalUnreadable."""
    return next(map(_stored, rows(path, _ONE, (as_id(trip_id),))), None)


def trip_at(path: Path, boot_id: str, time_s: float) -> StoredTrip | None:
    """The trip that lasted at a time of a boot. Raises: JournalUnreadable."""
    return next(map(_stored, rows(path, _AT, (boot_id, time_s, time_s))), None)


def _stored(row: sqlite3.Row) -> StoredTrip | None:
    """None for what a bad card made of one, or another version of drivewatch wrote."""
    times_s = (row["start_s"], row["end_s"], row["wall_s"])
    if not all(map(is_time, times_s)):
        return None
    try:
        trip = trip_of(row["start_s"], row["end_s"], row["ended"], row["summary"])
        return StoredTrip(row["id"], trip, row["wall_s"], ClockQuality(row["clock"]), str(row["boot_id"]))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def trip_row(stored: StoredTrip) -> dict[str, object]:
    """One trip by FIELDS; began and ended are ISO 8601 in UTC, ended None while it lasts."""
    trip = stored.trip
    lasted_s = max(0.0, trip.end_s - trip.start_s)
    cautions, warnings, alarms = (sum(counts[level] for counts in trip.alerts.values()) for level in range(3))
    return {
        "id": stored.id,
        "began": _iso(stored.wall_s),
        "ended": _iso(stored.wall_s + lasted_s) if trip.ended else None,
        "clock": stored.clock.value,
        "end": trip.ended.value or None,
        "minutes": _minutes(lasted_s),
        "minutes_driven": _minutes(trip.driven_s),
        "minutes_seen": _minutes(trip.seen_s),
        "distance_km": trip.distance_km,
        "score": trip.score,
        "cautions": cautions,
        "warnings": warnings,
        "alarms": alarms,
        "disputed": sum(trip.disputed.values()),
        "longest_away_s": trip.longest_away_s,
        "perclos_bin_minutes": _minutes(trip.perclos_bin_s),
        "minutes_by_state": {state.value: _minutes(time_s) for state, time_s in trip.states_s.items()},
        "alerts_by_kind": {
            kind.value: dict(zip(("caution", "warning", "alarm"), counts, strict=True))
            for kind, counts in trip.alerts.items()
        },
        "disputed_by_kind": {kind.value: count for kind, count in trip.disputed.items()},
        "perclos": list(trip.perclos),
    }


def flat(row: dict[str, object]) -> dict[str, object]:
    """The row for a CSV."""
    return {name: json.dumps(value) if name in NESTED else value for name, value in row.items()}


def _iso(wall_s: float) -> str:
    return datetime.fromtimestamp(wall_s, timezone.utc).isoformat(timespec="seconds")


def _minutes(time_s: float) -> float:
    return round(time_s / 60, 1)
