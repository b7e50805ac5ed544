"""The loop that joins the parts: camera -> observer -> alert, journal, report. It goes on until it is told to end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.alerts.alert import Alert
from app.alerts.patterns import TEST_SOUND
from app.camera.camera_thread import CameraThread
from app.camera.frame import Frame
from app.events import Event, Level, Motion, State
from app.held_for import HeldFor
from app.journal.journal import Journal
from app.memory.governor import Action
from app.monitor.driver_feedback import DriverFeedback
from app.monitor.errors import DetectorError
from app.monitor.judge import Judge
from app.monitor.memory_saver import MemorySaver, described
from app.monitor.problem import Surroundings
from app.monitor.recorder import Recorder
from app.monitor.report import Report
from app.monitor.saved_journal import SavedJournal
from app.monitor.stuck_parts import FrozenStream, HungParts
from app.monitor.wall_clock import WallClock
from app.observer import Observation, Observer
from app.part_status import MemorySaving
from app.telemetry import status
from app.telemetry.requests import Request
from app.vehicle.motion import MotionTracker
from app.vehicle.reading import Vehicle

if TYPE_CHECKING:
    from app.vehicle.vehicle_thread import VehicleThread

log = logging.getLogger(__name__)

POLL_S = 0.5  # so soon a request of the page is taken, and the wish to end
OPENING_S = 5.0  # a camera, or the fake driver's process, may take so long before its first frame
HEALTHY_S = 60.0  # as the save protocol asks before a configuration counts as good


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop joins; each is closed by whoever opened it. The optional ones are None where switched off."""

    camera: CameraThread
    watch: Observer
    alert: Alert
    feedback: DriverFeedback
    report: Report
    journal: Journal | SavedJournal | None = None
    saver: MemorySaver | None = None
    vehicle: VehicleThread | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """A frame is missing when none came for one period and frame_timeout_s more.

    is_synchronised: whether somebody keeps `wall` right, None where that is not known.
    """

    period_s: float
    frame_timeout_s: float
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    is_synchronised: Callable[[], bool | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the loop calls: with each look; once the configuration has proved good; for requests; with each stage."""

    on_look: Callable[[Observation, float], None] = lambda look, now_s: None
    on_healthy: Callable[[], None] = lambda: None
    take_requests: Callable[[], list[Request]] = list
    on_stage: Callable[[str], None] = lambda stage: None


class Detector:
    """The loop."""

    def __init__(self, parts: Parts, timing: Timing, hooks: Hooks) -> None:
        self._parts, self._timing, self._hooks = parts, timing, hooks
        self._clock, self._at = timing.clock, hooks.on_stage
        self._judge = Judge(parts.watch)
        self._hung, self._frozen = HungParts(parts.camera, parts.alert), FrozenStream(parts.camera)
        self._due_s = timing.clock() + OPENING_S
        self._healthy, self._was_healthy = HeldFor(), False
        self._feedback = parts.feedback
        self._recorder = Recorder(parts.journal, WallClock(timing.wall, timing.is_synchronised), parts.report.course)
        self._tracker, self._motion = MotionTracker(), Motion.UNKNOWN

    @property
    def saver(self) -> MemorySaver | None:
        """What saves memory, unless that is switched off."""
        return self._parts.saver

    def run(self, is_over: Callable[[], bool]) -> None:
        """Watch until is_over says so. Raises: DetectorError."""
        try:
            while not is_over():
                self.step()
        finally:
            self._recorder.end(self._clock())

    def step(self) -> None:
        """Wait for a frame and do what follows from it. Raises: DetectorError."""
        self._at("waiting for a frame")
        frame = self._parts.camera.read(POLL_S)
        now_s = self._clock()
        self._hung.check(now_s)
        self._at("saving memory")
        self._save_memory(now_s)
        self._at("taking the page's requests")
        self._obey(self._hooks.take_requests(), now_s)
        self._feedback.take_presses(now_s, self._parts.watch.attention.recalibrate, self._dispute)
        self._at("judging a frame")
        self._follow_vehicle(now_s)
        look = self._look(frame, now_s)
        if look is None:
            self._parts.report.still_here(now_s)
        else:
            self._tell(look, self._clock())

    def _follow_vehicle(self, now_s: float) -> None:
        if self._parts.vehicle is not None:
            vehicle = self._parts.vehicle.read()
            self._motion = self._tracker.update(now_s, vehicle)
            self._recorder.follow(vehicle, self._motion)

    def _look(self, frame: Frame | None, now_s: float) -> Observation | None:
        """What the frame shows, or that it is missing; None while it is not due yet."""
        look = self._judge.look(frame, now_s, self._motion) if frame else None
        if look is not None:
            self._due_s = self._next_due_s(now_s)
            if look.verdict.is_urgent:
                self._parts.camera.request_recheck()
            self._frozen.update(look.sight, self._clock())
        elif now_s >= self._due_s:
            self._due_s = now_s + self._timing.period_s
            look = self._judge.nothing(now_s, self._motion)
        return look

    def _next_due_s(self, now_s: float) -> float:
        """When the next frame counts as missing, if the newest one came now."""
        return now_s + self._timing.period_s + self._timing.frame_timeout_s

    def _save_memory(self, now_s: float) -> None:
        """Where even saving does not help, a new process chooses the moment better than the kernel."""
        decision = self._parts.saver.update(now_s) if self._parts.saver else None
        if decision is None:
            return
        self._due_s = max(self._due_s, self._next_due_s(self._clock()))
        words = described(decision)
        self._recorder.record(Event(State.SAVING_MEMORY, Level.NONE, now_s, now_s, now_s, now_s, words), now_s)
        if decision.action is Action.END:
            raise DetectorError(words)
        log.log(logging.WARNING if decision.action is Action.SAVE else logging.INFO, "%s", words)

    def _tell(self, look: Observation, now_s: float) -> None:
        self._at("alerting the driver")
        self._feedback.tell(look, now_s, self._motion, is_well=not self._parts.report.problem)
        self._at("recording events")
        self._recorder.update(look, self._parts.watch.attention.driver.limits, now_s)
        self._at("printing")
        self._hooks.on_look(look, now_s)
        self._at("writing the status")
        self._parts.report.update(look, now_s, self._surroundings(now_s))
        self._note_health(look, now_s)

    def _dispute(self, event: Event) -> None:
        self._recorder.dispute(event, self._clock())

    def _surroundings(self, now_s: float) -> Surroundings:
        parts = self._parts
        vehicle = parts.vehicle.read() if parts.vehicle else Vehicle()  # again: a slow frame is no stale speed
        return Surroundings(
            camera=parts.camera.health,
            alerts=parts.alert.availability,
            events=parts.watch.attention.recent_events,
            watch_problem=self._judge.failure,
            journal_problem=self._recorder.problem,
            journal_remedy=self._recorder.remedy,
            muted_until_s=self._feedback.muted_until_s(now_s),
            saving=parts.saver.saving if parts.saver else MemorySaving(),
            vehicle=told_vehicle(vehicle, self._motion, now_s),
            limits=parts.watch.attention.driver.limits,
            trip=self._recorder.trip_so_far(now_s),
            clock=self._recorder.clock_quality(now_s),
        )

    def _note_health(self, look: Observation, now_s: float) -> None:
        """Say once that this configuration works: frames came and were judged for a minute."""
        healthy_s = self._healthy.update(look.verdict.state is not State.NO_CAMERA, now_s)
        if healthy_s < HEALTHY_S or self._was_healthy:
            return
        self._was_healthy = True
        self._hooks.on_healthy()
        self._recorder.mark_good()

    def _obey(self, requests: list[Request], now_s: float) -> None:
        for request in requests:
            log.info("the page asks to %s", request.value)
            if request is Request.RECALIBRATE:
                self._parts.watch.attention.recalibrate()
            elif request is Request.USE_DIRECTION:
                self._parts.watch.attention.use_direction()
            elif request is Request.TEST_BUZZER:
                self._parts.alert.sound(TEST_SOUND)
            elif request is Request.MUTE:
                self._feedback.mute(now_s)
            elif request is Request.END_MUTE:
                self._feedback.end_mute()
            elif request is Request.DELETE_EVENTS:
                self._recorder.delete_all(now_s)


def told_vehicle(vehicle: Vehicle, motion: Motion, now_s: float) -> status.Vehicle:
    """For the status and `check`: a speed that is old is none."""
    speed_kmh = vehicle.fresh_speed_kmh(now_s)
    return status.Vehicle(motion, speed_kmh, vehicle.ignition, vehicle.source, vehicle.message, vehicle.remedy)
