"""What was measured around an event, as the journal keeps it: written by the detector, read by the page."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, fields
from math import isfinite

from app.events import Limits, Neutral
from app.telemetry.course import Sample, samples_of


@dataclass(frozen=True, slots=True)
class EventSignals:
    """road and limits: those of then; None where a bad card took them."""

    samples: tuple[Sample, ...]
    road: Neutral | None = None
    limits: Limits | None = None


def text_of(samples: str, road: Neutral, limits: Limits) -> str:
    """The text that is kept. samples: a text of `Course`."""
    beyond = [None if limit is None else round(limit, 3) for limit in astuple(limits)]
    told = json.dumps([round(road.yaw_deg, 1), round(road.pitch_deg, 1), *beyond], separators=(",", ":"))
    return f'{{"road":{told},"samples":{samples}}}'


def signals_of(text: str) -> EventSignals:
    """What a kept text tells; what a bad card damaged is left out."""
    try:
        told = json.loads(text)
        rows, frame = told["samples"], told["road"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return EventSignals(())
    samples = samples_of(rows)
    if not isinstance(frame, list) or len(frame) != 2 + len(fields(Limits)) or not all(map(_is_limit, frame)):
        return EventSignals(samples)
    yaw_deg, pitch_deg, *beyond = frame
    if yaw_deg is None or pitch_deg is None:
        return EventSignals(samples)
    return EventSignals(samples, Neutral(yaw_deg, pitch_deg, learnt=True), Limits(*beyond))


def _is_limit(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and isfinite(value))
