"""Status -> the verdict on Home: words, their tone, and for how long they may count as the present. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal, TypeAlias

from admin.words import NOT_ANSWERING, capital
from app.events import BLIND, WORDS, Level, State
from app.telemetry import status
from app.telemetry.failure import Failure
from app.telemetry.status import Status

SILENT = f"the detector {NOT_ANSWERING}"
RESTARTING = "the detector restarts"
AGAIN = "attentive again"
NO_NEWS = "No news"
OVERDUE_S = 3.0  # the detector reports every 1 to 2.5 s, whatever its rate

Tone: TypeAlias = Literal["good", "doubtful", "warning", "alarm", "blind", "old"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the bar says. since_s: for how long it has been so; None where nobody knows what is so now.

    level: as the driver hears it, NONE where the words say all. fresh_s: for so long more it counts as the present.
    failure: how the detector last failed in this boot. folder_problem: why the run folder is not read.
    """

    words: str
    tone: Tone
    since_s: float | None
    status: Status | None
    age_s: float
    level: Level = Level.NONE
    failure: Failure | None = None
    folder_problem: str = ""

    @property
    def fresh_s(self) -> float:
        """0 for what is old already."""
        return max(0.0, OVERDUE_S - self.age_s)

    @property
    def said(self) -> str:
        """For screen readers and the tab's title: changes with state and level alone."""
        if self.tone == "old":
            return NO_NEWS
        words = WORDS[State.ATTENTIVE] if self.words == AGAIN else self.words
        said = f"{self.level.name.lower()}: {words}" if self.level else words
        return capital(said)


def verdict(latest: Status | None, now_s: float, *, is_restarting: bool = False) -> Verdict:
    """Judge the newest status file at a monotonic time; None where it is missing."""
    age_s = status.age_s(latest, now_s) if latest else inf
    known = latest if age_s < inf else None
    if is_restarting:
        return Verdict(RESTARTING, "doubtful", None, known, age_s)
    if known is None or age_s > status.SILENT_S:
        return Verdict(SILENT, "blind", None, known, age_s)
    since_s = now_s - known.since_s
    if age_s > OVERDUE_S:
        return Verdict(WORDS[known.state], "old", since_s, known, age_s)
    is_over = known.state is State.ATTENTIVE and known.level > Level.NONE  # the level falls a step every two seconds
    level = Level.NONE if is_over else known.level
    words = AGAIN if is_over else WORDS[known.state]
    return Verdict(words, _tone(known.state, level), since_s, known, age_s, level)


def _tone(state: State, level: Level) -> Tone:
    if state in BLIND:
        return "blind"
    if level >= Level.WARNING:
        return "alarm" if level is Level.ALARM else "warning"
    return "good" if state is State.ATTENTIVE else "doubtful"
