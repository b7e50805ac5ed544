"""What each rung of the memory governor's ladder does to the running detector, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.camera.camera_thread import CameraThread
from app.memory import memory
from app.memory.governor import HISTORY_S, PREVIEW_QUALITY, READ_S, SHORT_MB, Governor, Saving, Step, Thrift, ladder
from app.memory.rates import is_fast
from app.monitor.report import Report
from app.observer import Observer
from config.settings import Settings, Vision

UNMAP_S = 60.0  # each takes as long as two looks


def smaller(vision: Vision) -> Vision:
    """The smallest model that sees closed eyes: one detector, no hands."""
    return replace(vision, model="standard", phone=False) if vision.model == "full" else vision


class Savings:
    """The detector's parts, made as small as a rung says."""

    def __init__(
        self, settings: Settings, camera: CameraThread, watch: Observer, report: Report, rung: int = 0
    ) -> None:
        self.ladder = ladder(settings)
        self._settings = settings
        self._camera, self._watch, self._report = camera, watch, report
        self._rung = 0
        self.go_to(rung)

    @property
    def in_force(self) -> tuple[Saving, ...]:
        """What is saved now."""
        return self.ladder[: self._rung]

    @property
    def every(self) -> int:
        """Every how many-th frame is analysed of those that the settings would have."""
        return 2 if Saving.HALF_RATE in self.in_force else 1

    def go_to(self, rung: int) -> None:
        """Climb or descend to a rung, one after the other. Raises: FaceMeshError."""
        while self._rung != rung:
            is_down = self._rung < rung
            saving = self.ladder[self._rung if is_down else self._rung - 1]
            self._rung += 1 if is_down else -1
            self._switch(saving, is_down)

    def _switch(self, saving: Saving, on: bool) -> None:
        s = self._settings
        if saving is Saving.HALF_RATE:
            self._camera.thin_out(self.every)
        elif saving is Saving.PREVIEW:
            self._report.jpeg_quality = PREVIEW_QUALITY if on else s.raspberry_pi.compression_quality
        elif saving is Saving.HISTORY:
            self._watch.attention.keep_history(HISTORY_S if on else s.analysis.history_window)
        elif saving is Saving.MODEL:
            # with the kernels that take less memory, too, whatever the rate
            self._watch.change_model(smaller(s.vision) if on else s.vision, fast=not on and is_fast(s.camera))
        if on:
            memory.trim()


class Economy:
    """Reads memory once a second, asks the governor, does what it decides, says so; lets go of what is not needed."""

    def __init__(
        self,
        governor: Governor,
        savings: Savings,
        rss_mb: Callable[[], float] = memory.rss_mb,
        system: Callable[[], memory.System] = memory.system,
        unmap: Callable[[], None] = memory.unmap_unchanged,
    ) -> None:
        self._governor = governor
        self.savings = savings
        self._rss_mb, self._system, self._unmap = rss_mb, system, unmap
        self._due_s = self._unmap_due_s = float("-inf")
        self._reason = ""

    @property
    def every(self) -> int:
        """Every how many-th frame is analysed of those that the settings would have."""
        return self.savings.every

    @property
    def thrift(self) -> Thrift:
        """What the status says of it."""
        words = tuple(saving.value for saving in self.savings.in_force)
        return Thrift(self._governor.rung, len(self.savings.ladder), words, self._reason if words else "")

    def update(self, now_s: float) -> Step | None:
        """Take a reading when one is due, and what follows from it. Raises: FaceMeshError."""
        if now_s < self._due_s:
            return None
        self._due_s = now_s + READ_S
        system = self._system()
        self._let_go(now_s, system)
        step = self._governor.update(now_s, self._rss_mb(), system)
        if step is None:
            return None
        self._reason = step.reason
        self.savings.go_to(step.rung)
        self._unmap_due_s = now_s
        return step

    def _let_go(self, now_s: float, system: memory.System) -> None:
        """Once a minute, of what only the start needed, or an event some time ago, or the last rung.

        Not where memory is short: there the kernel would hand on pages that the next frame needs.
        """
        if now_s >= self._unmap_due_s and system.available_mb >= SHORT_MB:
            self._unmap()
            memory.trim()
            self._unmap_due_s = now_s + UNMAP_S

    def past_help(self, now_s: float, late_s: float) -> str:
        """For another thread, while the loop stands still for late_s: why the process shall end, or ""."""
        short = self._governor.past_help(now_s, late_s, self._rss_mb(), self._system())
        return f"{self._past_the_last()}: {short}" if short else ""

    def described(self, step: Step) -> str:
        """A step in a line, for log, journal and page."""
        rungs = self.savings.ladder
        if step.is_end:
            return f"{self._past_the_last()}, the detector ends itself: {step.reason}"
        news = rungs[step.rung - 1].value if step.is_down else f"no longer: {rungs[step.rung].value}"
        return f"memory rung {step.rung} of {len(rungs)}: {news} ({step.reason})"

    def _past_the_last(self) -> str:
        return f"memory is short past rung {self._governor.rung} of {len(self.savings.ladder)}"
