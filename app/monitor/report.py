"""Observation -> status.json, preview.jpg and the memory history: what the page, `drivewatch` and a mechanic see."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from app.alerts.alert import Availability
from app.camera.capture import CameraHealth
from app.events import Event, Sight, State
from app.memory import memory
from app.memory.governor import Thrift
from app.observer import Observation
from app.telemetry import status
from app.version import VERSION
from app.vision.face import Face
from app.vision.sight import NOISE_REMEDY
from config.paths import Paths
from config.settings import Settings
from config.store import Loaded

STATUS_EVERY_S = 0.9  # once a second, also for frames that come a little early
ALIVE_EVERY_S = status.SILENT_S / 2  # where looks are farther apart
MEMORY_EVERY_S = 30.0  # a reading costs 2 to 6 ms
LATENCY_LOOKS = 20  # the mean counts about so many
OUTLINES = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
     136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),  # the face
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),  # the right eye
    (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382),  # the left eye
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),  # the mouth
)  # fmt: skip
FOREHEAD, CHIN = 10, 152
OUTLINE_BGR = (80, 220, 120)
SENT_BY_BROKEN_CAMERAS = {  # which no clean lens helps
    Sight.FROZEN: "the same picture again and again: plug the camera out and in again",
    Sight.NOISE: f"noise: {NOISE_REMEDY}",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the report says beside the look: how the parts around it do at this moment."""

    camera: CameraHealth
    alerts: Availability
    events: tuple[Event, ...]
    watch_problem: str
    journal_problem: str
    muted: bool
    thrift: Thrift


def configuration_of(settings: Settings, loaded: Loaded) -> status.Configuration:
    """What the status says of the settings in force."""
    return status.Configuration(
        profile=settings.profile,
        model=settings.vision.model,
        version_token=loaded.version,
        origin=loaded.origin,
        problems=tuple(map(str, loaded.problems)),
    )


def outlined(bgr: npt.NDArray[np.uint8], face: Face | None) -> npt.NDArray[np.uint8]:
    """A copy of the picture with the face mesh's outlines on it."""
    picture = bgr.copy()
    if face is not None:
        points = np.round(face.landmarks[:, :2] * 4).astype(np.int32)
        for outline in OUTLINES:
            cv2.polylines(picture, [points[list(outline)]], True, OUTLINE_BGR, 1, cv2.LINE_AA, shift=2)
    return picture


def is_upside_down(face: Face) -> bool:
    """The chin is above the forehead."""
    return bool(face.landmarks[CHIN, 1] < face.landmarks[FOREHEAD, 1])


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
        self._budget_mb = budget_mb
        self.jpeg_quality = jpeg_quality
        self._started_s, self._wall = started_s, wall
        self._preview = status.Preview(paths.run)
        self._history = memory.History(paths.memory_history, status.boot_id())
        self._usage: memory.Usage | None = None
        self._usage_s = started_s
        self._written_s = float("-inf")
        self._seen: tuple[State, Sight] | None = None
        self._told: status.Status | None = None
        self._mean_ms, self._looks = 0.0, 0

    def update(self, look: Observation, now_s: float, around: Surroundings) -> None:
        """Tell what was just seen, about once a second, and at once what is new."""
        newest_ms = None if look.frame is None else self._note_latency(now_s - look.frame.time_s)
        seen = look.verdict.state, look.sight
        if now_s - self._written_s < STATUS_EVERY_S and seen == self._seen:
            return
        self._written_s, self._seen = now_s, seen
        self._show_preview(look, now_s)
        usage = self._read_memory(now_s)
        self._write(self._status(look, now_s, newest_ms, usage, around))

    def still_here(self, now_s: float) -> None:
        """Say so again where the next look is long in coming: a detector that looks every 10 s is not gone."""
        if self._told is not None and now_s - self._told.time_s >= ALIVE_EVERY_S:
            self._write(replace(self._told, time_s=now_s, wall_s=self._wall()))

    def _write(self, told: status.Status) -> None:
        self._told = told
        status.write(self._paths.status, told)

    def close(self) -> None:
        """Leave no picture behind."""
        self._preview.remove()

    def _note_latency(self, latency_s: float) -> float:
        self._looks = min(self._looks + 1, LATENCY_LOOKS)
        self._mean_ms += (latency_s * 1000 - self._mean_ms) / self._looks
        return latency_s * 1000

    def _show_preview(self, look: Observation, now_s: float) -> None:
        """A picture stays no longer than somebody watches and the camera sends more."""
        if not self._preview.wanted(now_s) or look.frame is None:
            self._preview.remove()
            return
        picture = outlined(look.frame.bgr, look.face)
        done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])
        if done:
            self._preview.write(jpeg.tobytes())

    def _read_memory(self, now_s: float) -> memory.Usage:
        if self._usage is None or now_s - self._usage_s >= MEMORY_EVERY_S:
            self._usage, self._usage_s = memory.usage_of(), now_s
            available_mb = memory.system().available_mb
            self._history.add(memory.Reading(now_s, self._usage.rss_mb, self._usage.pss_mb, available_mb))
        return self._usage

    def _status(
        self, look: Observation, now_s: float, newest_ms: float | None, usage: memory.Usage, around: Surroundings
    ) -> status.Status:
        verdict = look.verdict
        return status.Status(
            sequence=self._told.sequence + 1 if self._told else 1,
            boot_id=status.boot_id(),
            pid=os.getpid(),
            started_s=self._started_s,
            time_s=now_s,
            wall_s=self._wall(),
            version=VERSION,
            health=health(look, around, self._configuration),
            state=verdict.state,
            level=verdict.level,
            since_s=verdict.since_s,
            signals=_signals(look),
            neutral=verdict.neutral,
            camera=status.Camera(**asdict(around.camera)),
            alerts=status.Alerts(**asdict(around.alerts), muted=around.muted),
            memory=status.Memory(**asdict(usage), **asdict(around.thrift), budget_mb=self._budget_mb),
            latency=status.Latency(newest_ms, self._mean_ms if self._looks else None),
            configuration=self._configuration,
            journal_problem=around.journal_problem,
            events=around.events,
        )


def health(look: Observation, around: Surroundings, configuration: status.Configuration) -> str:
    """One line for a mechanic, empty while all is well: what keeps the driver from being watched stands first."""
    state, camera, alerts = look.verdict.state, around.camera, around.alerts
    if around.watch_problem:
        return around.watch_problem
    if camera.state in ("lost", "hung"):
        return camera.message
    if state is State.NO_CAMERA:
        return f"{camera.source} sends no pictures: plug the camera out and in again"
    if state is State.CAMERA_BLOCKED and look.sight in SENT_BY_BROKEN_CAMERAS:
        return f"{camera.source} sends {SENT_BY_BROKEN_CAMERAS[look.sight]}"
    if state is State.CAMERA_BLOCKED:
        return f"the camera shows nothing ({look.sight.value}): clean the lens, and see that nothing hangs before it"
    if look.face is not None and is_upside_down(look.face):
        return "the face stands on its head: turn the camera the other way up"
    problems = (
        alerts.buzzer_message,
        "" if alerts.led_ok else alerts.led_message,
        around.journal_problem,
        *configuration.problems[:1],
        _thrift_in_words(around.thrift),
    )
    return next(filter(None, problems), "")


def _thrift_in_words(thrift: Thrift) -> str:
    if not thrift.rung:
        return ""
    return (
        f"memory is short ({thrift.saving_reason}), so {', '.join(thrift.saving)}: stop other programs, `top -o %MEM`"
    )


def _signals(look: Observation) -> status.Signals:
    seen, verdict = look.signals, look.verdict
    is_not_believed = seen is not None and seen.yaw_deg is not None and verdict.yaw_error_deg is None
    if seen is None or is_not_believed:  # a passenger's, or one that the mesh misfits
        return status.Signals(perclos=verdict.perclos)
    return status.Signals(
        has_face=True,
        yaw_deg=seen.yaw_deg,
        pitch_deg=seen.pitch_deg,
        roll_deg=seen.roll_deg,
        ear=seen.ear,
        mar=seen.mar,
        gaze_yaw_deg=seen.gaze_yaw_deg,
        perclos=verdict.perclos,
        eye_blink=seen.eye_blink,
        eyes_closed=verdict.eyes_closed,
        eyes_hidden=seen.eyes_hidden,
    )
