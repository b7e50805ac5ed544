"""One clock for a detector and its camera's threads: only one runs while the others wait, and nothing sleeps.

The threads and all they do are real. A camera's thread that waits, for its next frame or in the call of a driver,
says until when; the detector's thread moves the time there while it waits for a frame.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable

from app.camera.camera_thread import CameraThread
from app.camera.capture import Capture
from app.camera.frame import Frame
from app.camera.sources import Source
from app.part_status import CameraHealth
from config import settings

GOES_ON_S = 10.0  # real seconds that a thread may take to its next wait


class Time:
    """Monotonic seconds, and the threads that wait for a moment."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s
        self._is_over = False
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._detectors_turn = threading.Semaphore(0)

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """In a camera's thread: let the others run for so long."""
        if self._is_over:
            return
        turn = threading.Semaphore(0)
        self.at(self.now_s + max(0.0, seconds), lambda: self._wake(turn))
        self._detectors_turn.release()
        turn.acquire()

    def _wake(self, turn: threading.Semaphore) -> None:
        turn.release()
        if not self._is_over:
            self.let_run()

    def at(self, moment_s: float, what: Callable[[], None]) -> None:
        """Call `what` at this moment, in the detector's thread."""
        heapq.heappush(self._due, (moment_s, next(self._order), what))

    def wait(self, ending: threading.Event, seconds: float) -> None:
        """Wait as `CameraThread` does; after `end`, until it is told to end."""
        self.sleep(seconds)
        if self._is_over:
            ending.wait(GOES_ON_S)

    def leave(self) -> None:
        """Give the turn back, in a camera's thread that ends."""
        self._detectors_turn.release()

    def let_run(self) -> None:
        """In the detector's thread: wait until the camera's thread waits or has ended."""
        assert self._detectors_turn.acquire(timeout=GOES_ON_S), "a camera's thread hangs"

    def go_on(self, until_s: float) -> bool:
        """In the detector's thread: move to the next moment that is due; False if there is none until then."""
        if not self._due or self._due[0][0] > until_s:
            self.now_s = max(self.now_s, until_s)
            return False
        moment_s, _, what = heapq.heappop(self._due)
        self.now_s = max(self.now_s, moment_s)
        what()
        return True

    def end(self) -> None:
        """In the detector's thread: wake all threads that wait; nobody waits afterwards."""
        self._is_over = True
        while self._due:
            heapq.heappop(self._due)[2]()


class LockstepCamera(CameraThread):
    """A real camera whose threads take turns with the reader."""

    def __init__(self, camera: settings.Camera, time: Time, open_source: Callable[[settings.Camera], Source]) -> None:
        self._time = time
        super().__init__(camera, time, time.wait, open_source)

    def _start(self, health: CameraHealth) -> None:
        super()._start(health)
        self._time.let_run()

    def _run(self, capture: Capture, ending: threading.Event) -> None:
        self._time.sleep(0)
        super()._run(capture, ending)
        self._time.leave()

    def read(self, timeout_s: float | None = None) -> Frame | None:
        end_s = self._time() + (timeout_s or 0.0)
        while True:
            frame = super().read(0)
            if frame or not self._time.go_on(end_s):
                return frame

    def close(self) -> None:
        self._time.end()
        super().close()
