"""Readings of memory and the time -> whether to save memory. Pure: memory_saver.py does what this decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import inf

from app.held_for import HeldFor
from app.memory.usage import System

# Below it memory is short: earlyoom acts below 10 %, which is this of the smallest Pi (512 MB)
SHORT_MB, CALM_MB = 50.0, 75.0
URGENT_MB = 25.0
# Share of the last 10 s in which some program waited for memory: at a tenth frames come late
SHORT_PSI_PCT, CALM_PSI_PCT = 10.0, 5.0
CALM_OF_BUDGET = 0.95
CALM_S, CALM_MOST_S = 60.0, 3600.0  # until saving ends; twice as long each time that proves too early
RELAPSE_S = 300.0
# Where saving is not enough, the process ends and is started again: it holds half more memory than its budget, or the
# kernel would kill a process of its own choice within a moment. A process younger than END_AGE_S stays, because the
# next one would need as much
END_MB, END_OF_BUDGET = 5.0, 1.5
END_PSI_PCT = 30.0  # and URGENT_MB: in a squeeze of 43 % frames came so late that cautions were wrong
END_S, END_AGE_S = 10.0, 60.0


class Action(Enum):
    """What the detector is to do."""

    SAVE = auto()
    STOP_SAVING = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why."""

    action: Action
    reason: str


class Governor:
    """Decides from one reading a second. can_save: whether anything can be saved with the settings in force."""

    def __init__(self, budget_mb: float, began_s: float, *, can_save: bool, is_saving: bool = False) -> None:
        self.is_saving = is_saving
        self._can_save, self._budget_mb, self._began_s = can_save, budget_mb, began_s
        self._stopped_s = -inf
        self._calm, self._hopeless = HeldFor(), HeldFor()
        self._patience_s = CALM_S
        self._before_mb: float | None = None  # the process's memory before it began to save
        self._freed_mb = 0.0

    def update(self, now_s: float, rss_mb: float, system: System) -> Decision | None:
        """What follows from a reading; None where everything stays as it is."""
        if self._before_mb is not None:
            self._freed_mb, self._before_mb = max(0.0, self._before_mb - rss_mb), None
        short = shortage(rss_mb, self._budget_mb, system)
        is_hopeless = bool(short) and self._saves_all_it_can and self._needs_new_process(rss_mb, system)
        hopeless_s = self._hopeless.update(is_hopeless, now_s)
        calm_s = self._calm.update(self.is_saving and not short and self._is_calm(rss_mb, system), now_s)
        if short and not self._saves_all_it_can:
            return self._save(now_s, rss_mb, short)
        if hopeless_s >= END_S and now_s - self._began_s >= END_AGE_S:
            return Decision(Action.END, short)
        if calm_s >= self._patience_s:
            return self._stop_saving(now_s, system)
        return None

    def exit_reason(self, now_s: float, late_s: float, rss_mb: float, system: System) -> str:
        """What is short, where the process is to end while the loop stands still for late_s; else "".

        Then each memory page that a frame needs takes another's place, and update() would not be called for minutes.
        """
        is_stuck = late_s >= END_S and system.available_mb < URGENT_MB
        may_end = self._saves_all_it_can and now_s - self._began_s >= END_AGE_S
        return shortage(rss_mb, self._budget_mb, system) if is_stuck and may_end else ""

    @property
    def _saves_all_it_can(self) -> bool:
        return self.is_saving or not self._can_save

    def _save(self, now_s: float, rss_mb: float, short: str) -> Decision:
        relapsed = now_s - self._stopped_s < RELAPSE_S
        self._patience_s = min(2 * self._patience_s, CALM_MOST_S) if relapsed else CALM_S
        self.is_saving, self._before_mb = True, rss_mb
        return Decision(Action.SAVE, short)

    def _stop_saving(self, now_s: float, system: System) -> Decision:
        self.is_saving, self._stopped_s = False, now_s
        return Decision(Action.STOP_SAVING, f"{system.available_mb:.0f} MB are available again")

    def _needs_new_process(self, rss_mb: float, system: System) -> bool:
        """Whether saving was not enough; memory_saver.can_save says whether there is anything to save."""
        is_thrashing = system.available_mb < URGENT_MB and (system.psi_pct or 0.0) > END_PSI_PCT
        return system.available_mb < END_MB or is_thrashing or rss_mb > END_OF_BUDGET * self._budget_mb

    def _is_calm(self, rss_mb: float, system: System) -> bool:
        """Whether there is room also for what was freed, so that taking it back is no reason to save again."""
        return (
            system.available_mb - self._freed_mb >= CALM_MB
            and rss_mb + self._freed_mb <= CALM_OF_BUDGET * self._budget_mb
            and (system.psi_pct or 0.0) < CALM_PSI_PCT
        )


def shortage(rss_mb: float, budget_mb: float, system: System) -> str:
    """What is short, in words; "" while nothing is."""
    if system.available_mb < SHORT_MB:
        return f"only {system.available_mb:.0f} MB are available"
    if rss_mb > budget_mb:
        return f"the detector has {rss_mb:.0f} MB, its budget is {budget_mb:.0f}"
    if (system.psi_pct or 0.0) > SHORT_PSI_PCT:
        return f"{system.psi_pct:.0f} % of the time programs wait for memory"
    return ""
