"""Look -> what a person at a terminal reads: a line for each change of state, and a live line below them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from app.verdict import Event, Level, State
from app.watch import Look

WORDS = {
    State.ATTENTIVE: "attentive",
    State.LOOKING_AWAY: "looking away from the road",
    State.LOOKING_DOWN: "looking down",
    State.DISTRACTED: "distracted by many short glances",
    State.EYES_CLOSED: "eyes closed",
    State.DROWSY: "drowsy",
    State.YAWNING: "yawning again and again",
    State.PHONE: "phone at the ear",
    State.NO_FACE: "no face",
    State.CAMERA_BLOCKED: "camera blocked",
    State.NO_CAMERA: "no camera",
}
COLOURS = {Level.NONE: "32", Level.CAUTION: "33", Level.WARNING: "33;1", Level.ALARM: "31;1"}  # ANSI
ERASE_LINE = "\r\x1b[K"


class Console:
    """Prints looks; the live line and colours only where `out` is a terminal."""

    def __init__(self, uptime_s: Callable[[float], float], out: TextIO = sys.stdout) -> None:
        self._out, self._uptime_s = out, uptime_s
        self._is_terminal = out.isatty()
        self._shown: tuple[State, Level] | None = None

    def show(self, look: Look, now_s: float) -> None:
        """Print what is new in a look."""
        verdict = look.verdict
        clock = _clock(self._uptime_s(now_s))
        if (verdict.state, verdict.level) != self._shown and self._is_news(look):
            self._shown = verdict.state, verdict.level
            sound = f"  (beep: {verdict.cue.kind.value} {verdict.cue.level.name.lower()})" if verdict.cue else ""
            level = f", {verdict.level.name.lower()}" if verdict.level else ""
            self._line(f"{clock}  {WORDS[verdict.state]}{level}{sound}", verdict.level)
        for event in verdict.events:
            if event.end_s is not None:
                self._line(f"{clock}    ended: {described(event)}", Level.NONE)
        if self._is_terminal:
            self._out.write(f"{ERASE_LINE}{clock}  {live_line(look)}")
        self._out.flush()

    def _is_news(self, look: Look) -> bool:
        """A level that only decays after attention is back is not."""
        if self._shown is None or look.verdict.state is not self._shown[0]:
            return True
        return look.verdict.level > self._shown[1] or look.verdict.level is Level.NONE

    def close(self) -> None:
        """Leave the cursor below the live line."""
        if self._is_terminal:
            self._out.write("\n")

    def _line(self, text: str, level: Level) -> None:
        if self._is_terminal:
            text = f"{ERASE_LINE}\x1b[{COLOURS[level]}m{text}\x1b[0m"
        self._out.write(f"{text}\n")


def described(event: Event) -> str:
    """An ended event in words."""
    lasted_s = (event.end_s or event.onset_s) - event.onset_s
    return f"{WORDS[event.kind]} for {lasted_s:.1f} s ({event.level.name.lower()})"


def live_line(look: Look) -> str:
    """The newest figures, short enough for 80 columns."""
    verdict, seen = look.verdict, look.signals
    if seen is None:
        return f"{WORDS[verdict.state]} · sight {look.sight.value}"
    figures = [
        f"yaw {_number(seen.yaw_deg, '+.0f')}°",
        f"pitch {_number(seen.pitch_deg, '+.0f')}°",
        f"EAR {_number(seen.ear, '.2f')}",
        f"MAR {_number(seen.mar, '.2f')}",
        f"PERCLOS {_number(verdict.perclos, '.0%')}",
    ]
    return f"{WORDS[verdict.state]} · {' · '.join(figures)}"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _clock(time_s: float) -> str:
    seconds = int(time_s)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
