"""Cameras that fail: no crash, the right state throughout, no false alert, and watching again within two periods.

The capture code with its threads, the face mesh on rendered drivers, the detector, its status file and its
journal are real. Devices are scripts (devices.py), files are real, and the time runs in lockstep (lockstep.py).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from math import inf
from pathlib import Path

import cv2

from app.attention.policy import NORMAL
from app.events import Cue, Level, State
from app.journal.entries import recent
from app.journal.journal import Journal
from app.memory.allocator import collect_often, limit_malloc_arenas, trim
from app.memory.usage import usage_of
from app.monitor.detector import Detector, Hooks, Parts, Timing
from app.monitor.driver_feedback import DriverFeedback
from app.monitor.report import Report
from app.native_words import no_native_words
from app.observer import Observer
from app.telemetry import status
from config import settings
from config.paths import Paths
from tests.faults.camera_faults import AWAY, FAULTS, Fault
from tests.faults.lockstep import GOES_ON_S, LockstepCamera, Time
from tests.faults.rig import ASIDE_DEG, Rig, driver
from tests.faults.scratch import in_memory
from tests.faults.tally import Count, Row
from tests.support.bench import START_S, WALL_S, FakeAlert

TRIES, LONG_TRIES = 4, 200
TIMES, LONG_TIMES = 500, 5_000
WARM_UP = 50  # outages until caches and pools are full
GROWTH_MAX_MB = 0.5  # a kilobyte for each outage
FPS = (1.0, 1.0, 2.0, 1.0)  # 1 is the product's
SHORT_ONE_OF = 3  # outages
PERIODS_BACK = 2.0
TIMEOUT_S = 0.5
GOOD_S = 3.0
PATIENCE_S = 30.0  # until a camera that is back must be watched again
SETTINGS = settings.Settings()
HOLD_S = {State.NO_CAMERA: NORMAL.no_camera_s, State.CAMERA_BLOCKED: NORMAL.camera_blocked_s}
ATTENTIVE = frozenset({State.ATTENTIVE})


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each fault, then one for a camera that comes and goes."""
    limit_malloc_arenas()  # as the detector does at its start
    cv2.setNumThreads(1)
    with new_watch() as watch, no_native_words():
        for fault in FAULTS:
            count = Count(f"camera {fault.name}")
            for number in range(LONG_TRIES if is_long else TRIES):
                count.add(*tried(fault, number, watch))
            yield count.row
        yield comes_and_goes(watch, LONG_TIMES if is_long else TIMES)


def new_watch() -> Observer:
    """A real observer."""
    return Observer(SETTINGS.vision, SETTINGS.analysis, SETTINGS.alerting.repeat_s)


@dataclass(frozen=True, slots=True)
class Outage:
    """A fault of the camera with its begin and end, and the states that are right meanwhile."""

    fault: Fault
    begins_s: float
    ends_s: float
    period_s: float

    def __str__(self) -> str:
        return f"the fault from {self.begins_s:.1f} to {self.ends_s:.1f} s"

    @property
    def hold_s(self) -> float:
        """How long the fault must last to be reported; infinite for one that does not matter."""
        return HOLD_S.get(self.fault.state, inf)

    @property
    def is_told(self) -> bool:
        """Whether it lasts long enough to be reported."""
        return self.ends_s - self.begins_s > self.hold_s

    def may_show(self, now_s: float) -> frozenset[State]:
        """The states that may be shown now; both, around a change, as the rules count in frames."""
        from_s = self.begins_s + self.hold_s - self.period_s
        if not self.is_told or now_s < from_s or now_s > self.ends_s + PERIODS_BACK * self.period_s:
            return ATTENTIVE
        is_sure = from_s + 3 * self.period_s + self.fault.noticed_s <= now_s < self.ends_s
        return frozenset({self.fault.state}) if is_sure else ATTENTIVE | {self.fault.state}


def outage(fault: Fault, number: int, after_s: float, period_s: float, chance: random.Random) -> Outage:
    """An outage that begins within the next period; some are too short to be reported."""
    hold_s = HOLD_S.get(fault.state, 0.0)
    told_s = hold_s + fault.noticed_s + 3 * period_s
    begins_s, lasts_s = after_s + chance.uniform(0, period_s), chance.uniform(told_s, max(told_s, fault.longest_s))
    if number % SHORT_ONE_OF == 1 and hold_s:
        lasts_s = chance.uniform(0.1, hold_s / 2)
    return Outage(fault, begins_s, begins_s + lasts_s, period_s)


class Trip:
    """A detector and its camera; `wrong` lists what it showed, sounded or recorded wrongly."""

    def __init__(self, parts: ExitStack, watch: Observer, rig: Rig, place: Path, fps: float) -> None:
        self._paths = Paths(place / "data", place / "run", place / "data")
        self._paths.make()
        self._rig, self._time, self.period_s = rig, rig.time, 1 / fps
        self._alert = FakeAlert()
        self._read = 0
        self._shown: status.Status | None = None
        self._version = 0
        self.wrong: list[str] = []
        self.lost = 0
        watch.reset()
        budget_mb, quality = SETTINGS.memory.budget_mb, SETTINGS.raspberry_pi.compression_quality
        report = Report(self._paths, status.Configuration(), budget_mb, quality, rig.time(), self._wall)
        camera = LockstepCamera(settings.Camera(rig.source, target_fps=fps), rig.time, rig.open)
        self._detector = Detector(
            Parts(
                parts.enter_context(camera),
                watch,
                self._alert,
                DriverFeedback(self._alert),
                parts.enter_context(closing(report)),
                parts.enter_context(closing(Journal(self._paths.events, "boot"))),
            ),
            Timing(self.period_s, TIMEOUT_S, rig.time, self._wall),
            Hooks(),
        )

    def _wall(self) -> float:
        return self._time() + WALL_S

    def watch(self) -> None:
        """Watch an attentive driver through a good camera."""
        for _ in self._looks(GOOD_S, lambda _: ATTENTIVE):
            pass

    def fail(self, outage: Outage) -> float:
        """Watch through the outage until the driver is seen again; returns the seconds that this takes."""
        self._rig.plan(outage.begins_s, outage.ends_s)
        back_s = inf
        for shown in self._looks(outage.ends_s + PATIENCE_S - self._time(), outage.may_show):
            if _is_watched(shown) and (shown.camera.last_frame_s or 0.0) >= outage.ends_s:
                back_s = self._time() - outage.ends_s
                break
        if back_s > PERIODS_BACK * self.period_s:
            self.wrong.append(f"after {outage} the driver is watched again after {back_s:.1f} s")
        told = [Cue(outage.fault.state, Level.WARNING)] if outage.is_told else []
        cues, kinds = self._news()
        if cues != told or kinds != {cue.kind for cue in told}:
            self.wrong.append(f"for {outage} it sounded {cues} and recorded {kinds}")
            self.lost += 1
        return back_s

    def look_aside(self, delay_s: float) -> None:
        """Let the driver look aside after the delay, until the alarm is due."""
        self._rig.show(driver(ASIDE_DEG))
        aside_s = delay_s + NORMAL.away_alarm_s + 2 * self.period_s
        for _ in self._looks(aside_s, lambda _: ATTENTIVE | {State.LOOKING_AWAY}):
            pass
        cues, kinds = self._news()
        if Cue(State.LOOKING_AWAY, Level.ALARM) not in cues or kinds != {State.LOOKING_AWAY}:
            self.wrong.append(f"for a look aside it sounded {cues} and recorded {kinds}")
            self.lost += 1

    def _looks(self, for_s: float, may_show: Callable[[float], frozenset[State]]) -> Iterator[status.Status]:
        """The status after each step of the detector."""
        end_s = self._time() + for_s
        while self._time() < end_s:
            self._detector.step()
            shown = self._read_status()
            if shown is None:
                continue
            if shown.state not in may_show(self._time()):
                self.wrong.append(f"at {self._time():.1f} s it shows {shown.state.value} ({shown.problem})")
            if shown.state in HOLD_S and not shown.problem:
                self.wrong.append(f"{shown.state.value} without a remedy")
            yield shown

    def _read_status(self) -> status.Status | None:
        """The newest status; each file is read once, as reading takes longer than most steps."""
        version = self._paths.status.stat().st_ino if self._paths.status.exists() else 0
        if version != self._version:
            self._shown, self._version = status.read(self._paths.status), version
        return self._shown

    def _news(self) -> tuple[list[Cue], set[State]]:
        """The cues and the kinds of events since the last call."""
        cues = [*self._alert.played]
        self._alert.played.clear()
        self._alert.calls.clear()
        entries = [entry for entry in recent(self._paths.events) if entry.id > self._read]
        self._read = max([self._read, *(entry.id for entry in entries)])
        return cues, {entry.event.kind for entry in entries}


def _is_watched(shown: status.Status) -> bool:
    return shown.state is State.ATTENTIVE and shown.signals.has_face and not shown.problem


def tried(fault: Fault, number: int, watch: Observer) -> tuple[str, int, float | None]:
    """One outage in its own trip: what was wrong, alerts lost, seconds to recover."""
    chance = random.Random(f"{fault.name} {number}")
    with in_memory() as place, ExitStack() as parts:
        rig = fault.rig(Path(place, "camera.avi"), Time(START_S), chance)
        trip = Trip(parts, watch, rig, Path(place), FPS[number % len(FPS)])
        try:
            trip.watch()
            back_s = trip.fail(outage(fault, number, rig.time(), trip.period_s, chance))
            trip.watch()
            trip.look_aside(fault.noticed_s)
        except Exception as error:  # no error of a camera may get this far
            return f"{type(error).__name__}: {error}", 1, None
        parts.close()
        wrong = [*trip.wrong, *_left_behind(rig)]
    return "; ".join(wrong[:3]), trip.lost, None if fault.state is State.ATTENTIVE else back_s


def _left_behind(rig: Rig) -> Iterator[str]:
    threads = [thread for thread in threading.enumerate() if thread.name == "camera"]
    for thread in threads:
        thread.join(GOES_ON_S)
    if rig.left_open or any(thread.is_alive() for thread in threads):
        yield f"{rig.left_open} devices and some of {len(threads)} threads are left"


def comes_and_goes(watch: Observer, times: int, warm_up: int = WARM_UP) -> Row:
    """The row of one detector whose camera comes and goes, and which must hold no more than before."""
    count = Count(f"camera comes and goes {times:,} times in one process, no growth")
    chance, before = random.Random(times), _held()
    with in_memory() as place, ExitStack() as parts:
        rig = AWAY.rig(Path(), Time(START_S), chance)
        trip = Trip(parts, watch, rig, Path(place), fps=1.0)
        trip.watch()
        for number in range(times):
            back_s = trip.fail(outage(AWAY, number, rig.time(), trip.period_s, chance))
            if number == warm_up:
                collect_often()  # as the detector does at the end of its start
                before = _held()
            grown = growth(before, _held()) if number == times - 1 else ""
            count.add("; ".join([*trip.wrong[:1], *filter(None, [grown])]), trip.lost, back_s)
            trip.wrong.clear()
            trip.lost = 0
    return count.row


@dataclass(frozen=True, slots=True)
class Held:
    """Open files, threads and memory of a process."""

    files: int
    threads: int
    anonymous_mb: float


def _held() -> Held:
    trim()
    files, threads = (len([*Path("/proc/self", kind).iterdir()]) for kind in ("fd", "task"))
    return Held(files, threads, usage_of(with_pss=False).anonymous_mb)


def growth(before: Held, after: Held) -> str:
    """What a process holds more than before, "" if nothing."""
    is_same = (before.files, before.threads) == (after.files, after.threads)
    return "" if is_same and after.anonymous_mb - before.anonymous_mb <= GROWTH_MAX_MB else f"{before} became {after}"
