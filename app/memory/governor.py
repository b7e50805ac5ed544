"""Readings of memory and the time -> how far down the ladder of savings. Pure: savings.py does what this decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.memory.memory import System
from app.memory.rates import is_fast
from config.settings import Settings

# Below it memory is short: earlyoom acts below 10 %, which is this of the smallest Pi (512 MB)
SHORT_MB, CALM_MB = 50.0, 75.0
URGENT_MB = 25.0
# Share of the last 10 s in which some program waited for memory: at a tenth frames come late
SHORT_PSI_PCT, CALM_PSI_PCT = 10.0, 5.0
CALM_OF_BUDGET = 0.95
READ_S = 1.0
DOWN_S, DOWN_URGENT_S = 5.0, 1.0  # between two steps down, so that the first can show what it frees
UP_S, UP_MOST_S = 60.0, 3600.0  # of calm for each step up; twice as many each time that proves too early
RELAPSE_S = 300.0
# Past the last rung nothing but a new process can help: where this one holds half more than it may, or else the kernel
# would choose within a moment. One that is new already helps no more than the one before
END_MB, END_OF_BUDGET = 5.0, 1.5
END_PSI_PCT = 30.0  # and URGENT_MB: in a squeeze of 43 % frames came so late that cautions were wrong
END_S, END_AGE_S = 10.0, 60.0
HISTORY_S = 60
PREVIEW_QUALITY = 50
SLOWEST_S = 2.0  # between two looks: the scenarios are tested down to here, and a microsleep is missed beyond


class Saving(Enum):
    """The rungs, in their order; the values are what people read."""

    HALF_RATE = "every 2nd frame is analysed"
    PREVIEW = f"the preview has quality {PREVIEW_QUALITY}"
    HISTORY = f"the history has {HISTORY_S} s"
    MODEL = "the model is standard, on the kernels that take the least memory"


def ladder(settings: Settings) -> tuple[Saving, ...]:
    """The savings that change anything with these settings, and none that would make detection blind."""
    vision, camera = settings.vision, settings.camera
    changes = {
        Saving.HALF_RATE: 2 * camera.frame_skip / camera.target_fps <= SLOWEST_S,
        Saving.PREVIEW: settings.raspberry_pi.compression_quality > PREVIEW_QUALITY,
        Saving.HISTORY: settings.analysis.history_window > HISTORY_S,
        Saving.MODEL: vision.model == "full" or is_fast(camera),
    }
    return tuple(saving for saving in Saving if changes[saving])


@dataclass(frozen=True, slots=True)
class Step:
    """To this rung, for this reason; `is_end`: past the last rung, the process shall end."""

    rung: int
    reason: str
    is_down: bool = True
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Thrift:
    """The rung of so many, what is saved in words, and why."""

    rung: int = 0
    rungs: int = 0
    saving: tuple[str, ...] = ()
    saving_reason: str = ""


class Governor:
    """Decides the rung: 0 saves nothing, `rungs` is the last. Times are monotonic seconds."""

    def __init__(self, rungs: int, budget_mb: float, began_s: float, rung: int = 0) -> None:
        self.rung = rung
        self._rungs, self._budget_mb, self._began_s = rungs, budget_mb, began_s
        self._stepped_s = self._up_s = float("-inf")
        self._calm_since_s: float | None = None
        self._lost_since_s: float | None = None
        self._patience_s = UP_S
        self._before_mb: float | None = None  # the process before the newest step down
        self._freed_mb = [0.0] * (rungs + 1)  # by the step to each rung

    def update(self, now_s: float, rss_mb: float, system: System) -> Step | None:
        """Take a reading; one step down, one up, or none."""
        if self._before_mb is not None and now_s > self._stepped_s:
            self._freed_mb[self.rung], self._before_mb = max(0.0, self._before_mb - rss_mb), None
        if short := self.shortage(rss_mb, system):
            self._calm_since_s = None
            return self._when_short(now_s, rss_mb, system, short)
        self._lost_since_s = None
        if self.rung == 0 or not self._is_calm(rss_mb, system):
            self._calm_since_s = None
            return None
        if self._calm_since_s is None:
            self._calm_since_s = now_s
        if now_s - self._calm_since_s < self._patience_s:
            return None
        self.rung -= 1
        self._stepped_s = self._up_s = now_s
        self._calm_since_s = None
        return Step(self.rung, f"{system.available_mb:.0f} MB are available again", is_down=False)

    def past_help(self, now_s: float, late_s: float, rss_mb: float, system: System) -> str:
        """Asked beside the loop, which stands still for late_s: what is short, if the process shall end for it, or "".

        Then each page that a frame needs takes another's place, and update() would not be called for minutes.
        """
        is_stuck = late_s >= END_S and system.available_mb < URGENT_MB
        may_end = self.rung == self._rungs and now_s - self._began_s >= END_AGE_S
        return self.shortage(rss_mb, system) if is_stuck and may_end else ""

    def shortage(self, rss_mb: float, system: System) -> str:
        """What is short, in words; "" while nothing is."""
        if system.available_mb < SHORT_MB:
            return f"only {system.available_mb:.0f} MB are available"
        if rss_mb > self._budget_mb:
            return f"the detector has {rss_mb:.0f} MB, its budget is {self._budget_mb:.0f}"
        if (system.psi_pct or 0.0) > SHORT_PSI_PCT:
            return f"{system.psi_pct:.0f} % of the time programs wait for memory"
        return ""

    def _when_short(self, now_s: float, rss_mb: float, system: System, short: str) -> Step | None:
        wait_s = DOWN_URGENT_S if system.available_mb < URGENT_MB else DOWN_S
        if self.rung == self._rungs:
            return self._past_the_last(now_s, rss_mb, system, short)
        if now_s - self._stepped_s < wait_s:
            return None
        relapsed = now_s - self._up_s < RELAPSE_S
        self._patience_s = min(2 * self._patience_s, UP_MOST_S) if relapsed else UP_S
        self.rung += 1
        self._stepped_s, self._before_mb = now_s, rss_mb
        return Step(self.rung, short)

    def _past_the_last(self, now_s: float, rss_mb: float, system: System, short: str) -> Step | None:
        is_thrashing = system.available_mb < URGENT_MB and (system.psi_pct or 0.0) > END_PSI_PCT
        lost = system.available_mb < END_MB or is_thrashing or rss_mb > END_OF_BUDGET * self._budget_mb
        if not lost:
            self._lost_since_s = None
        elif self._lost_since_s is None:
            self._lost_since_s = now_s
        elif now_s - self._lost_since_s >= END_S and now_s - self._began_s >= END_AGE_S:
            return Step(self.rung, short, is_end=True)
        return None

    def _is_calm(self, rss_mb: float, system: System) -> bool:
        """There is room also for what the step up would take again, so that it is not the next step's reason."""
        again_mb = self._freed_mb[self.rung]
        return (
            system.available_mb - again_mb >= CALM_MB
            and rss_mb + again_mb <= CALM_OF_BUDGET * self._budget_mb
            and (system.psi_pct or 0.0) < CALM_PSI_PCT
        )
