"""The files of a failed detector in its run folder."""

from __future__ import annotations

from pathlib import Path

from app.telemetry import failure
from config.paths import FAILURE

NOW_S = 500.0


def reason(run: Path) -> str:
    found = failure.last(run / FAILURE)
    assert found is not None
    return found.reason


def names(run: Path) -> list[str]:
    return sorted(path.name for path in run.iterdir())
