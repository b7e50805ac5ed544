"""Events and trips in SQLite, bounded by count and age: written by the daemon alone, read by the page."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from contextlib import suppress
from math import inf, isfinite
from pathlib import Path

from app.events import ClockQuality, Event, State
from app.journal import deletion, retention
from app.journal.entries import DETAIL_MAX
from app.journal.journal_copies import all_beside, all_damaged, beside, copy_of, remove, remove_copies
from app.journal.journal_file import (
    Trouble,
    explained,
    inode_of,
    merge_all,
    open_file,
    set_aside,
    trouble_with,
)
from app.journal.journal_schema import SAVE_SIGNALS, UPSERT, UPSERT_TRIP, UnusableSchema, is_damage, said
from app.journal.trip import Trip, summary_of

log = logging.getLogger(__name__)

KEEP_EVENTS = 2000  # 0.5 MB
KEEP_TRIPS = 1000  # 1 MB, at most 2
KEEP_SIGNALS = 500  # events with what was measured around them; 0.5 MB, at most 2
SIGNALS_MAX = 2500  # characters; 40 looks take 1,000
SIGNALS_LATE_S = 60.0  # a trip that lasts is saved meanwhile, and the signals with it: they cost no commit
TRIPS_WAITING = SIGNALS_WAITING = 20
KEEP_DAYS, DAY_S = 90.0, 86400.0
BACKLOG = 300  # reports; an event that begins, rises and ends makes three
RETRY_S = 30.0
CHECK_S = 3600.0  # a card that goes bad is noticed with the next save after so long
CLOCK_STEADY_S = 600.0  # a clock that was set more recently deletes nothing
DAMAGED_FILES = 2  # at most so many are set aside at once: the file, and the copy that took its place

_INTERRUPT = "UPDATE events SET interrupted = 1 WHERE end_s IS NULL AND interrupted = 0"
_INTERRUPT_TRIP = "UPDATE trips SET ended = 'interrupted' WHERE ended = ''"


class Journal:
    """Records events and trips, from one thread at a time. It never raises: what cannot be saved waits.

    `problem` says why it waits.
    """

    def __init__(self, path: Path, boot_id: str, *, keep_events: int = KEEP_EVENTS) -> None:
        self._path = path
        self._boot_id = boot_id
        self._keep_events = max(1, keep_events)
        self._db: sqlite3.Connection | None = None
        self._file = path  # where events are recorded: `path`, or beside it while this release cannot use that
        self._inodes: tuple[int | None, ...] = ()
        self._began = False
        self._is_to_empty = deletion.is_asked(path)
        self._waiting: deque[Event] = deque(maxlen=BACKLOG)
        self._trips: dict[float, Trip] = {}  # what waits, by its start
        self._signals: dict[tuple[State, float], str] = {}
        self._signals_due_s = inf
        self._lost = 0
        self._failure = self._beside = Trouble()
        self._damage = ""
        self._retry_at_s = self._now_s = self._steady_since_s = self._checked_s = -inf
        self._offset_s, self._clock = inf, ClockQuality.GUESS  # wall clock minus monotonic, as last seen
        self._try_to_save()

    @property
    def problem(self) -> str:
        """For a mechanic: what is wrong, where, what helps; empty while all is well."""
        if not self._failure.text:
            return "; ".join(filter(None, (self._beside.text, self._damage)))
        return f"{self._failure.text} ({len(self._waiting)} reports wait in memory, {self._lost} are lost)"

    @property
    def remedy(self) -> str:
        """The command that helps, where there is one."""
        return (self._failure if self._failure.text else self._beside).remedy

    def record(self, event: Event, wall_s: float, now_s: float, clock: ClockQuality = ClockQuality.GUESS) -> None:
        """Save what became of an event that began, rose or ended.

        wall_s and now_s are both clocks at this moment; clock: who vouches for wall_s.
        """
        times_s = (event.onset_s, event.onset_earliest_s, event.onset_latest_s, event.end_s or 0.0, wall_s, now_s)
        if not all(map(isfinite, times_s)):
            log.warning("not recorded, as its times are no numbers: %s at %s", event, wall_s)
            return
        self._follow_clock(wall_s - now_s, now_s, clock)
        self._lost += len(self._waiting) == BACKLOG
        self._waiting.append(event)
        self.retry(now_s)

    def save_trip(self, trip: Trip, wall_s: float, now_s: float, clock: ClockQuality) -> None:
        """Save what a trip has become; as `record`."""
        if not all(map(isfinite, (trip.start_s, trip.end_s, wall_s, now_s))):
            log.warning("a trip is not recorded, as its times are no numbers: %s to %s", trip.start_s, trip.end_s)
            return
        self._follow_clock(wall_s - now_s, now_s, clock)
        self._trips[trip.start_s] = trip
        if len(self._trips) > TRIPS_WAITING:
            del self._trips[min(self._trips)]
        self.retry(now_s)

    def save_signals(self, kind: State, onset_s: float, signals: str, now_s: float) -> None:
        """Save what was measured around an event with whatever is saved next; without the event nothing is kept."""
        if len(signals) > SIGNALS_MAX:
            log.warning("the signals of an event are not kept, as they take %d characters", len(signals))
            return
        self._signals[kind, onset_s] = signals
        if len(self._signals) > SIGNALS_WAITING:
            del self._signals[next(iter(self._signals))]
        self._signals_due_s = min(self._signals_due_s, now_s + SIGNALS_LATE_S)
        self.retry(now_s)

    def retry(self, now_s: float) -> None:
        """Save what waits, when it is time to. For each turn of the loop: it costs nothing while nothing waits."""
        self._now_s = now_s
        is_due = self._waiting or self._trips or self._is_to_empty or now_s >= self._signals_due_s
        if (is_due or self._db is None) and now_s >= self._retry_at_s:
            self._retry_at_s = -inf if self._try_to_save() else now_s + RETRY_S

    def delete_all(self) -> None:
        """Delete all events and trips, those that wait included; where that fails, the next save tries again."""
        self._forget_waiting()
        self._is_to_empty = True
        self._try_to_save()

    def mark_good(self) -> None:
        """Remove the copy from before the last update of the file: this release runs well with what it made of it."""
        if self._db is None or self._file != self._path:
            return
        try:
            remove_copies(self._path)
        except OSError as error:
            log.warning("a copy is not removed: %s", explained(copy_of(self._path), error))

    def close(self) -> None:
        """Save what waits and close the file; may be called twice."""
        if self._waiting or self._trips or self._signals:
            self._try_to_save()
        self._disconnect()

    def _forget_waiting(self) -> None:
        self._waiting.clear()
        self._trips.clear()
        self._signals.clear()
        self._signals_due_s = inf

    def _follow_clock(self, offset_s: float, now_s: float, clock: ClockQuality) -> None:
        if abs(offset_s - self._offset_s) > retention.CLOCK_STEP_S:
            self._steady_since_s = now_s
        self._offset_s, self._clock = offset_s, clock

    def _try_to_save(self) -> bool:
        failure = Trouble()
        try:
            self._save_or_start_new_file()
        except (OSError, sqlite3.Error, MemoryError) as error:
            self._disconnect()
            text, remedy = trouble_with(self._file, error)
            failure = Trouble(f"events cannot be saved: {text}", remedy)
        if failure != self._failure:
            log.log(logging.WARNING if failure.text else logging.INFO, "%s", failure.text or "events are saved again")
        self._failure = failure
        return not failure.text

    def _save_or_start_new_file(self) -> None:
        for _ in range(DAMAGED_FILES):
            try:
                self._save()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not is_damage(error):
                    raise
                self._disconnect()
                self._set_aside(error)
            else:
                return
        self._save()

    def _set_aside(self, error: Exception) -> None:
        aside = set_aside(self._file)
        is_copied = self._file == self._path and copy_of(self._path).exists()
        instead = "the copy from before the last update is used" if is_copied else "new ones in a new file"
        self._damage = (
            f"{self._file} was damaged ({said(error)}): its events are in {aside.name}, {instead}"
            "; change the SD card if it happens again"
        )
        log.warning("%s", self._damage)

    def _save(self) -> None:
        """Bring the file up to date, in one transaction."""
        with self._connected() as db:
            if not self._began:  # a power cut left them open
                db.execute(_INTERRUPT)
                db.execute(_INTERRUPT_TRIP)
            if self._is_to_empty:
                retention.delete_all(db)
                self._delete_other_files()
            if self._waiting or self._trips or self._signals:
                db.executemany(UPSERT, map(self._row, self._waiting))
                db.executemany(UPSERT_TRIP, map(self._trip_row, self._trips.values()))
                db.executemany(SAVE_SIGNALS, self._signal_rows())
                retention.restamp(db, self._boot_id, self._offset_s, self._clock)
                self._forget_old(db)
        self._began = True
        self._forget_waiting()
        self._lost = 0
        if self._is_to_empty:
            self._is_to_empty, self._damage = False, ""
            deletion.done(self._path)

    def _forget_old(self, db: sqlite3.Connection) -> None:
        retention.keep_newest(db, "events", self._keep_events)
        retention.keep_newest(db, "trips", KEEP_TRIPS)
        if self._signals:
            retention.keep_signals(db, KEEP_SIGNALS)
        is_steady = self._now_s - self._steady_since_s >= CLOCK_STEADY_S
        if is_steady and self._clock is not ClockQuality.GUESS:
            retention.keep_since(db, self._now_s + self._offset_s - KEEP_DAYS * DAY_S)

    def _row(self, event: Event) -> tuple[str | float | None, ...]:
        onset = (event.onset_s, event.onset_earliest_s, event.onset_latest_s)
        detail = event.detail[:DETAIL_MAX].encode(errors="replace").decode()
        stamp = (event.onset_s + self._offset_s, self._clock.value)
        about = (self._boot_id, event.kind.value, int(event.level))
        return (*about, *onset, event.end_s, detail, *stamp, int(event.disputed))

    def _trip_row(self, trip: Trip) -> tuple[str | float, ...]:
        stamp = (trip.start_s + self._offset_s, self._clock.value)
        return (self._boot_id, trip.start_s, trip.end_s, trip.ended.value, *stamp, summary_of(trip))

    def _signal_rows(self) -> list[tuple[str, str, str, float]]:
        rows = self._signals.items()
        return [(signals, self._boot_id, kind.value, onset_s) for (kind, onset_s), signals in rows]

    def _connected(self) -> sqlite3.Connection:
        is_another = self._inodes != self._inodes_now()  # somebody deleted or replaced the history
        if is_another or self._now_s - self._checked_s >= CHECK_S:
            self._disconnect()
        if self._db is None:
            self._db = self._opened()
            self._inodes, self._checked_s = self._inodes_now(), self._now_s
        return self._db

    def _inodes_now(self) -> tuple[int | None, ...]:
        return inode_of(self._path), inode_of(self._file)

    def _opened(self) -> sqlite3.Connection:
        """A connection to the file, or to one beside it where this release cannot use it and leaves it as it is."""
        self._file, problem = self._path, Trouble()
        try:
            db = open_file(self._path, keeps_copy=True)
            merge_all(db, self._path)
        except UnusableSchema as error:
            self._file = beside(self._path)
            text, remedy = trouble_with(self._path, error)
            problem = Trouble(f"new events are in {self._file.name}: {text}", remedy)
            db = open_file(self._file)
        if problem != self._beside:
            level = logging.WARNING if problem.text else logging.INFO
            log.log(level, "%s", problem.text or f"new events are in {self._path}")
        self._beside = problem
        return db

    def _delete_other_files(self) -> None:
        """Delete what copies, damaged files and files beside hold; a newer release's file stays as it is."""
        remove_copies(self._path)
        for file in {*all_beside(self._path).values(), *all_damaged(self._path)} - {self._file}:
            remove(file)

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()


def delete_if_asked(path: Path, boot_id: str) -> None:
    """Delete all events if that was asked for, where nobody records any."""
    if deletion.is_asked(path):
        Journal(path, boot_id).close()
