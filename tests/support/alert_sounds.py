"""All cues of an alert, and the length of a sound."""

from __future__ import annotations

from app.alerts.patterns import Rhythm
from app.events import Cue, Level, State

CUES = [Cue(kind, level) for kind in State for level in Level if level is not Level.NONE]


def length_ms(rhythm: Rhythm) -> int:
    return sum(on_ms + off_ms for on_ms, off_ms in rhythm)
