"""A Capture that is driven without a thread."""

from __future__ import annotations

from collections.abc import Iterator

from app.camera.capture import Capture
from app.camera.frame import Frame
from app.camera.sources import Source
from app.part_status import CameraHealth
from config import settings
from tests.camera.scripted import LOST, Time


class Trip:
    """A Capture, its frames, and the times at which it opened a source."""

    def __init__(self, *openings: Source | Exception, camera: settings.Camera | None = None) -> None:
        self.time = Time()
        self.frames: list[Frame] = []
        self.opened_s: list[float] = []
        self.openings: Iterator[Source | Exception] = iter(openings)
        self.capture = Capture(camera or settings.Camera(), self._open, self.time, self.time(), CameraHealth())

    def _open(self) -> Source:
        self.opened_s.append(self.time() - 100)
        opening = next(self.openings, LOST)
        if isinstance(opening, Exception):
            raise opening
        return opening

    def drive(self, for_s: float) -> CameraHealth:
        end_s = self.time() + for_s
        while self.capture.due_s <= end_s:
            self.time.now_s = max(self.time.now_s, self.capture.due_s)
            frame = self.capture.step()
            if frame:
                self.frames.append(frame)
        self.time.now_s = max(self.time.now_s, end_s)
        return self.capture.health

    @property
    def times_s(self) -> list[float]:
        return [frame.time_s - 100 for frame in self.frames]
