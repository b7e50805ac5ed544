"""Observation -> status.json, preview.jpg and the memory history: what the page, `drivewatch` and a mechanic see."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial

import cv2

from app.attention.policy import policy_of
from app.events import Sight, State
from app.memory.history import History, Reading
from app.memory.usage import system, usage_of
from app.monitor.aim import aim_of
from app.monitor.preview_picture import outlined
from app.monitor.problem import Surroundings, problem_in
from app.monitor.saving import Save, save_now
from app.observer import Observation
from app.part_status import Usage
from app.telemetry import course, status
from app.telemetry.course import Course
from app.telemetry.preview import Preview
from app.telemetry.run_folder import boot_id
from app.version import VERSION
from config.analysis import Analysis
from config.paths import Paths
from config.settings import Settings
from config.store import Loaded

STATUS_EVERY_S = 0.9  # once a second, also for frames that come a little early
ALIVE_EVERY_S = status.SILENT_S / 2  # where looks are farther apart
MEMORY_EVERY_S = 30.0  # a reading costs 2 to 6 ms
LATENCY_LOOKS = 20  # the mean counts about so many


def road_range_of(settings: Analysis) -> status.RoadRange:
    """Where the road's direction may be learnt with these settings."""
    policy = policy_of(settings)
    return status.RoadRange(
        settings.neutral_yaw, settings.neutral_pitch, policy.neutral_yaw_range_deg, policy.neutral_pitch_range_deg
    )


def configuration_of(settings: Settings, loaded: Loaded, fixed_keys: tuple[str, ...] = ()) -> status.Configuration:
    """What the status says of the settings in force, and which of them the command line gives."""
    return status.Configuration(
        profile=settings.profile,
        model=settings.vision.model,
        version_token=loaded.version,
        origin=loaded.origin,
        problems=tuple(map(str, loaded.problems)),
        fixed_keys=fixed_keys,
        fov_deg=settings.vision.horizontal_fov_deg,
        road_range=road_range_of(settings.analysis),
    )


class Report:
    """Keeps the run folder current. Nothing here can stop the detector, as the saving is done by `save`."""

    def __init__(
        self,
        paths: Paths,
        configuration: status.Configuration,
        budget_mb: float,
        jpeg_quality: int,
        started_s: float,
        wall: Callable[[], float] = time.time,
        save: Save = save_now,
    ) -> None:
        self._paths = paths
        self._configuration = configuration
        self._budget_mb = budget_mb
        self._jpeg_quality = jpeg_quality
        self._started_s, self._wall = started_s, wall
        self._save = save
        self.course = Course()
        self._preview: Preview | None = None
        self._history: History | None = None
        self._is_picture_wanted = False
        save("opening the run folder", self._open)
        self._usage: Usage | None = None
        self._usage_s = started_s
        self._written_s = float("-inf")
        self._seen: tuple[State, Sight] | None = None
        self._told: status.Status | None = None
        self._mean_ms, self._looks = 0.0, 0

    def update(self, look: Observation, now_s: float, around: Surroundings) -> None:
        """Write what was just seen: about once a second, and at once what is new."""
        newest_ms = None if look.frame is None else self._note_latency(now_s - look.frame.time_s)
        self._note_course(look)
        seen = look.verdict.state, look.sight
        if now_s - self._written_s < STATUS_EVERY_S and seen == self._seen:
            return
        self._written_s, self._seen = now_s, seen
        self._show_preview(look, now_s)
        usage = self._read_memory(now_s)
        self._write(self._status(look, now_s, newest_ms, usage, around))
        write = partial(course.write, self._paths.course, self.course.text())
        self._save("writing the course", write, is_newest=True)

    def still_here(self, now_s: float) -> None:
        """Write the status again where the next look is far off: a detector that looks every 10 s is not gone."""
        if self._told is not None and now_s - self._told.time_s >= ALIVE_EVERY_S:
            self._write(replace(self._told, time_s=now_s, wall_s=self._wall()))

    def _write(self, told: status.Status) -> None:
        self._told = told
        self._save("writing the status", partial(status.write, self._paths.status, told), is_newest=True)

    @property
    def problem(self) -> str:
        """What was told last of what is wrong; "" while all is well, or nothing was told yet."""
        return self._told.problem if self._told else ""

    def close(self) -> None:
        """Delete the preview."""
        self._save("removing the preview", self._remove_preview)

    def _open(self) -> None:
        self._preview = Preview(self._paths.run)
        self._history = History(self._paths.memory_history, boot_id(), started_s=self._started_s)

    def _remove_preview(self) -> None:
        if self._preview is not None:
            self._preview.remove()

    def _note_latency(self, latency_s: float) -> float:
        self._looks = min(self._looks + 1, LATENCY_LOOKS)
        self._mean_ms += (latency_s * 1000 - self._mean_ms) / self._looks
        return latency_s * 1000

    def _note_course(self, look: Observation) -> None:
        seen, verdict = _signals(look), look.verdict
        figures = (seen.yaw_deg, seen.pitch_deg, seen.gaze_yaw_deg, seen.eye_blink, seen.perclos)
        self.course.add(course.Sample(verdict.time_s, *figures, verdict.state, verdict.level))

    def _show_preview(self, look: Observation, now_s: float) -> None:
        """Write the picture while somebody watches and the camera sends more; otherwise delete it."""
        self._save("looking who watches", partial(self._ask_for_picture, now_s), is_newest=True)
        if not self._is_picture_wanted or look.frame is None:
            self._save("removing the preview", self._remove_preview, is_newest=True)
            return
        picture = outlined(look.frame.bgr, look.face)
        done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self._jpeg_quality])
        if done:
            self._save("writing the preview", partial(self._write_preview, jpeg.tobytes()), is_newest=True)

    def _ask_for_picture(self, now_s: float) -> None:
        self._is_picture_wanted = self._preview is not None and self._preview.wanted(now_s)

    def _write_preview(self, jpeg: bytes) -> None:
        if self._preview is not None and self._is_picture_wanted:
            self._preview.write(jpeg)

    def _read_memory(self, now_s: float) -> Usage:
        if self._usage is None or now_s - self._usage_s >= MEMORY_EVERY_S:
            self._usage, self._usage_s = usage_of(), now_s
            available_mb = system().available_mb
            reading = Reading(now_s, self._usage.rss_mb, self._usage.pss_mb, available_mb)
            self._save("keeping the memory history", partial(self._keep, reading))
        return self._usage

    def _keep(self, reading: Reading) -> None:
        if self._history is not None:
            self._history.add(reading)

    def _status(
        self, look: Observation, now_s: float, newest_ms: float | None, usage: Usage, around: Surroundings
    ) -> status.Status:
        verdict = look.verdict
        return status.Status(
            sequence=self._told.sequence + 1 if self._told else 1,
            boot_id=boot_id(),
            pid=os.getpid(),
            started_s=self._started_s,
            time_s=now_s,
            wall_s=self._wall(),
            version=VERSION,
            problem=problem_in(look, around, self._configuration),
            state=verdict.state,
            level=verdict.level,
            since_s=verdict.since_s,
            signals=_signals(look),
            aim=aim_of(look),
            neutral=verdict.neutral,
            limits=around.limits,
            camera=around.camera,
            vehicle=around.vehicle,
            trip=around.trip,
            clock=around.clock,
            alerts=status.Alerts(
                **asdict(around.alerts), muted=around.muted_until_s is not None, muted_until_s=around.muted_until_s
            ),
            memory=status.Memory(**asdict(usage), **asdict(around.saving), budget_mb=self._budget_mb),
            latency=status.Latency(newest_ms, self._mean_ms if self._looks else None),
            configuration=self._configuration,
            journal_problem=around.journal_problem,
            journal_remedy=around.journal_remedy,
            events=around.events,
        )


def _signals(look: Observation) -> status.Signals:
    seen, verdict = look.signals, look.verdict
    is_not_believed = seen is not None and seen.yaw_deg is not None and verdict.yaw_error_deg is None
    if seen is None or is_not_believed:  # a passenger's face, or one that the mesh does not fit
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
