"""Write events as a release of drivewatch does, to be read by later ones: run it in that release's own sources.

    mkdir /tmp/release && git archive f4e896f | tar -x -C /tmp/release
    cd /tmp/release && PYTHONPATH=. python .../tests/journal/releases/write_events.py .../tests/journal/releases/0.2.0

No tag names 0.2.0. f4e896f is the commit whose snap, drivewatch_0.2.0_amd64.snap, was tried in the virtual machine. The
process ends as if the power was cut, so events.sqlite has its log beside it, which is how a car leaves it. The shared
index (-shm) is not kept, as SQLite makes it from the log.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.verdict import Event, Level, State  # type: ignore[import-not-found]

from app.journal import Journal  # type: ignore[attr-defined]

EVENTS = {"drive-1": 20, "drive-2": 4}
WALL_S = 1_790_000_000.0  # Unix seconds at the start of the boot


def main(folder: Path) -> None:
    """Two drives; the first is closed, the second is cut off while its last event lasts."""
    for boot, count in EVENTS.items():
        journal = Journal(folder / "events.sqlite", boot)
        for number in range(count):
            at_s = 60.0 * number
            kind, level = list(State)[1 + number % 11], Level(1 + number % 3)
            end_s = None if (boot, number) == ("drive-2", count - 1) else at_s + 4.5
            journal.record(Event(kind, level, at_s, at_s - 0.5, at_s + 0.5, end_s, "d\u00e9tail"), WALL_S + at_s, at_s)
        if boot == "drive-1":
            journal.close()
    (folder / "events.sqlite-shm").unlink()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
