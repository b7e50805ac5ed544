"""Event files damaged at random: the journal starts a new file or continues, no page fails, no event is discarded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from flask.testing import FlaskClient

from app.events import ClockQuality, Event, Level, Limits, Neutral, State
from app.journal.entries import JournalUnreadable, recent
from app.journal.journal import Journal
from app.telemetry.course import Course, Sample
from app.telemetry.event_signals import text_of
from config import password
from config.paths import Paths
from tests.faults.page import opened
from tests.faults.scratch import in_memory
from tests.faults.tally import Count, Row
from tests.support.trips import TRIP

FILES, LONG_FILES = 400, 20_000
EVENTS = 120  # enough for several pages of tables and index
WALL_S, NEW_S = 1.8e9, 5000.0
PAGES = (
    *("/events", "/events/1", "/events.csv", "/events.json", "/api/v1/events?limit=200"),
    *("/trips", "/trips/1", "/trips.csv", "/trips.json"),
)


def _signals() -> str:
    course = Course()
    for second in range(40):
        course.add(Sample(float(second), 1.0, 2.0, 3.0, 0.1, 0.05, State.PHONE, Level.WARNING))
    return text_of(course.samples(), Neutral(0.0, 0.0, learnt=True), Limits(25.0))


SIGNALS = _signals()


def rows(is_long: bool) -> Iterator[Row]:
    """One row for all kinds of damage."""
    count = Count("events file damaged at random, page and journal in one process")
    with in_memory() as place:
        paths = Paths(Path(place, "data"), Path(place, "run"), Path(place, "data"))
        paths.make()
        password.save(paths.admin_password, "zebra quilt vortex")
        client, _ = opened(paths)
        whole = _written(paths)
        for number in range(LONG_FILES if is_long else FILES):
            wrong = _tried(paths, client, damaged(whole, random.Random(number)))
            count.add(f"file {number}: {wrong}" if wrong else "", lost=bool(wrong))
    yield count.row


def _written(paths: Paths) -> bytes:
    """The bytes of a journal with events, signals and a trip, without a separate log."""
    with closing(Journal(paths.events, "earlier")) as journal:
        for number in range(EVENTS):
            at_s = float(number)
            event = Event(State.PHONE, Level.WARNING, at_s, at_s, at_s, at_s + 0.5, f"detail {number}")
            journal.record(event, WALL_S + at_s, at_s)
            journal.save_signals(event.kind, at_s, SIGNALS if number % 10 == 0 else "", at_s + 20)
        journal.save_trip(TRIP, WALL_S + TRIP.end_s, TRIP.end_s, ClockQuality.GPS)
    return paths.events.read_bytes()


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Bytes changed, a stretch overwritten or zeroed, or the end cut off."""
    data, at = bytearray(whole), chance.randrange(len(whole))
    kind = chance.randrange(5)
    if kind == 0:
        return bytes(data[:at])
    if kind == 1:
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == 2:
        data[at] ^= 1 << chance.randrange(8)
    else:
        stretch = chance.choice((8, 512, 4096))
        data[at : at + stretch] = bytes(stretch) if kind == 3 else chance.randbytes(stretch)
    return bytes(data)


def _tried(paths: Paths, client: FlaskClient, data: bytes) -> str:
    for left in paths.data.glob("events.sqlite*"):
        left.unlink()
    paths.events.write_bytes(data)
    if failed := _failing(client):
        return f"before the journal was opened {failed} failed"
    with closing(Journal(paths.events, "now")) as journal:
        journal.record(Event(State.PHONE, Level.ALARM, NEW_S, NEW_S, NEW_S, NEW_S + 1), WALL_S + NEW_S, NEW_S)
        if failed := _failing(client):
            return f"{failed} failed"
        problem = journal.problem
    aside = paths.events.with_name("events.sqlite.corrupt-1")
    if aside.exists() and aside.stat().st_size < len(data):
        return "what was set aside is not whole"
    if "newer drivewatch" in problem:  # the bytes of the version were damaged
        return ""
    try:
        saved = any(entry.event.onset_s == NEW_S for entry in recent(paths.events))
    except JournalUnreadable as error:
        return f"it saved into a file that cannot be read: {error}"
    return "" if saved else f"the new event is not among the newest: {problem}"


def _failing(client: FlaskClient) -> list[str]:
    """The pages that fail; 503 (events unreadable) and 404 (this event unreadable) are no failure."""
    answers = {path: client.get(path).status_code for path in PAGES}
    return [f"{path}: {code}" for path, code in answers.items() if code not in (200, 404, 503)]
