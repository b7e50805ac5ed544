"""Keeps the detector's memory small: does what the governor decides, and releases what only the start needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

from app.memory.allocator import trim
from app.memory.file_pages import release_file_pages
from app.memory.governor import SHORT_MB, Action, Decision, Governor
from app.memory.rates import is_fast
from app.memory.usage import System, rss_mb, system
from app.observer import Observer
from app.part_status import MemorySaving
from config.settings import Settings, Vision

READ_S = 1.0  # between two readings, of 0.1 ms each
# From the start, or a change of the model, until file pages are released: at once, which keeps the highest RSS 13 MB
# lower, and after the first looks, which alone need 1.2 MB
RELEASES_S = 0.0, 3.0
SAVING = "the model is standard, on the kernels that take the least memory"


def smaller(vision: Vision) -> Vision:
    """The smallest model that sees closed eyes: one detector, no hands."""
    return replace(vision, model="standard", phone=False) if vision.model == "full" else vision


def can_save(settings: Settings) -> bool:
    """Whether a smaller model, or kernels that take less memory, would change anything with these settings."""
    return settings.vision.model == "full" or is_fast(settings.camera)


class MemorySaver:
    """Reads memory once a second, asks the governor, and does what it decides.

    SAVE takes the smaller model, STOP_SAVING the one of the settings. END: saving was not enough, so the detector ends
    and systemd or `make run` starts it again. short: what was short at the start, when the model was opened small.
    """

    def __init__(
        self,
        settings: Settings,
        watch: Observer,
        began_s: float,
        short: str = "",
        *,
        read_rss_mb: Callable[[], float] = rss_mb,
        read_system: Callable[[], System] = system,
        release: Callable[[], None] = release_file_pages,
    ) -> None:
        may = can_save(settings)
        budget_mb = settings.memory.budget_mb
        self._governor = Governor(budget_mb, began_s, can_save=may, is_saving=may and bool(short))
        self._settings, self._watch = settings, watch
        self._rss_mb, self._system, self._release = read_rss_mb, read_system, release
        self._due_s = -inf
        self._started_s: float | None = None
        self._releases_s = [*RELEASES_S]
        self._reason = short

    @property
    def saving(self) -> MemorySaving:
        """What the status says of it."""
        return MemorySaving(SAVING, self._reason) if self._governor.is_saving else MemorySaving()

    def update(self, now_s: float) -> Decision | None:
        """What was decided and done, if anything; takes a reading when one is due. Raises: FaceMeshError."""
        if now_s < self._due_s:
            return None
        self._due_s = now_s + READ_S
        machine = self._system()
        self._release_what_is_over(now_s, machine)
        decision = self._governor.update(now_s, self._rss_mb(), machine)
        if decision is not None and decision.action is not Action.END:
            self._reason = decision.reason
            self.save(decision.action is Action.SAVE)
            self._started_s, self._releases_s = now_s, [*RELEASES_S]
        return decision

    def _release_what_is_over(self, now_s: float, machine: System) -> None:
        """Release what only the start needed, unless the kernel takes memory pages by itself already."""
        if self._started_s is None:
            self._started_s = now_s
        is_due = self._releases_s and now_s - self._started_s >= self._releases_s[0]
        if is_due and machine.available_mb >= SHORT_MB:
            self._release()
            del self._releases_s[0]

    def save(self, on: bool) -> None:
        """Take the smaller model on the kernels that take less memory, or those of the settings again."""
        vision, camera = self._settings.vision, self._settings.camera
        self._watch.change_model(smaller(vision) if on else vision, fast=not on and is_fast(camera))
        trim()

    def exit_reason(self, now_s: float, late_s: float) -> str:
        """For another thread, while the loop stands still for late_s: why the process is to end, or ""."""
        short = self._governor.exit_reason(now_s, late_s, self._rss_mb(), self._system())
        return f"memory is short and nothing more can be saved: {short}" if short else ""


def described(decision: Decision) -> str:
    """A decision in one line, for log, journal and page."""
    if decision.action is Action.SAVE:
        return f"saving memory: {SAVING} ({decision.reason})"
    if decision.action is Action.STOP_SAVING:
        return f"no longer saving memory ({decision.reason})"
    return f"memory is short and nothing more can be saved, the detector ends itself: {decision.reason}"
