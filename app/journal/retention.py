"""What is forgotten, and which wall time a row gets: statements for events and trips alike."""

from __future__ import annotations

import sqlite3
from typing import Final

from app.events import ClockQuality

TABLES: Final = (("events", "onset_s"), ("trips", "start_s"))
CLOCK_STEP_S = 2.0  # more than slewing moves a clock between two events

# Monotonic time is right within a boot, so the newest offset holds for all of it; but a guess corrects guesses alone
_RESTAMP = """
UPDATE {table} SET wall_s = {time_s} + :offset_s, clock = :clock
WHERE boot_id = :boot_id AND boot_id != '' AND (clock = 'guess' OR :clock != 'guess')
    AND (abs(wall_s - {time_s} - :offset_s) > :step_s OR (clock = 'guess' AND :clock != 'guess'))
"""
_KEEP_NEWEST = "DELETE FROM {table} WHERE id <= (SELECT id FROM {table} ORDER BY id DESC LIMIT 1 OFFSET ?)"
_KEEP_SIGNALS = """
UPDATE events SET signals = '' WHERE signals != ''
    AND id <= (SELECT id FROM events WHERE signals != '' ORDER BY id DESC LIMIT 1 OFFSET ?)
"""
# The ids follow boots and monotonic time, so what stands before an old row is older, whatever its own clock said; and
# nothing goes that stands behind a row which is known to be young
_KEEP_SINCE = """
DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table} WHERE clock != 'guess' AND wall_s < :since_s)
    AND id < coalesce((SELECT min(id) FROM {table} WHERE clock != 'guess' AND wall_s >= :since_s), 9e18)
"""


def restamp(db: sqlite3.Connection, boot_id: str, offset_s: float, clock: ClockQuality) -> None:
    """Give the rows of this boot the wall time that its clock says now. Raises: sqlite3.Error."""
    values = {"boot_id": boot_id, "offset_s": offset_s, "clock": clock.value, "step_s": CLOCK_STEP_S}
    for table, time_s in TABLES:
        db.execute(_RESTAMP.format(table=table, time_s=time_s), values)


def keep_newest(db: sqlite3.Connection, table: str, count: int) -> None:
    """Forget all but so many. Raises: sqlite3.Error."""
    db.execute(_KEEP_NEWEST.format(table=table), (count,))


def keep_signals(db: sqlite3.Connection, count: int) -> None:
    """Forget the signals of all events but so many of those that have some. Raises: sqlite3.Error."""
    db.execute(_KEEP_SIGNALS, (count,))


def keep_since(db: sqlite3.Connection, since_s: float) -> None:
    """Forget what is known to be from before that Unix time. Raises: sqlite3.Error."""
    for table, _ in TABLES:
        db.execute(_KEEP_SINCE.format(table=table), {"since_s": since_s})


def delete_all(db: sqlite3.Connection) -> None:
    """Forget everything. Raises: sqlite3.Error."""
    for table, _ in TABLES:
        db.execute(f"DELETE FROM {table}")  # noqa: S608  of constants alone
