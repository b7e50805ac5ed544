"""The doctor while a detector runs, or has failed: it asks the status instead of taking the camera."""

from __future__ import annotations

import os
from dataclasses import replace

from app.camera.camera_thread import CameraThread
from app.commands.doctor import FAILURE_FRESH_S
from app.events import State
from app.part_status import CameraHealth
from app.telemetry import failure, status
from app.telemetry.run_folder import boot_id
from config import settings as declared
from config.settings import Settings
from tests.support.doctor import NOW_S, WELL, Practice, alert_with, refuse


def no_camera(camera: declared.Camera) -> CameraThread:
    raise AssertionError("the detector has the camera")


def test_last_failure_is_reported_and_bad_while_fresh(practice: Practice) -> None:
    practice.paths.make()
    failure.note(practice.paths.failure, "it hung", NOW_S - 60)
    assert practice.bad() == [("last failure", "1 min ago, number 1 of this boot: it hung")]
    failure.note(practice.paths.failure, "it hung", NOW_S - FAILURE_FRESH_S - 1)
    assert practice.bad() == []
    assert "number 2 of this boot: it hung" in str(practice.findings())


RUNNING = status.Status(
    boot_id=boot_id(),
    pid=os.getpid(),
    started_s=NOW_S - 600,
    time_s=NOW_S - 1,
    state=State.ATTENTIVE,
    camera=CameraHealth(state="live", source="fake:attentive", width=320, height=240),
    alerts=status.Alerts(True, "", True, ""),
    memory=status.Memory(rss_mb=100),
)
TAKEN = replace(WELL, open_camera=no_camera, open_alert=alert_with(refuse))


def test_check_asks_a_running_detector_instead_of_opening_the_camera(practice: Practice) -> None:
    status.write(practice.paths.status, RUNNING)
    findings = practice.findings(TAKEN)
    assert all(found.is_well for found in findings)
    texts = {found.part: found.text for found in findings}
    assert "runs for 10 min" in texts["detector"]
    assert texts["camera"] == "fake:attentive, 320 x 240, attentive"
    assert "of which the detector has 100 MB" in texts["memory"]


def test_problems_of_a_running_detector_are_reported(practice: Practice) -> None:
    health, alerts = "no camera found: plug a USB camera in", status.Alerts(False, "no GPIO chip", True, "")
    lost = CameraHealth(state="lost")
    missing = replace(RUNNING, state=State.NO_CAMERA, camera=lost, problem=health, alerts=alerts)
    status.write(practice.paths.status, missing)
    assert practice.bad(TAKEN) == [("camera", health), ("buzzer", "no GPIO chip")]


def test_old_status_is_not_taken_for_a_running_detector(practice: Practice) -> None:
    for left in (replace(RUNNING, time_s=NOW_S - status.SILENT_S - 1), replace(RUNNING, boot_id="another")):
        status.write(practice.paths.status, left)
        assert "detector" not in [found.part for found in practice.findings()]


def test_check_opens_another_camera_beside_a_running_detector(practice: Practice) -> None:
    status.write(practice.paths.status, RUNNING)
    settings = replace(Settings(), camera=replace(Settings().camera, source="fake:attentive"))
    findings = practice.findings(settings=settings)
    assert "HD Webcam" in next(found.text for found in findings if found.part == "camera")
