"""Observation -> what a person at a terminal reads: a line for each change of state, and a live line below them."""

from __future__ import annotations

from collections.abc import Iterator

from app.commands.outlet import Out
from app.commands.terminal import ERASE_LINE
from app.events import WORDS, Event, Level, State, Verdict
from app.observer import Observation

# ANSI
PLAIN, GREEN = "0", "32"
COLOURS = {Level.NONE: PLAIN, Level.CAUTION: "33", Level.WARNING: "33;1", Level.ALARM: "31;1"}


class Console:
    """Prints looks; live line and colours only where `out` is a terminal. Failing to print never stops the detector."""

    def __init__(self, started_s: float, out: Out) -> None:
        self._started_s, self._out = started_s, out
        self._is_terminal = out.isatty()
        self._shown: tuple[State, Level] | None = None

    def show(self, look: Observation, now_s: float) -> None:
        """Print what is new in a look."""
        clock = _clock(now_s - self._started_s)
        text = "".join(self._line(f"{clock}  {news}", colour) for news, colour in self._news(look.verdict))
        if self._is_terminal:
            import shutil  # 0.4 MB with three compressors, which a service without a terminal saves

            columns = shutil.get_terminal_size().columns
            text += ERASE_LINE + f"{clock}  {live_line(look)}"[: columns - 1]
        self._print(text)

    def close(self) -> None:
        """Leave the cursor below the live line."""
        if self._is_terminal:
            self._print("\n")

    def _news(self, verdict: Verdict) -> Iterator[tuple[str, str]]:
        """Lines and their colours: events that ended; another state, or the same more urgently, not less so."""
        for event in verdict.events:
            if event.end_s is not None:
                yield f"  ended: {described(event)}", PLAIN
        before, self._shown = self._shown, (verdict.state, verdict.level)
        if before is None or verdict.state is not before[0] or verdict.level > before[1]:
            yield _headline(verdict), GREEN if verdict.state is State.ATTENTIVE else COLOURS[verdict.level]

    def _line(self, text: str, colour: str) -> str:
        return f"{ERASE_LINE}\x1b[{colour}m{text}\x1b[0m\n" if self._is_terminal else f"{text}\n"

    def _print(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:  # the terminal or the pipe was closed
            self._is_terminal = False


def _headline(verdict: Verdict) -> str:
    """The state and its level; `attentive` has none, though urgency falls by steps."""
    has_level = verdict.level and verdict.state is not State.ATTENTIVE
    level = f": {verdict.level.name.lower()}" if has_level else ""
    return f"{WORDS[verdict.state]}{level}{', beep' if verdict.cue else ''}"


def described(event: Event) -> str:
    """An ended event in words."""
    lasted_s = (event.end_s or event.onset_s) - event.onset_s
    return f"{WORDS[event.kind]} for {lasted_s:.1f} s ({event.level.name.lower()})"


def live_line(look: Observation) -> str:
    """The newest figures."""
    verdict, seen = look.verdict, look.signals
    if seen is None:
        return f"{WORDS[verdict.state]} | sight {look.sight.value}"
    figures = [
        f"yaw {_number(seen.yaw_deg, '+4.0f')}",
        f"pitch {_number(seen.pitch_deg, '+4.0f')}",
        f"EAR {_number(seen.ear, '.2f')}",
        f"MAR {_number(seen.mar, '.2f')}",
        f"PERCLOS {_number(verdict.perclos, '.0%')}",
    ]
    return f"{WORDS[verdict.state]} | {'  '.join(figures)}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _clock(time_s: float) -> str:
    seconds = int(time_s)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
