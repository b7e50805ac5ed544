"""The loop that joins the parts: camera -> watch -> alert, journal, report. It goes on until it is told to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from app import status
from app.alert import Alert
from app.camera import Camera
from app.journal import Journal
from app.report import Report, Surroundings
from app.verdict import State
from app.watch import Look, Watch

log = logging.getLogger(__name__)

OVERDUE_PERIODS = 1.5  # a frame is missing, not late, after this many of its periods
OPENING_S = 5.0  # a camera, or the fake driver's process, may take so long before its first frame
HEALTHY_S = 60.0  # as the save protocol asks before a configuration counts as good
MUTE_S = 600.0  # the page's "mute" ends by itself: a silent safety device is worse than none


class Detector:
    """Owns no part; each is given and closed by whoever made it."""

    def __init__(
        self,
        camera: Camera,
        watch: Watch,
        alert: Alert,
        report: Report,
        *,
        journal: Journal | None,
        period_s: float,
        on_look: Callable[[Look, float], None] = lambda look, now_s: None,
        on_healthy: Callable[[], None] = lambda: None,
        take_requests: Callable[[], list[status.Request]] = list,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._camera, self._watch, self._alert, self._report = camera, watch, alert, report
        self._journal = journal
        self._overdue_s = OVERDUE_PERIODS * period_s
        self._on_look, self._on_healthy, self._take_requests = on_look, on_healthy, take_requests
        self._clock, self._wall = clock, wall
        self._period_s = period_s
        self._due_s = clock() + OPENING_S
        self._healthy_since_s: float | None = None
        self._was_healthy = False
        self._muted_until_s = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Watch until stop is set."""
        self._take_requests()  # those of yesterday
        while not stop.is_set():
            self.step()

    def step(self) -> None:
        """Wait for a frame and do what follows from it."""
        frame = self._camera.read()
        now_s = self._clock()
        self._obey(self._take_requests(), now_s)
        if frame is not None:
            look = self._watch.look(frame)
            self._due_s = now_s + self._overdue_s
        elif now_s >= self._due_s:
            look = self._watch.nothing(now_s)
            self._due_s = now_s + self._period_s
        else:
            return
        self._tell(look)

    def _tell(self, look: Look) -> None:
        verdict, now_s = look.verdict, self._clock()
        self._alert.show(verdict.state, verdict.level)
        if verdict.cue is not None and now_s >= self._muted_until_s:
            self._alert.play(verdict.cue)
        self._record(look, now_s)
        self._on_look(look, now_s)
        self._report.update(look, now_s, self._surroundings(now_s))
        self._note_health(look, now_s)

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
            log.info("asked to %s", request.value)
            if request is status.Request.RECALIBRATE:
                self._watch.attention.recalibrate()
            elif request is status.Request.TEST_BUZZER:
                self._alert.test()
            elif request is status.Request.MUTE:
                self._muted_until_s = now_s + MUTE_S
