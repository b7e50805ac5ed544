"""Camera and pins that are stuck: the stream is reopened, and what hangs in a driver's call ends the process."""

from __future__ import annotations

from app.alerts.alert import Alert
from app.camera.camera_thread import CameraThread
from app.events import Sight
from app.held_for import HeldFor
from app.monitor.errors import HungError

# capture.py has replaced the hung thread once by then; only the end of the process frees the device
CAMERA_HUNG_S = 60.0
PINS_HUNG_S = 20.0  # a write takes microseconds
# A stream that repeats its picture may live again once it is reopened; each try waits twice as long as the last
STUCK_S, STUCK_MAX_S = 30.0, 600.0


class HungParts:
    """A thread that hangs in a driver's call is freed only by the end of the process."""

    def __init__(self, camera: CameraThread, alert: Alert) -> None:
        self._camera, self._alert = camera, alert
        self._hung = HeldFor()

    def check(self, now_s: float) -> None:
        """To be called for each frame. Raises: HungError."""
        health, pins_s = self._camera.health, self._alert.busy_s(now_s)
        if self._hung.update(health.state == "hung", now_s) >= CAMERA_HUNG_S:
            raise HungError(f"{health.message}; so for {CAMERA_HUNG_S:.0f} s, and the detector is started again")
        if pins_s >= PINS_HUNG_S:
            raise HungError(f"the buzzer or LED pin does not answer for {pins_s:.0f} s: the detector is started again")


class FrozenStream:
    """Reopens a camera that sends the same picture again and again."""

    def __init__(self, camera: CameraThread) -> None:
        self._camera = camera
        self._frozen = HeldFor()
        self._reopen_after_s = self._pause_s = STUCK_S

    def update(self, sight: Sight, now_s: float) -> None:
        """To be called with what each frame lets see."""
        frozen_s = self._frozen.update(sight is Sight.FROZEN, now_s)
        if frozen_s < 0:
            self._reopen_after_s = self._pause_s = STUCK_S
        elif frozen_s >= self._reopen_after_s:
            self._camera.reopen(f"{self._camera.health.source} sends the same picture again and again: reopened")
            self._pause_s = min(2 * self._pause_s, STUCK_MAX_S)
            self._reopen_after_s = frozen_s + self._pause_s
