"""`python -m tests.soak.compressed START_S ARGUMENTS`: the detector with a clock that moves with the frames.

All of it is real except the camera's thread: a frame is taken when it is requested, and the clock is moved to
the moment at which it is due. So 86,400 frames at 1 frame a second are a day for every rule, and 20 minutes here.
"""

from __future__ import annotations

import subprocess  # noqa: F401  with threading and logging it keeps the real clock: what waits, waits really
import sys
import threading
import time
from dataclasses import dataclass


@dataclass
class Clock:
    """Monotonic seconds."""

    now_s: float
    offset_s: float

    def monotonic(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.now_s + self.offset_s


def main() -> int:
    clock = Clock(float(sys.argv[1]), time.time() - float(sys.argv[1]))
    time.monotonic, time.time = clock.monotonic, clock.wall  # before the modules that take them as their default

    from app.camera.camera_thread import CameraThread
    from app.camera.capture import Capture
    from app.camera.frame import Frame
    from app.camera.sources import open_source
    from app.commands.command_line import main as run
    from app.monitor import opening
    from app.part_status import CameraHealth
    from config import settings

    class SteppedCamera(CameraThread):
        """Takes a picture when it is requested."""

        def __init__(self, camera: settings.Camera) -> None:
            self.began_s = clock.now_s
            health = CameraHealth(source=camera.source)
            self._capture = Capture(camera, lambda: open_source(camera), clock.monotonic, self.began_s, health)

        def read(self, timeout_s: float | None = None) -> Frame | None:
            end_s = clock.now_s + (timeout_s or 0.0)
            while self._capture.due_s <= end_s:
                clock.now_s = max(clock.now_s, self._capture.due_s)
                if frame := self._capture.step():
                    return frame
            clock.now_s = end_s
            return None

        @property
        def health(self) -> CameraHealth:
            return self._capture.health

        def close(self) -> None:
            self._capture.close()

    vars(opening)["CameraThread"] = SteppedCamera
    return run(sys.argv[2:])


if __name__ == "__main__":
    assert threading.main_thread() is threading.current_thread()
    sys.exit(main())
