"""The loop that joins the parts: camera -> watch -> alert, journal, report. It goes on until it is told to end."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2

from app import status
from app.alert import Alert, open_alert
from app.camera import Camera, Frame
from app.journal import Journal
from app.report import Report, Surroundings
from app.verdict import Cue, Level, State
from app.watch import Look, Watch
from config.paths import Paths
from config.settings import Settings

log = logging.getLogger(__name__)

POLL_S = 0.5  # so soon a request of the page is taken, and the wish to end
OPENING_S = 5.0  # a camera, or the fake driver's process, may take so long before its first frame
HEALTHY_S = 60.0  # as the save protocol asks before a configuration counts as good
MUTE_S = 600.0  # a mute ends by itself: a silent safety device is worse than none
GIVE_UP_S = 10.0  # MediaPipe's graph stays broken once it is: a new process may do better
NEVER_MUTED = frozenset({State.NO_CAMERA, State.CAMERA_BLOCKED})  # who muted must know that nobody watches now
LOCK = "detector.lock"


class DetectorError(RuntimeError):
    """The detector cannot start, or not go on; the message says why and what helps."""


class Detector:
    """Owns no part; each is given and closed by whoever made it.

    A frame is missing when none came for one period and frame_timeout_s more. `muted`, as the page asks for it,
    silences cautions and warnings; never an alarm, nor the sound for a camera that sees nothing.
    """

    def __init__(
        self,
        camera: Camera,
        watch: Watch,
        alert: Alert,
        report: Report,
        *,
        journal: Journal | None,
        period_s: float,
        frame_timeout_s: float,
        on_look: Callable[[Look, float], None] = lambda look, now_s: None,
        on_healthy: Callable[[], None] = lambda: None,
        take_requests: Callable[[], list[status.Request]] = list,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._camera, self._watch, self._alert, self._report = camera, watch, alert, report
        self._journal = journal
        self._period_s, self._overdue_s = period_s, period_s + frame_timeout_s
        self._on_look, self._on_healthy, self._take_requests = on_look, on_healthy, take_requests
        self._clock, self._wall = clock, wall
        self._due_s = clock() + OPENING_S
        self._has_judged = False
        self._failing_since_s: float | None = None
        self._failure = self._logged_failure = ""
        self._healthy_since_s: float | None = None
        self._was_healthy = False
        self._muted_until_s = float("-inf")

    def run(self, is_over: Callable[[], bool]) -> None:
        """Watch until is_over says so. Raises: DetectorError."""
        self._take_requests()  # those of yesterday
        while not is_over():
            self.step()

    def step(self) -> None:
        """Wait for a frame and do what follows from it. Raises: DetectorError."""
        frame = self._camera.read(POLL_S)
        now_s = self._clock()
        self._obey(self._take_requests(), now_s)
        look = self._judged(frame) if frame else None
        if look is not None:
            self._due_s = now_s + self._overdue_s
        elif now_s >= self._due_s:
            self._due_s = now_s + self._period_s
            look = self._nothing(now_s)
        else:
            return
        self._tell(look, self._clock())

    def _judged(self, frame: Frame) -> Look | None:
        """None where judging fails: such a frame is as good as missing."""
        try:
            look = self._watch.look(frame)
        except Exception as error:  # OpenCV and MediaPipe may raise anything
            self._note_failure(frame, error)
            return None
        if look.verdict.is_urgent:
            self._camera.look_again()
        self._has_judged = True
        self._failing_since_s, self._failure = None, ""
        return look

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

    def _nothing(self, now_s: float) -> Look:
        """Before the first frame nothing is known of the driver: "attentive" would be a claim."""
        look = self._watch.nothing(now_s)
        return look if self._has_judged else replace(look, verdict=replace(look.verdict, state=State.NO_CAMERA))

    def _tell(self, look: Look, now_s: float) -> None:
        verdict = look.verdict
        self._alert.show(verdict.state, verdict.level)
        if verdict.cue is not None and not self._is_muted(verdict.cue, now_s):
            self._alert.play(verdict.cue)
        self._record(look, now_s)
        self._on_look(look, now_s)
        self._report.update(look, now_s, self._surroundings(now_s))
        self._note_health(look, now_s)

    def _is_muted(self, cue: Cue, now_s: float) -> bool:
        return now_s < self._muted_until_s and cue.level < Level.ALARM and cue.kind not in NEVER_MUTED

    def _record(self, look: Look, now_s: float) -> None:
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
        )

    def _note_health(self, look: Look, now_s: float) -> None:
        """Say once that this configuration works: frames came and were judged for a minute."""
        if look.verdict.state is State.NO_CAMERA:
            self._healthy_since_s = None
        elif self._healthy_since_s is None:
            self._healthy_since_s = now_s
        elif not self._was_healthy and now_s - self._healthy_since_s >= HEALTHY_S:
            self._was_healthy = True
            self._on_healthy()

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
    on_look: Callable[[Look, float], None],
    on_healthy: Callable[[], None],
) -> Detector:
    """Open every part, to be closed with `parts`: the buzzer first, which else would sound on.

    Raises: DetectorError, FaceMeshError.
    """
    cv2.setNumThreads(1)
    camera, pi, alerting = settings.camera, settings.raspberry_pi, settings.alerting
    parts.enter_context(sole(paths.run))
    journal = Journal(paths.events, status.boot_id()) if settings.analysis.event_history else None
    if journal is not None:
        parts.enter_context(closing(journal))
    budget_mb, quality = settings.memory.budget_mb, pi.compression_quality
    report = parts.enter_context(closing(Report(paths, configuration, budget_mb, quality, time.monotonic())))
    opened_camera = parts.enter_context(Camera(camera))  # opens in its own thread while the face mesh loads
    watch = parts.enter_context(Watch(settings.vision, settings.analysis, alerting.repeat_s))
    beep_only, visual = alerting.use_beep_only, alerting.visual_alerts_enabled
    alert = open_alert(pi.buzzer_pin, pi.led_pin, pi.gpio_chip, beep_only=beep_only, visual=visual)
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
    )


def sole(run: Path) -> AbstractContextManager[object]:
    """Hold the run folder against a second detector, which would write the same status and drive the same pins.

    Where that is impossible nobody can be held off, and watching goes on. Raises: DetectorError.
    """
    try:
        file = (run / LOCK).open("a+")
    except OSError as error:
        log.debug("%s not held: %s", run, error)
        return nullcontext()
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            raise DetectorError(f"a detector runs already, in {run}: {_how_to_end(file.read(20))}") from None
    except OSError as error:
        log.debug("%s not held: %s", run, error)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _how_to_end(pid: str) -> str:
    snap = os.environ.get("SNAP_INSTANCE_NAME")
    return f"`sudo snap stop {snap}` ends it" if snap else f"`kill {pid}` ends it"
