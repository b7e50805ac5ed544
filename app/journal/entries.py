"""What is recorded, as the page and the commands read it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from app.events import ClockQuality, Event, Level, State
from app.journal.journal_file import explained, open_to_read

ID_MAX = 2**62
DETAIL_MAX = 200  # characters
READ_MAX = 4000  # of a file with a million rows, which another program wrote; twice what a journal keeps
TIME_MAX_S = 6e10  # the year 3871, and -6e10 the year 68: a time beyond is a damaged one, and datetime shows no other

_EVENTS = """
SELECT id, boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, end_s, detail, wall_s, interrupted,
    disputed, clock
FROM events
"""
_NEWEST = f"{_EVENTS} WHERE id < ? ORDER BY id DESC LIMIT ?"
_ONE = f"{_EVENTS} WHERE id = ?"
_BETWEEN = f"{_EVENTS} WHERE boot_id = ? AND onset_s BETWEEN ? AND ? ORDER BY onset_s LIMIT ?"
_COUNTS = "SELECT kind, level, count(*), sum(disputed != 0) FROM events GROUP BY kind, level"


class JournalUnreadable(OSError):
    """The events cannot be read; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded event at the highest level it reached; wall_s is its onset in Unix seconds, for display only."""

    id: int
    boot_id: str
    event: Event
    wall_s: float
    interrupted: bool
    """The daemon ended before the event did."""
    clock: ClockQuality = ClockQuality.GUESS

    @property
    def duration_s(self) -> float | None:
        """Seconds from onset to end; None while it lasts, or when nobody saw its end."""
        return None if self.event.end_s is None else self.event.end_s - self.event.onset_s


def recent(path: Path, limit: int = 50, before_id: int | None = None) -> tuple[Entry, ...]:
    """The newest events, newest first; with `before_id` those before that one. No file yet means no events.

    Raises: JournalUnreadable.
    """
    return tuple(islice(newest(path, before_id), max(0, limit)))


def newest(path: Path, before_id: int | None = None) -> Iterator[Entry]:
    """All of them, as `recent` gives them, but each is read only when it is asked for."""
    yield from filter(None, newest_or_damaged(path, before_id))


def newest_or_damaged(path: Path, before_id: int | None = None) -> Iterator[Entry | None]:
    """The same, with a None for each that cannot be shown."""
    return map(_entry, rows(path, _NEWEST, (as_id(before_id), READ_MAX)))


def one(path: Path, event_id: int) -> Entry | None:
    """An event; None where it is not kept, or damaged. Raises: JournalUnreadable."""
    return next(map(_entry, rows(path, _ONE, (as_id(event_id),))), None)


def between(path: Path, boot_id: str, from_s: float, to_s: float) -> list[Entry]:
    """The events of a boot that began between two of its times, oldest first. Raises: JournalUnreadable."""
    return [*filter(None, map(_entry, rows(path, _BETWEEN, (boot_id, from_s, to_s, READ_MAX))))]


def signals_text(path: Path, event_id: int) -> str:
    """What was measured around an event, as it was written; "" where nothing is kept. Raises: JournalUnreadable."""
    found = next(rows(path, "SELECT signals FROM events WHERE id = ?", (as_id(event_id),)), None)
    return str(found["signals"]) if found else ""


def counts(path: Path) -> list[tuple[State, Level, int, int]]:
    """How many events of each kind and level are kept, and how many of them the driver disputed.

    Raises: JournalUnreadable.
    """
    found = []
    for kind, level, count, disputed in rows(path, _COUNTS, ()):
        with suppress(ValueError):  # of another version, or of a bad card
            found.append((State(kind), Level(level), int(count), int(disputed)))
    return found


def rows(path: Path, question: str, values: tuple[object, ...]) -> Iterator[sqlite3.Row]:
    """What the file answers, one row at a time; none without a file. Raises: JournalUnreadable."""
    try:
        if not path.exists():
            return
        with closing(open_to_read(path)) as db:
            db.row_factory = sqlite3.Row
            db.text_factory = partial(str, encoding="utf-8", errors="replace")  # one bad byte hides no other row
            yield from db.execute(question, values)
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        raise JournalUnreadable(f"events cannot be read: {explained(path, error)}") from error


def _entry(row: sqlite3.Row) -> Entry | None:
    """None for a kind or level that only another version of drivewatch knows, and for what a bad card made of one."""
    onset = (row["onset_s"], row["onset_earliest_s"], row["onset_latest_s"])
    end_s, detail, wall_s = row["end_s"], row["detail"], row["wall_s"]
    try:
        kind, level, clock = State(row["kind"]), Level(row["level"]), ClockQuality(row["clock"])
    except ValueError:
        return None
    if not all(map(is_time, (*onset, wall_s, 0.0 if end_s is None else end_s))) or not isinstance(detail, str):
        return None
    event = Event(kind, level, *onset, end_s, detail[:DETAIL_MAX], bool(row["disputed"]))
    return Entry(row["id"], str(row["boot_id"]), event, wall_s, bool(row["interrupted"]), clock)


def as_id(asked: int | None) -> int:
    """An id that SQLite takes; None stands for one above all."""
    return ID_MAX if asked is None else max(0, min(asked, ID_MAX))


def is_time(value: object) -> bool:
    """Whether a value of the file is a time that can be shown."""
    return isinstance(value, int | float) and abs(value) < TIME_MAX_S
