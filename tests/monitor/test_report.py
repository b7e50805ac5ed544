"""The detector's report in the run folder, read back as the page reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from math import inf, nan
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.alerts.alert import LED_OFF
from app.events import Level, Sight, State
from app.memory.history import read_history
from app.monitor.preview_picture import OUTLINE_BGR, outlined
from app.monitor.problem import Surroundings
from app.monitor.report import ALIVE_EVERY_S, Report, configuration_of
from app.observer import Observation
from app.part_status import CameraHealth, MemorySaving
from app.telemetry import status
from app.telemetry.preview import ask_for_preview
from app.telemetry.run_folder import boot_id
from app.version import VERSION
from app.vision.face import Face
from config.paths import Paths
from config.settings import Settings
from config.store import Store
from tests.support.reports import LOST, NO_PROBLEMS, PICTURE, VERDICT, WELL, look_at
from tests.support.story import ROAD

STARTED_S, WALL_S = 500.0, 1.8e9


def look_at_nothing(time_s: float) -> Observation:
    verdict = replace(VERDICT, time_s=time_s, state=State.NO_CAMERA)
    return Observation(None, Sight.NOTHING, None, None, verdict)


@dataclass
class RunFolder:
    """A report in a run folder, and the status that the page reads there."""

    paths: Paths
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        self.report = Report(self.paths, NO_PROBLEMS, 160, 70, STARTED_S, wall=lambda: WALL_S)

    def tell(self, look: Observation, now_s: float, around: Surroundings = WELL) -> status.Status:
        self.report.update(look, now_s, around)
        return self.read()

    def read(self) -> status.Status:
        found = status.read(self.paths.status)
        assert found is not None
        return found

    def ask_for_preview(self, number: int) -> None:
        """Ask as the page does, with a file time that differs each time even on a coarse clock."""
        ask_for_preview(self.paths.run)
        os.utime(self.paths.preview_wanted, ns=(number, number))


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(Paths(data=tmp_path / "data", run=tmp_path / "run", common=tmp_path / "common"))


def test_status_has_the_signals_and_the_state_of_all_parts(folder: RunFolder) -> None:
    told = folder.tell(look_at(600.0), 600.25)
    assert (told.sequence, told.pid, told.boot_id, told.version) == (1, os.getpid(), boot_id(), VERSION)
    assert (told.started_s, told.time_s, told.wall_s) == (STARTED_S, 600.25, WALL_S)
    assert (told.state, told.level, told.problem) == (State.ATTENTIVE, Level.NONE, "")
    assert told.signals == status.Signals(
        has_face=True,
        yaw_deg=0,
        pitch_deg=0,
        roll_deg=0,
        ear=ROAD.ear,
        mar=ROAD.mar,
        gaze_yaw_deg=4.0,
        perclos=VERDICT.perclos,
        eye_blink=ROAD.eye_blink,
        eyes_closed=False,
        eyes_hidden=False,
    )
    assert told.neutral == VERDICT.neutral
    assert (told.camera.state, told.camera.width, told.camera.frames) == ("live", 640, 7)
    assert told.alerts == status.Alerts(True, "", True, LED_OFF, muted=False)
    assert told.latency == status.Latency(250.0, 250.0)
    assert told.configuration == NO_PROBLEMS
    assert told.events == WELL.events
    assert told.memory.budget_mb == 160
    assert told.memory.rss_mb > 1


def test_status_stays_fresh_between_distant_looks(folder: RunFolder) -> None:
    folder.report.still_here(599.0)
    assert status.read(folder.paths.status) is None
    told = folder.tell(look_at(600.0), 600.25)
    folder.report.still_here(600.25 + ALIVE_EVERY_S - 0.1)
    assert folder.read() == told
    folder.report.still_here(600.25 + ALIVE_EVERY_S)
    assert folder.read() == replace(told, time_s=600.25 + ALIVE_EVERY_S)
    later = folder.tell(look_at(603.0), 603.0)
    assert (later.sequence, later.time_s) == (2, 603.0)  # it counts looks


def test_face_of_a_passenger_is_not_reported(folder: RunFolder) -> None:
    told = folder.tell(look_at(600.0, replace(VERDICT, yaw_error_deg=None)), 600.25)
    assert told.signals == status.Signals(perclos=VERDICT.perclos)


def test_memory_saving_is_reported_with_the_reason(folder: RunFolder) -> None:
    saved = MemorySaving("the model is standard", "only 45 MB are available")
    told = folder.tell(look_at(600.0), 600.25, replace(WELL, saving=saved))
    assert (told.memory.saving, told.memory.saving_reason) == ("the model is standard", "only 45 MB are available")
    assert told.problem == (
        "memory is short (only 45 MB are available), so the model is standard: stop other programs, `top -o %MEM`"
    )


def test_status_without_a_frame_has_no_signals(folder: RunFolder) -> None:
    told = folder.tell(look_at_nothing(600.0), 600.0, replace(WELL, camera=CameraHealth(last_frame_s=590.0)))
    assert told.signals == status.Signals(perclos=VERDICT.perclos)
    assert told.latency == status.Latency(None, None)
    assert told.time_s - (told.camera.last_frame_s or 0) == 10


def test_figures_that_are_not_finite_are_left_out_of_the_status(folder: RunFolder) -> None:
    look = look_at(600.0)
    around = replace(WELL, camera=replace(WELL.camera, measured_fps=inf))
    told = folder.tell(replace(look, signals=replace(ROAD, yaw_deg=nan, ear=inf)), 600.0, around)
    assert told.state is State.ATTENTIVE
    assert (told.signals.yaw_deg, told.signals.ear) == (None, None)
    assert "NaN" not in folder.paths.status.read_text()
    assert "Infinity" not in folder.paths.status.read_text()


@pytest.mark.parametrize(("period_s", "written"), [(1.0, 10), (0.97, 10), (0.125, 10), (0.5, 10), (2.0, 5)])
def test_the_status_is_written_about_once_a_second(folder: RunFolder, period_s: float, written: int) -> None:
    for number in range(round(10 / period_s)):
        folder.tell(look_at(600 + number * period_s), 600 + number * period_s)
    assert folder.read().sequence == written


def test_changed_state_is_written_at_once(folder: RunFolder) -> None:
    folder.tell(look_at_nothing(600.0), 600.0)
    assert folder.tell(look_at(600.2), 600.2).state is State.ATTENTIVE
    assert folder.tell(look_at(600.4, replace(VERDICT, state=State.PHONE)), 600.4).state is State.PHONE
    assert folder.tell(look_at(600.6, replace(VERDICT, state=State.PHONE)), 600.6).sequence == 3


def test_first_frame_after_none_is_written_at_once(folder: RunFolder) -> None:
    nothing = replace(look_at_nothing(600.0), verdict=VERDICT)
    assert not folder.tell(nothing, 600.0, replace(WELL, camera=LOST)).signals.has_face
    told = folder.tell(look_at(600.2), 600.2)
    assert (told.signals.has_face, told.problem) == (True, "")


def test_mean_latency_follows_the_last_frames(folder: RunFolder) -> None:
    told = folder.tell(look_at(600.0), 601.0)
    assert told.latency == status.Latency(1000.0, 1000.0)
    for second in range(1, 60):
        told = folder.tell(look_at(601.0 + second), 601.1 + second)
    assert told.latency.newest_ms == pytest.approx(100)
    assert told.latency.mean_ms == pytest.approx(100, abs=20)
    for second in range(61, 160):
        told = folder.tell(look_at(601.0 + second), 601.5 + second)
    assert told.latency.mean_ms == pytest.approx(500, abs=20)


def test_preview_is_written_only_while_requested(folder: RunFolder) -> None:
    folder.tell(look_at(599.0), 599.0)
    assert not folder.paths.preview.exists()
    folder.ask_for_preview(1)
    folder.tell(look_at(600.0), 600.0)
    data = np.frombuffer(folder.paths.preview.read_bytes(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == PICTURE.shape
    folder.ask_for_preview(2)
    folder.tell(look_at(606.0), 606.0)
    folder.tell(look_at(615.0), 615.0)
    assert folder.paths.preview.exists()
    folder.tell(look_at(617.0), 617.0)
    assert not folder.paths.preview.exists()


def test_preview_is_removed_if_the_camera_sends_no_picture(folder: RunFolder) -> None:
    folder.ask_for_preview(1)
    folder.tell(look_at(600.0), 600.0)
    folder.tell(look_at_nothing(602.0), 602.0)
    assert not folder.paths.preview.exists()


def test_preview_is_removed_at_the_end(folder: RunFolder) -> None:
    folder.ask_for_preview(1)
    folder.tell(look_at(600.0), 600.0)
    folder.report.close()
    assert not folder.paths.preview.exists()


def test_preview_outlines_the_face_without_changing_the_frame() -> None:
    around_s = np.linspace(0, 2 * np.pi, 468, dtype=np.float32)
    landmarks = np.stack([32 + 12 * np.cos(around_s), 24 + 12 * np.sin(around_s), 0 * around_s], axis=1)
    drawn = outlined(PICTURE, Face(landmarks.astype(np.float32), 1.0))
    assert (drawn == OUTLINE_BGR).all(axis=2).any()
    assert (PICTURE == 90).all()
    assert (outlined(PICTURE, None) == PICTURE).all()


def test_report_keeps_a_memory_history(folder: RunFolder) -> None:
    for second in range(120):
        folder.tell(look_at(600.0 + second), 600.0 + second)
    readings = read_history(folder.paths.memory_history, boot_id())
    assert [reading.time_s for reading in readings] == [600, 630, 660, 690]
    assert all(reading.rss_mb > 1 and reading.available_mb > 1 for reading in readings)


def test_report_to_an_unwritable_run_folder_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    paths = Paths(data=tmp_path, run=tmp_path / "file", common=tmp_path)
    report = Report(paths, NO_PROBLEMS, 160, 70, STARTED_S)
    report.update(look_at(600.0), 600.0, WELL)
    report.close()


def test_problems_of_the_settings_are_reported(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("camera:\n  width: 7\n")
    loaded = Store(tmp_path).load()
    told = configuration_of(loaded.settings, loaded)
    assert told.problems == ("line 2: camera.width: 7 must be between 64 and 1920 px",)
    assert (told.profile, told.model, told.version_token) == ("low_memory", Settings().vision.model, loaded.version)
    assert told.fixed_keys == ()
    assert configuration_of(loaded.settings, loaded, ("camera.source",)).fixed_keys == ("camera.source",)
