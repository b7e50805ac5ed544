"""Events and journals for tests, and SQL on a journal's file."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from app.events import Event, Level, State
from app.journal.entries import recent
from app.journal.journal import Journal

BOOT, NEXT_BOOT = "0b7c1f6e-1", "0b7c1f6e-2"
NOON_S = 1_790_000_000.0  # Unix seconds


def event(
    onset_s: float, end_s: float | None = None, level: Level = Level.CAUTION, kind: State = State.LOOKING_AWAY
) -> Event:
    return Event(kind, level, onset_s, onset_s - 0.5, onset_s + 0.5, end_s)


def record(journal: Journal, *events: Event) -> None:
    """Record events, each two seconds after its onset, on a clock that was right at boot."""
    for each in events:
        journal.record(each, NOON_S + each.onset_s + 2, each.onset_s + 2)


def three_events(path: Path) -> None:
    """Record events at 14:13:20, 14:15 and 14:16:40 UTC, of three levels; the second one is disputed."""
    kinds = (State.LOOKING_AWAY, State.DROWSY, State.EYES_CLOSED)
    with closing(Journal(path, "boot")) as journal:
        for number, kind in enumerate(kinds):
            onset_s = 100.0 * number
            ended = event(onset_s, onset_s + 4, Level(1 + number), kind)
            journal.record(replace(ended, disputed=number == 1), NOON_S + onset_s, onset_s)


def onsets_s(path: Path, limit: int = 10_000) -> list[float]:
    return [entry.event.onset_s for entry in reversed(recent(path, limit))]


def sql(path: Path, statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(statements)


@contextmanager
def files_no_larger_than(size_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
