"""The doctor on a made-up machine with its own folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.alerts.alert import Alert
from app.alerts.pins import Switch
from app.camera.camera_thread import CameraThread
from app.camera.frame import Frame
from app.commands.doctor import Finding, Machine, check, examine
from app.gpio.lines import GpioUnavailable
from app.memory.usage import System
from app.part_status import CameraHealth
from config import settings as declared
from config.paths import Paths
from config.release_date import RELEASED_S
from config.settings import Settings
from config.store import Loaded, Store

DOTS = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
PICTURE = DOTS[:24, :32].repeat(10, axis=0).repeat(10, axis=1)
LIVE = CameraHealth(state="live", source="/dev/video0 (uvcvideo: HD Webcam)", width=640, height=480)
LOST = CameraHealth(state="lost", source="auto", message="no camera found: plug a USB camera in")
NOW_S = 5000.0


class FakeCamera(CameraThread):
    def __init__(self, health: CameraHealth, frame: Frame | None) -> None:
        self._health, self._frame = health, frame

    def read(self, timeout_s: float | None = None) -> Frame | None:
        return self._frame

    @property
    def health(self) -> CameraHealth:
        return self._health

    def close(self) -> None:
        pass


class Pin:
    def on(self) -> None: ...

    def off(self) -> None: ...

    def close(self) -> None: ...


def refuse() -> Switch:
    raise GpioUnavailable("the GPIO chip may not be opened: `sudo snap connect drivewatch:gpio-chardev`")


def alert_with(open_buzzer: Callable[[], Switch]) -> Callable[[Settings], Alert]:
    return lambda settings: Alert(open_buzzer, Pin if settings.alerting.visual_alerts_enabled else None)


def camera_with(
    health: CameraHealth, bgr: npt.NDArray[np.uint8] | None = PICTURE
) -> Callable[[declared.Camera], CameraThread]:
    return lambda _: FakeCamera(health, None if bgr is None else Frame(bgr, 0.0, 0))


WELL = Machine(
    open_camera=camera_with(LIVE),
    open_alert=alert_with(Pin),
    load_mesh=lambda vision: None,
    mounting_problem=lambda settings, frames: "",
    memory=lambda: System(total_mb=926, available_mb=500, psi_pct=None),
    free_mb=lambda folder: 1000.0,
    clock=lambda: NOW_S,
    wall=lambda: RELEASED_S + 1e6,
    is_synchronised=lambda: True,
)


@dataclass
class Practice:
    """The doctor with a data folder."""

    paths: Paths

    def configure(self, text: str) -> None:
        self.paths.data.mkdir(exist_ok=True)
        self.paths.config.write_text(text)

    def load(self) -> Loaded:
        return Store(self.paths.data).load()

    def findings(self, machine: Machine = WELL, settings: Settings | None = None) -> list[Finding]:
        loaded = self.load()
        return list(examine(loaded, settings or loaded.settings, self.paths, machine))

    def bad(self, machine: Machine = WELL, settings: Settings | None = None) -> list[tuple[str, str]]:
        return [(found.part, found.text) for found in self.findings(machine, settings) if not found.is_well]

    def check(self, machine: Machine = WELL) -> int:
        loaded = self.load()
        return check(loaded, loaded.settings, self.paths, machine)
