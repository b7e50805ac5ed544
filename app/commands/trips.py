"""`python -m app trips`: what was counted of each trip, and its score."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence

from app.events import ClockQuality
from app.journal.csv_table import csv_text
from app.journal.entries import JournalUnreadable
from app.journal.journal import KEEP_TRIPS
from app.journal.trips import FIELDS, flat, recent_trips, trip_row
from config.paths import Paths

log = logging.getLogger(__name__)

DESCRIPTION = """Prints the trips, newest first. A trip begins with the ignition, when the vehicle
moves or with the first face; it ends with the ignition, after ten minutes
parked (without a known speed: with nobody in the seat), or with the detector.
Trips of less than a minute are not kept.
"""
MORE = """A `?` marks a date by a clock for which neither a time server nor a satellite vouches.

exit status: 0, also without any trip; 1 when they cannot be read
"""
COLUMNS = (  # heading, width, field
    ("began (UTC)", 18, "began"),
    ("minutes", 7, "minutes_driven"),
    ("km", 7, "distance_km"),
    ("score", 5, "score"),
    ("cautions", 8, "cautions"),
    ("warnings", 8, "warnings"),
    ("alarms", 6, "alarms"),
    ("wrong", 5, "disputed"),
    ("longest away", 12, "longest_away_s"),
    ("ended by", 11, "end"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description, parser.epilog = DESCRIPTION, MORE
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="all fields, for a spreadsheet")
    form.add_argument("--json", dest="form", action="store_const", const="json", help="all fields, for a program")
    parser.set_defaults(perform=lambda options: show(Paths.from_environment(), options.form))


def show(paths: Paths, form: str | None) -> int:
    """Print all trips; the exit status."""
    try:
        rows = [trip_row(trip) for trip in recent_trips(paths.events, KEEP_TRIPS)]
    except JournalUnreadable as error:
        log.error("%s", error)
        return 1
    if form == "csv":
        print(csv_text(FIELDS, map(flat, rows)), end="")
    elif form == "json":
        print(json.dumps(rows, indent=1))
    else:
        print("\n".join(_table(rows)))
    return 0


def _table(rows: Sequence[Mapping[str, object]]) -> list[str]:
    if not rows:
        return ["no trips yet"]
    header = "  ".join(f"{heading:>{width}}" for heading, width, _ in COLUMNS)
    return [header, *("  ".join(f"{_cell(row, field):>{width}}" for _, width, field in COLUMNS) for row in rows)]


def _cell(row: Mapping[str, object], field: str) -> str:
    if field == "began":
        mark = "?" if row["clock"] == ClockQuality.GUESS.value else " "
        return f"{str(row[field])[:16].replace('T', ' ')} {mark}"
    if field == "longest_away_s":
        return f"{row[field]} s"
    value = "lasts" if field == "end" and row[field] is None else row[field]
    return "-" if value is None else str(value)
