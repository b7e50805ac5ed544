"""Look -> status.json, preview.jpg and the memory history: what the page, `drivewatch` and a mechanic see."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app import memory, status
from app.alert import Availability
from app.camera import CameraHealth
from app.face import Face
from app.verdict import Event
from app.version import VERSION
from app.watch import Look
from config.paths import Paths

STATUS_EVERY_S = 1.0
MEMORY_EVERY_S = 10.0  # a reading costs 2 ms
LATENCY_WEIGHT = 0.05
OUTLINES = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
     136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),  # the face
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),  # the right eye
    (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382),  # the left eye
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),  # the mouth
)  # fmt: skip
OUTLINE_BGR = (80, 220, 120)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the report says beside the look: how the parts around it do at this moment."""

    camera: CameraHealth
    alerts: Availability
    events: tuple[Event, ...]
    journal_problem: str
    muted: bool


def outlined(bgr: npt.NDArray[np.uint8], face: Face | None) -> npt.NDArray[np.uint8]:
    """A copy of the picture with the face mesh's outlines on it."""
    picture = bgr.copy()
    if face is not None:
        points = np.round(face.landmarks[:, :2] * 4).astype(np.int32)
        for outline in OUTLINES:
            cv2.polylines(picture, [points[list(outline)]], True, OUTLINE_BGR, 1, cv2.LINE_AA, shift=2)
    return picture


class Report:
    """Keeps the run folder current. Nothing here can stop the detector."""

    def __init__(
        self,
        paths: Paths,
        configuration: status.Configuration,
        budget_mb: float,
        jpeg_quality: int,
        started_s: float,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._paths = paths
        self._configuration = configuration
        self._budget_mb, self._jpeg_quality = budget_mb, jpeg_quality
        self._started_s, self._wall = started_s, wall
        self._preview = status.Preview(paths.run)
        self._history = memory.History(paths.memory_history, status.boot_id())
        self._usage, self._usage_s = memory.usage_of(), started_s
        self._sequence = 0
        self._written_s = -STATUS_EVERY_S
        self._mean_ms: float | None = None

    def update(self, look: Look, now_s: float, around: Surroundings) -> None:
        """Tell what was just seen, no more than once a second."""
        newest_ms = None if look.frame is None else (now_s - look.frame.time_s) * 1000
        if newest_ms is not None:
            before_ms = newest_ms if self._mean_ms is None else self._mean_ms
            self._mean_ms = before_ms + LATENCY_WEIGHT * (newest_ms - before_ms)
        self._show_preview(look, now_s)
        if now_s - self._written_s < STATUS_EVERY_S / 2:
            return
        self._written_s = now_s
        self._read_memory(now_s)
        self._sequence += 1
        status.write(self._paths.status, self._status(look, now_s, newest_ms, around))

    def close(self) -> None:
        """Leave no picture behind."""
        self._preview.remove()

    def _show_preview(self, look: Look, now_s: float) -> None:
        if not self._preview.wanted(now_s):
            self._preview.remove()
        elif look.frame is not None:
            picture = outlined(look.frame.bgr, look.face)
            done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self._jpeg_quality])
            if done:
                self._preview.write(jpeg.tobytes())

    def _read_memory(self, now_s: float) -> None:
        if now_s - self._usage_s < MEMORY_EVERY_S and self._sequence:
            return
        self._usage, self._usage_s = memory.usage_of(), now_s
        usage, available_mb = self._usage, memory.system().available_mb
        self._history.add(memory.Reading(now_s, usage.rss_mb, usage.pss_mb, available_mb))

    def _status(self, look: Look, now_s: float, newest_ms: float | None, around: Surroundings) -> status.Status:
        verdict = look.verdict
        return status.Status(
            sequence=self._sequence,
            boot_id=status.boot_id(),
            pid=os.getpid(),
            started_s=self._started_s,
            time_s=now_s,
            wall_s=self._wall(),
            version=VERSION,
            health=health(look, around),
            state=verdict.state,
            level=verdict.level,
            since_s=verdict.since_s,
            signals=_signals(look),
            neutral=verdict.neutral,
            camera=status.Camera(**asdict(around.camera)),
            alerts=status.Alerts(**asdict(around.alerts), muted=around.muted),
            memory=status.Memory(**asdict(self._usage), budget_mb=self._budget_mb),
            latency=status.Latency(newest_ms, self._mean_ms),
            configuration=self._configuration,
            journal_problem=around.journal_problem,
            events=around.events,
        )


def health(look: Look, around: Surroundings) -> str:
    """One line for a mechanic, empty while all is well."""
    if around.camera.state in ("lost", "hung"):
        return around.camera.message
    if look.verdict.state.value == "camera_blocked":
        return f"the camera shows nothing ({look.sight.value}): clean the lens, and see that nothing hangs before it"
    return around.alerts.buzzer_message or around.journal_problem


def _signals(look: Look) -> status.Signals:
    seen, verdict = look.signals, look.verdict
    if seen is None:
        return status.Signals(perclos=verdict.perclos)
    return status.Signals(
        has_face=True,
        yaw_deg=seen.yaw_deg,
        pitch_deg=seen.pitch_deg,
        roll_deg=seen.roll_deg,
        ear=seen.ear,
        mar=seen.mar,
        gaze_yaw_deg=seen.gaze_yaw_deg,
        gaze_pitch_deg=seen.gaze_pitch_deg,
        perclos=verdict.perclos,
        eyes_closed=verdict.eyes_closed,
    )
