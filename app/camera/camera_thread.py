"""CameraThread: runs Capture in a thread, keeps the newest frames, and replaces a thread that hangs in a driver."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from app.camera.capture import Capture, Clock
from app.camera.frame import Frame
from app.camera.sources import Source, open_source
from app.part_status import CameraHealth
from config import settings

log = logging.getLogger(__name__)

# Longer than v4l2_stream.py waits for a picture and than Python takes to start the fake driver
_HUNG_S = 12.0
_CLOSE_S = 2.0  # the longest that closing waits for the thread; one that hangs longer is left behind

Wait = Callable[[threading.Event, float], object]


class CameraThread:
    """The newest frames of one camera, taken by a thread of their own, so that no driver can delay the detector."""

    def __init__(
        self,
        camera: settings.Camera,
        clock: Clock = time.monotonic,
        wait: Wait = threading.Event.wait,
        open_source: Callable[[settings.Camera], Source] = open_source,
    ) -> None:
        self._camera = camera
        self._clock = clock
        self.began_s = clock()
        """Where a video or scenario counts its seconds from."""
        self._wait = wait
        self._open_source = lambda: open_source(camera)
        self._queue: deque[Frame] = deque(maxlen=camera.buffer_frames)
        self._filled = threading.Condition()
        self._dropped = 0
        self._wants_second = False
        self._closed = False
        self._abandoned: threading.Thread | None = None
        self._start(CameraHealth(source=camera.source))

    def _start(self, health: CameraHealth) -> None:
        self._ending = threading.Event()
        self._capture = Capture(self._camera, self._open_source, self._clock, self.began_s, health)
        self._thread = threading.Thread(
            target=self._run, args=(self._capture, self._ending), name="camera", daemon=True
        )
        self._thread.start()

    def _run(self, capture: Capture, ending: threading.Event) -> None:
        while not ending.is_set():
            self._wants_second = False
            frame = capture.step()
            if frame and not ending.is_set():
                self._put(frame)
            if frame and capture.second_s < capture.due_s:
                self._wait(ending, max(0.0, capture.second_s - self._clock()))
                if self._wants_second:
                    capture.hurry()
            self._wait(ending, max(0.0, capture.due_s - self._clock()))
        capture.close()

    def request_recheck(self) -> None:
        """Take another frame SECOND_LOOK_S after the newest, if the next one is not due by then.

        The detector asks so after an urgent verdict (monitor/detector.py); _run takes it at Capture.second_s.
        """
        self._wants_second = True

    def reopen(self, why: str) -> None:
        """Close the source before its next picture and open it again, which helps where only the stream is stuck.

        The detector asks for it by FrozenStream.update (monitor/stuck_parts.py).
        """
        self._capture.stuck = why

    def _put(self, frame: Frame) -> None:
        with self._filled:
            self._dropped += len(self._queue) == self._queue.maxlen
            self._queue.append(frame)
            self._filled.notify()

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """The oldest frame waiting, or None when none comes in time (`frame_timeout` unless given)."""
        self._replace_hung()
        timeout_s = self._camera.frame_timeout if timeout_s is None else timeout_s
        with self._filled:
            self._filled.wait_for(lambda: self._queue or self._closed, timeout_s)
            return self._queue.popleft() if self._queue else None

    @property
    def health(self) -> CameraHealth:
        """How the camera is now."""
        health = replace(self._capture.health, dropped=self._dropped)
        if self._is_hung() or (self._has_abandoned() and health.state != "live"):
            remedy = "sudo reboot"
            message = f"{health.source} hangs: plug the camera out and in again, or `{remedy}`"
            return replace(health, state="hung", message=message, remedy=remedy, measured_fps=0.0)
        return health

    def _is_hung(self) -> bool:
        since_s = self._capture.busy_since_s
        return since_s is not None and self._clock() - since_s > _HUNG_S

    def _has_abandoned(self) -> bool:
        return self._abandoned is not None and self._abandoned.is_alive()

    def _replace_hung(self) -> None:
        # One thread may be left in the driver; if the second hangs too, a third would as well
        if self._closed or not self._is_hung() or self._has_abandoned():
            return
        log.warning("camera hung: %s", self.health.source)
        self._ending.set()
        self._abandoned = self._thread
        self._start(replace(self._capture.health, state="lost"))

    def close(self) -> None:
        """Stop the thread and close the source; may be called twice."""
        self._closed = True
        self._ending.set()
        with self._filled:
            self._queue.clear()
            self._filled.notify_all()
        self._thread.join(0 if self._is_hung() else _CLOSE_S)

    def __enter__(self) -> CameraThread:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
