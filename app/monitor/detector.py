"""The loop that joins the parts: camera -> watch -> alert, journal, report. It goes on until it is told to end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from math import inf

import cv2

from app.alerts.alert import Alert, open_alert
from app.camera.camera_thread import CameraThread
from app.camera.frame import Frame
from app.events import Cue, Event, Level, Sight, State
from app.journal.journal import Journal
from app.memory import memory
from app.memory.governor import Governor, Thrift, ladder
from app.memory.rates import is_fast
from app.monitor.lifeline import DetectorError, HungError
from app.monitor.report import Report, Surroundings
from app.monitor.savings import Economy, Savings, smaller
from app.observer import Observation, Observer
from app.telemetry import status
from app.vision.model_files import FaceMeshError
from config.paths import Paths
from config.settings import Settings

log = logging.getLogger(__name__)

POLL_S = 0.5  # so soon a request of the page is taken, and the wish to end
OPENING_S = 5.0  # a camera, or the fake driver's process, may take so long before its first frame
HEALTHY_S = 60.0  # as the save protocol asks before a configuration counts as good
MUTE_S = 600.0  # a mute ends by itself: a silent safety device is worse than none
GIVE_UP_S = 10.0  # MediaPipe's graph stays broken once it is: a new process may do better
NEVER_MUTED = frozenset({State.NO_CAMERA, State.CAMERA_BLOCKED})  # who muted must know that nobody watches now
# capture.py has replaced the hung thread once by then; only the end of the process frees the device
CAMERA_HUNG_S = 60.0
PINS_HUNG_S = 20.0  # a write takes microseconds
# A stream that repeats its picture may live again once it is opened anew; each try waits twice as long as the last
STUCK_S, STUCK_MAX_S = 30.0, 600.0


class Detector:
    """Owns no part; each is given and closed by whoever made it.

    A frame is missing when none came for one period and frame_timeout_s more. `muted`, as the page asks for it,
    silences cautions and warnings; never an alarm, nor the sound for a camera that sees nothing.
    """

    def __init__(
        self,
        camera: CameraThread,
        watch: Observer,
        alert: Alert,
        report: Report,
        *,
        journal: Journal | None,
        period_s: float,
        frame_timeout_s: float,
        on_look: Callable[[Observation, float], None] = lambda look, now_s: None,
        on_healthy: Callable[[], None] = lambda: None,
        take_requests: Callable[[], list[status.Request]] = list,
        on_stage: Callable[[str], None] = lambda stage: None,
        economy: Economy | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._camera, self._watch, self._alert, self._report = camera, watch, alert, report
        self._journal = journal
        self._full_period_s, self._frame_timeout_s = period_s, frame_timeout_s
        self.economy = economy
        self._on_look, self._on_healthy, self._take_requests = on_look, on_healthy, take_requests
        self._at = on_stage
        self._clock, self._wall = clock, wall
        self._hung_since_s: float | None = None
        self._due_s = clock() + OPENING_S
        self._has_judged = False
        self._failing_since_s: float | None = None
        self._failure = self._logged_failure = ""
        self._healthy_since_s: float | None = None
        self._was_healthy = False
        self._muted_until_s = float("-inf")
        self._stuck_due_s, self._stuck_pause_s = inf, STUCK_S

    def run(self, is_over: Callable[[], bool]) -> None:
        """Watch until is_over says so. Raises: DetectorError."""
        self._at("taking the page's requests")
        self._take_requests()  # those of yesterday
        while not is_over():
            self.step()

    def step(self) -> None:
        """Wait for a frame and do what follows from it. Raises: DetectorError."""
        self._at("waiting for a frame")
        frame = self._camera.read(POLL_S)
        now_s = self._clock()
        self._check_threads(now_s)
        self._at("saving memory")
        self._save_memory(now_s)
        self._at("taking the page's requests")
        self._obey(self._take_requests(), now_s)
        self._at("judging a frame")
        look = self._judged(frame) if frame else None
        if look is not None:
            self._due_s = now_s + self._period_s + self._frame_timeout_s
        elif now_s >= self._due_s:
            self._due_s = now_s + self._period_s
            look = self._nothing(now_s)
        else:
            self._report.still_here(now_s)
            return
        self._tell(look, self._clock())

    @property
    def _period_s(self) -> float:
        return self._full_period_s * (self.economy.every if self.economy else 1)

    def _save_memory(self, now_s: float) -> None:
        """One rung down or up the governor's ladder; past the last a new process does better than the kernel."""
        step = self.economy.update(now_s) if self.economy else None
        if self.economy is None or step is None:
            return
        self._due_s = max(self._due_s, self._clock() + self._period_s + self._frame_timeout_s)
        words = self.economy.described(step)
        if self._journal is not None:
            self._journal.record(
                Event(State.SAVING_MEMORY, Level.NONE, now_s, now_s, now_s, now_s, words), self._wall(), now_s
            )
        if step.is_end:
            raise DetectorError(words)
        log.log(logging.WARNING if step.is_down else logging.INFO, "%s", words)

    def _check_threads(self, now_s: float) -> None:
        """A thread that hangs in a driver's call is freed by the end of the process alone."""
        health, pins_s = self._camera.health, self._alert.busy_s(now_s)
        if health.state != "hung":
            self._hung_since_s = None
        elif self._hung_since_s is None:
            self._hung_since_s = now_s
        elif now_s - self._hung_since_s >= CAMERA_HUNG_S:
            raise HungError(f"{health.message}; so for {CAMERA_HUNG_S:.0f} s, and the detector is started again")
        if pins_s >= PINS_HUNG_S:
            raise HungError(f"the buzzer or LED pin does not answer for {pins_s:.0f} s: the detector is started again")

    def _judged(self, frame: Frame) -> Observation | None:
        """None where judging fails: such a frame is as good as missing."""
        try:
            look = self._watch.look(frame)
        except Exception as error:  # OpenCV and MediaPipe may raise anything
            self._note_failure(frame, error)
            return None
        if look.verdict.is_urgent:
            self._camera.request_recheck()
        self._has_judged = True
        self._failing_since_s, self._failure = None, ""
        self._loosen_stuck(look)
        return look

    def _loosen_stuck(self, look: Observation) -> None:
        now_s = self._clock()
        if look.sight is not Sight.FROZEN:
            self._stuck_due_s, self._stuck_pause_s = inf, STUCK_S
        elif self._stuck_due_s == inf:
            self._stuck_due_s = now_s + self._stuck_pause_s
        elif now_s >= self._stuck_due_s:
            self._camera.reopen(f"{self._camera.health.source} sends the same picture again and again: opened anew")
            self._stuck_pause_s = min(2 * self._stuck_pause_s, STUCK_MAX_S)
            self._stuck_due_s = now_s + self._stuck_pause_s

    def _note_failure(self, frame: Frame, error: Exception) -> None:
        now_s = self._clock()
        reason = " ".join(f"{type(error).__name__}: {error}".split())  # OpenCV's has several lines
        self._failure = f"a frame of shape {frame.bgr.shape} could not be judged: {reason}"
        if self._failure != self._logged_failure:
            self._logged_failure = self._failure
            log.warning("%s", self._failure, exc_info=error)
        if self._failing_since_s is None:
            self._failing_since_s = now_s
        elif now_s - self._failing_since_s >= GIVE_UP_S:
            raise DetectorError(f"{self._failure}, and so for {GIVE_UP_S:.0f} s: start it again") from error

    def _nothing(self, now_s: float) -> Observation:
        """Before the first frame nothing is known of the driver: "attentive" would be a claim."""
        look = self._watch.no_frame(now_s)
        return look if self._has_judged else replace(look, verdict=replace(look.verdict, state=State.NO_CAMERA))

    def _tell(self, look: Observation, now_s: float) -> None:
        verdict = look.verdict
        self._at("alerting the driver")
        self._alert.show(verdict.state, verdict.level)
        if verdict.cue is not None and not self._is_muted(verdict.cue, now_s):
            self._alert.play(verdict.cue)
        self._at("recording events")
        self._record(look, now_s)
        self._at("printing")
        self._on_look(look, now_s)
        self._at("writing the status")
        self._report.update(look, now_s, self._surroundings(now_s))
        self._note_health(look, now_s)

    def _is_muted(self, cue: Cue, now_s: float) -> bool:
        return now_s < self._muted_until_s and cue.level < Level.ALARM and cue.kind not in NEVER_MUTED

    def _record(self, look: Observation, now_s: float) -> None:
        if self._journal is None:
            return
        for event in look.verdict.events:
            self._journal.record(event, self._wall(), now_s)
        self._journal.retry(now_s)

    def _surroundings(self, now_s: float) -> Surroundings:
        return Surroundings(
            camera=self._camera.health,
            alerts=self._alert.availability,
            events=self._watch.attention.recent_events,
            watch_problem=self._failure,
            journal_problem=self._journal.problem if self._journal else "",
            muted=now_s < self._muted_until_s,
            thrift=self.economy.thrift if self.economy else Thrift(),
        )

    def _note_health(self, look: Observation, now_s: float) -> None:
        """Say once that this configuration works: frames came and were judged for a minute."""
        if look.verdict.state is State.NO_CAMERA:
            self._healthy_since_s = None
        elif self._healthy_since_s is None:
            self._healthy_since_s = now_s
        elif not self._was_healthy and now_s - self._healthy_since_s >= HEALTHY_S:
            self._was_healthy = True
            self._on_healthy()
            if self._journal is not None:
                self._journal.mark_good()

    def _obey(self, requests: list[status.Request], now_s: float) -> None:
        for request in requests:
            log.info("the page asks to %s", request.value)
            if request is status.Request.RECALIBRATE:
                self._watch.attention.recalibrate()
            elif request is status.Request.TEST_BUZZER:
                self._alert.test()
            elif request is status.Request.MUTE:
                self._muted_until_s = now_s + MUTE_S
            elif request is status.Request.DELETE_EVENTS and self._journal is not None:
                self._journal.delete_all()


def open_detector(
    parts: ExitStack,
    settings: Settings,
    configuration: status.Configuration,
    paths: Paths,
    on_look: Callable[[Observation, float], None],
    on_healthy: Callable[[], None],
    on_stage: Callable[[str], None],
) -> Detector:
    """Open every part, to be closed with `parts`: the buzzer first, which else would sound on.

    Raises: DetectorError.
    """
    cv2.setNumThreads(1)
    camera, pi, alerting = settings.camera, settings.raspberry_pi, settings.alerting
    journal = Journal(paths.events, status.boot_id()) if settings.analysis.event_history else None
    if journal is not None:
        parts.enter_context(closing(journal))
    budget_mb, quality = settings.memory.budget_mb, pi.compression_quality
    report = parts.enter_context(closing(Report(paths, configuration, budget_mb, quality, time.monotonic())))
    opened_camera = parts.enter_context(CameraThread(camera))  # opens in its own thread while the face mesh loads
    rung = first_rung(settings)
    vision = smaller(settings.vision) if rung else settings.vision  # what is short now would not bear the larger one
    fast = is_fast(camera) and not rung
    if fast:
        memory.keep_freed_blocks()
    try:
        watch = parts.enter_context(Observer(vision, settings.analysis, alerting.repeat_s, fast))
    except FaceMeshError as error:
        raise DetectorError(str(error)) from error
    beep_only, visual = alerting.use_beep_only, alerting.visual_alerts_enabled
    alert = open_alert(pi.buzzer_pin, pi.led_pin, pi.gpio_chip, beep_only=beep_only, visual=visual)
    economy = None
    if settings.memory.governor:
        savings = Savings(settings, opened_camera, watch, report, rung)
        governor = Governor(len(savings.ladder), budget_mb, time.monotonic(), rung)
        economy = Economy(governor, savings)
    return Detector(
        opened_camera,
        watch,
        parts.enter_context(alert),
        report,
        journal=journal,
        period_s=camera.frame_skip / camera.target_fps,
        frame_timeout_s=camera.frame_timeout,
        on_look=on_look,
        on_healthy=on_healthy,
        take_requests=partial(status.take, paths.run),
        on_stage=on_stage,
        economy=economy,
    )


def first_rung(settings: Settings) -> int:
    """The last one where memory is short already, else 0."""
    rungs = len(ladder(settings))
    is_short = settings.memory.governor and Governor(rungs, inf, 0.0).shortage(0.0, memory.system())
    if is_short:
        log.warning("memory is short at the start (%s): the detector begins with every saving", is_short)
    return rungs if is_short else 0
