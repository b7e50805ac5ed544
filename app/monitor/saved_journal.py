"""The journal in a thread of its own: the loop tells it and does not wait."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.events import ClockQuality, Event, State
from app.journal.journal import Journal
from app.journal.trip import Trip
from app.monitor.saving import SavingThread

DISK_REMEDY = "sudo dmesg"


class SavedJournal:
    """As a Journal to the loop, which it never keeps waiting: even opening a large file takes seconds."""

    def __init__(self, path: Path, boot_id: str, thread: SavingThread) -> None:
        self._path, self._thread = path, thread
        self._journal: Journal | None = None
        thread.save("opening the events", partial(self._open, boot_id))

    @property
    def problem(self) -> str:
        """As of a Journal; also while the disk does not answer."""
        hung, lost = self._thread.hung_in, self._thread.lost
        if hung:
            missed = f" ({lost} reports are lost)" if lost else ""
            return f"{self._path.parent} does not answer, {hung}{missed}: `{DISK_REMEDY}` shows why"
        return self._journal.problem if self._journal else ""

    @property
    def remedy(self) -> str:
        """As of a Journal."""
        if self._thread.hung_in:
            return DISK_REMEDY
        return self._journal.remedy if self._journal else ""

    def record(self, event: Event, wall_s: float, now_s: float, clock: ClockQuality = ClockQuality.GUESS) -> None:
        """As of a Journal."""
        self._do("recording events", lambda journal: journal.record(event, wall_s, now_s, clock))

    def save_trip(self, trip: Trip, wall_s: float, now_s: float, clock: ClockQuality) -> None:
        """As of a Journal."""
        self._do("recording a trip", lambda journal: journal.save_trip(trip, wall_s, now_s, clock))

    def save_signals(self, kind: State, onset_s: float, signals: str, now_s: float) -> None:
        """As of a Journal."""
        self._do("keeping signals", lambda journal: journal.save_signals(kind, onset_s, signals, now_s))

    def retry(self, now_s: float) -> None:
        """As of a Journal."""
        self._do("recording events again", lambda journal: journal.retry(now_s), is_newest=True)

    def delete_all(self) -> None:
        """As of a Journal; what still waits to be saved comes before it, and is deleted too."""
        self._do("deleting events", Journal.delete_all)

    def mark_good(self) -> None:
        """As of a Journal."""
        self._do("removing copies", Journal.mark_good)

    def close(self) -> None:
        """As of a Journal; the end of the thread waits for it."""
        self._do("closing the events", Journal.close)

    def _do(self, what: str, work: Callable[[Journal], None], *, is_newest: bool = False) -> None:
        def saved() -> None:
            if self._journal is not None:
                work(self._journal)

        self._thread.save(what, saved, is_newest=is_newest)

    def _open(self, boot_id: str) -> None:
        self._journal = Journal(self._path, boot_id)
