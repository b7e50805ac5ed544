"""course.json: what the looks of the last two minutes measured, for the page's strips; a part is kept with an event."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

from app.events import Level, State
from app.figures import is_figure
from app.telemetry.run_folder import boot_id, replace_file
from config.own_files import read_file

COURSE_S = 120.0
SAMPLE_EVERY_S = 0.9  # once a second, also for frames that come a little early
SAMPLES_MAX = int(COURSE_S / SAMPLE_EVERY_S)
COURSE_MAX_BYTES = 32 * 1024  # 133 samples take 8 KiB
DIGITS = 1, 1, 1, 1, 2, 3  # of time, yaw, pitch, gaze, eye_blink and perclos


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. Angles in degrees, relative to the camera, as `Signals` has them; None where not measured."""

    time_s: float
    yaw_deg: float | None
    pitch_deg: float | None
    gaze_yaw_deg: float | None
    eye_blink: float | None
    perclos: float | None
    state: State
    level: Level


class Course:
    """The newest samples, each kept as its text: a second's writing joins them."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, str]] = deque(maxlen=SAMPLES_MAX)

    def add(self, sample: Sample) -> None:
        """Keep it, unless the one before is too near."""
        newest_s = self._rows[-1][0] if self._rows else -inf
        if sample.time_s - newest_s >= SAMPLE_EVERY_S:
            self._rows.append((sample.time_s, _text(sample)))

    def text(self) -> str:
        """The samples as JSON that `samples_of` reads: 55 bytes each."""
        return f"[{','.join(text for _, text in self._rows)}]"

    def samples(self, from_s: float = -inf, to_s: float = inf) -> tuple[Sample, ...]:
        """Those between two times."""
        rows = (json.loads(text) for time_s, text in self._rows if from_s <= time_s <= to_s)
        return samples_of([*rows])


def write(path: Path, samples: str) -> bool:
    """Whether the file could be replaced with these samples, a text of `Course`."""
    return replace_file(path, f'{{"boot_id":{json.dumps(boot_id())},"samples":{samples}}}'.encode())


def read(path: Path) -> tuple[Sample, ...]:
    """The samples of this boot, oldest first; none where the file is missing, damaged or of another boot."""
    try:
        document = json.loads(read_file(path, COURSE_MAX_BYTES))
        rows = document["samples"] if document["boot_id"] == boot_id() else ()
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ()
    return samples_of(rows)


def _text(sample: Sample) -> str:
    values = (
        *(sample.time_s, sample.yaw_deg, sample.pitch_deg),
        *(sample.gaze_yaw_deg, sample.eye_blink, sample.perclos),
    )
    figures = [
        "null" if value is None or not isfinite(value) else f"{value:.{digits}f}"
        for value, digits in zip(values, DIGITS, strict=True)
    ]
    return f'[{",".join(figures)},"{sample.state.value}",{int(sample.level)}]'


def samples_of(rows: object) -> tuple[Sample, ...]:
    """The samples of the rows of a text of `Course`; those that a bad card damaged are left out."""
    found = map(_sample, rows[-SAMPLES_MAX:] if isinstance(rows, list) else ())
    return tuple(sample for sample in found if sample is not None)


def _sample(row: object) -> Sample | None:
    try:
        if not isinstance(row, list):
            return None
        time_s, *figures, state, level = row
        yaw_deg, pitch_deg, gaze_yaw_deg, eye_blink, perclos = map(_measured, figures)
        measured = yaw_deg, pitch_deg, gaze_yaw_deg, eye_blink, perclos
        return Sample(_number(time_s), *measured, State(state), Level(level))
    except (TypeError, ValueError):
        return None


def _number(value: object) -> float:
    if not is_figure(value):
        raise ValueError(value)
    return float(value)


def _measured(value: object) -> float | None:
    return None if value is None else _number(value)
