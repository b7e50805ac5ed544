"""Updates of the events' schema, as after a refresh, on cards with little or no room.

The card is a real ext4 of 6 MB. In half of the tries the check for enough room is off, so that the card is full in the
middle of the copy or of the update. Then room is made, and every event must be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app.events import Event, Level, State
from app.journal import journal_copies
from app.journal.entries import recent
from app.journal.journal import RETRY_S, Journal
from tests.faults.cards import Card, why_not
from tests.faults.scratch import on_disk
from tests.faults.tally import Count, Row
from tests.faults.writers import updated

EVENTS = 600
ROOM_KIB = range(0, 1000, 40)  # the copy needs 120, the update about 400
NEW_S = 10_000.0
FULL, DEAD = "make room", "change the SD card"
NAMES = ("card with little room", "card with little room, found in the middle", "card that turned read-only")


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each kind of card; there is no longer form."""
    faults = [f"events brought to a newer schema on a {name}" for name in NAMES]
    if reason := why_not():
        yield from (Row(fault, not_tried=reason) for fault in faults)
        return
    counts = [Count(fault) for fault in faults]
    with on_disk() as place:
        card, written = Card(Path(place)), _written(Path(place, "events.sqlite"))
        card.insert()
        try:
            for room_kib in ROOM_KIB:
                counts[0].add(_with_room(card, written, room_kib))
                files, journal_copies.UPDATE_FILES = journal_copies.UPDATE_FILES, -1_000_000
                counts[1].add(_with_room(card, written, room_kib))
                journal_copies.UPDATE_FILES = files
            counts[2].add(_read_only(card, written))
        finally:
            card.pull()
    yield from (count.row for count in counts)


def _written(path: Path) -> bytes:
    with closing(Journal(path, "earlier")) as journal:
        for number in range(EVENTS):
            _record(journal, float(number))
    return path.read_bytes()


def _lay_out(card: Card, written: bytes) -> None:
    for left in card.paths.events.parent.glob("events.sqlite*"):
        left.unlink()
    card.paths.events.write_bytes(written)


def _record(journal: Journal, at_s: float) -> None:
    journal.record(Event(State.PHONE, Level.WARNING, at_s, at_s, at_s, at_s + 0.5, "x" * 100), 1.8e9 + at_s, at_s)


def _with_room(card: Card, written: bytes, room_kib: int) -> str:
    """What is wrong, "" if nothing is."""
    _lay_out(card, written)
    spare = card.mounted / "spare"
    spare.write_bytes(bytes(1024 * room_kib))
    card.settle()
    card.fill()
    spare.unlink()
    card.settle()
    with updated(1), closing(Journal(card.paths.events, "now")) as journal:
        problem = journal.problem
        if problem and FULL not in problem:
            return f"{room_kib} KiB free: it does not say {FULL!r}: {problem}"
        _record(journal, NEW_S)
        card.make_room()
        journal.retry(NEW_S + RETRY_S)
        return _lost(card, journal) and f"{room_kib} KiB free: {_lost(card, journal)}"


def _read_only(card: Card, written: bytes) -> str:
    _lay_out(card, written)
    card.settle()
    card.die()
    with updated(1), closing(Journal(card.paths.events, "now")) as journal:
        if DEAD not in journal.problem:
            return f"it does not say {DEAD!r}: {journal.problem}"
        _record(journal, NEW_S)
        card.exchange()
        journal.retry(NEW_S + RETRY_S)
        return _lost(card, journal)


def _lost(card: Card, journal: Journal) -> str:
    if journal.problem:
        return f"it does not go on: {journal.problem}"
    found = {entry.event.onset_s for entry in recent(card.paths.events, 2 * EVENTS)}
    lost = {*map(float, range(EVENTS)), NEW_S} - found
    return f"{len(lost)} events are gone" if lost else ""
