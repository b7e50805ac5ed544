"""What was measured around an event, as the journal keeps it: written by the detector, read by the page.

All figures are whole numbers, as rows above 2 kB would each take a page of the database: a kilobyte for 40 looks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import TypeGuard

from app.events import Level, Limits, Neutral, State
from app.figures import is_figure
from app.telemetry.course import Sample

PARTS = 10, 1, 1, 1, 100, 1000  # of a second, of degrees (yaw, pitch, gaze), of eye_blink and of perclos
SAMPLES_MAX = 100


@dataclass(frozen=True, slots=True)
class EventSignals:
    """road and limits: those of then; None where a bad card took them."""

    samples: tuple[Sample, ...]
    road: Neutral | None = None
    limits: Limits | None = None


def text_of(samples: Sequence[Sample], road: Neutral, limits: Limits) -> str:
    """The text that is kept."""
    states = list(dict.fromkeys(sample.state for sample in samples))
    from_s = samples[0].time_s if samples else 0.0
    beyond = [None if limit is None else round(limit, 3) for limit in astuple(limits)]
    told = {
        "from_s": round(from_s, 1),
        "road": [round(road.yaw_deg, 1), round(road.pitch_deg, 1), *beyond],
        "states": [state.value for state in states],
        "samples": [[*_figures(sample, from_s), states.index(sample.state), int(sample.level)] for sample in samples],
    }
    return json.dumps(told, separators=(",", ":"))


def signals_of(text: str) -> EventSignals:
    """What a kept text tells; what a bad card damaged is left out."""
    try:
        told = json.loads(text)
        from_s, states = told["from_s"], [State(name) for name in told["states"]]
        rows = told["samples"] if is_figure(from_s) else ()
        found = (_sample(row, from_s, states) for row in rows[:SAMPLES_MAX])
        samples = tuple(sample for sample in found if sample is not None)
        return EventSignals(samples, *_frame(told.get("road")))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError):
        return EventSignals(())


def _figures(sample: Sample, from_s: float) -> list[int | None]:
    pose = sample.yaw_deg, sample.pitch_deg, sample.gaze_yaw_deg
    figures = (sample.time_s - from_s, *pose, sample.eye_blink, sample.perclos)
    return [None if one is None else round(one * parts) for one, parts in zip(figures, PARTS, strict=True)]


def _sample(row: object, from_s: float, states: Sequence[State]) -> Sample | None:
    if not isinstance(row, list) or len(row) != len(PARTS) + 2 or not all(map(_is_known_or_not, row)):
        return None
    *figures, state, level = row
    after_s, *measured = (None if one is None else one / parts for one, parts in zip(figures, PARTS, strict=True))
    if after_s is None or state not in range(len(states)) or level not in range(len(Level)):
        return None
    yaw_deg, pitch_deg, gaze_yaw_deg, eye_blink, perclos = measured
    pose = yaw_deg, pitch_deg, gaze_yaw_deg
    return Sample(round(from_s + after_s, 1), *pose, eye_blink, perclos, states[state], Level(level))


def _frame(told: object) -> tuple[Neutral | None, Limits | None]:
    if not isinstance(told, list) or len(told) != 2 + len(fields(Limits)) or not all(map(_is_known_or_not, told)):
        return None, None
    yaw_deg, pitch_deg, *beyond = told
    if yaw_deg is None or pitch_deg is None:
        return None, None
    return Neutral(yaw_deg, pitch_deg, learnt=True), Limits(*beyond)


def _is_known_or_not(value: object) -> TypeGuard[int | float | None]:
    return value is None or is_figure(value)
