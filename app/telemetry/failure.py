"""How the detector last failed: one small record in the run folder, which the page and `check` show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.telemetry.codec import parsed, plain
from app.telemetry.run_folder import boot_id, replace_file
from config.own_files import read_file

FAILURE_MAX_BYTES = 16 * 1024  # one has about 300


@dataclass(frozen=True, slots=True)
class Failure:
    """time_s: when, in monotonic seconds. reason: one line with what helps. count: failures since the boot."""

    time_s: float
    boot_id: str
    reason: str
    count: int = 1


def note(path: Path, reason: str, time_s: float) -> bool:
    """Whether the record could be replaced."""
    before = last(path)
    failure = Failure(time_s, boot_id(), " ".join(reason.split()), before.count + 1 if before else 1)
    return replace_file(path, json.dumps(plain(failure), allow_nan=False).encode())


def last(path: Path) -> Failure | None:
    """The newest failure of this boot; None where there was none, or the file is damaged."""
    try:
        failure = parsed(Failure, json.loads(read_file(path, FAILURE_MAX_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return failure if isinstance(failure, Failure) and failure.boot_id == boot_id() else None
