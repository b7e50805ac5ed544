"""Frame -> Observation, in spite of what OpenCV and MediaPipe may raise."""

from __future__ import annotations

import logging
from dataclasses import replace

from app.camera.frame import Frame
from app.events import Motion, State
from app.held_for import HeldFor
from app.monitor.errors import DetectorError
from app.observer import Observation, Observer

log = logging.getLogger(__name__)

GIVE_UP_S = 10.0  # MediaPipe's graph stays broken once it is: a new process may do better


class Judge:
    """The observer, for a loop that goes on where a frame cannot be judged."""

    def __init__(self, watch: Observer) -> None:
        self._watch = watch
        self._has_judged = False
        self._failing = HeldFor()
        self.failure = self._logged_failure = ""
        """Why the newest frame could not be judged; empty where it could."""

    def look(self, frame: Frame, now_s: float, motion: Motion = Motion.UNKNOWN) -> Observation | None:
        """What the frame shows; None where judging fails: such a frame is as good as missing. Raises: DetectorError."""
        try:
            look = self._watch.look(frame, motion)
        except Exception as error:  # OpenCV and MediaPipe may raise anything
            self._note_failure(frame, error, now_s)
            return None
        self._has_judged = True
        self._failing.update(False, now_s)
        self.failure = ""
        return look

    def nothing(self, now_s: float, motion: Motion = Motion.UNKNOWN) -> Observation:
        """What follows from a missing frame. Before the first one the driver is unknown, and not "attentive"."""
        look = self._watch.no_frame(now_s, motion)
        return look if self._has_judged else replace(look, verdict=replace(look.verdict, state=State.NO_CAMERA))

    def _note_failure(self, frame: Frame, error: Exception, now_s: float) -> None:
        reason = " ".join(f"{type(error).__name__}: {error}".split())  # OpenCV's has several lines
        self.failure = f"a frame of shape {frame.bgr.shape} could not be judged: {reason}"
        if self.failure != self._logged_failure:
            self._logged_failure = self.failure
            log.warning("%s", self.failure, exc_info=error)
        if self._failing.update(True, now_s) >= GIVE_UP_S:
            raise DetectorError(f"{self.failure}, and so for {GIVE_UP_S:.0f} s: start it again") from error
