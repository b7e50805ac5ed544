"""Every line that the banner can have, in four views: accessible, no wider than the window, large enough to press."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.banner import banner_part
from admin.health.machine import Machine
from admin.restart.course import Course, Phase
from app.telemetry.failure import Failure
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Alerts
from config.check import Problem
from tests.browser.conftest import Alone
from tests.support.banner import LOADED, NOW_S, WELL, facts


def ended(phase: Phase, **more: str) -> Course:
    return replace(Course(NOW_S - 9, phase=phase, message="", wanted="v2", in_force="v2"), **more)  # type: ignore[arg-type]


FIXED = replace(WELL, configuration=replace(WELL.configuration, fixed_keys=("camera.source",)))
LOG = "sudo snap logs drivewatch.detector"
NO_BUZZER = Alerts(
    buzzer_message="GPIO may not be opened: `sudo snap connect drivewatch:gpio-control`", muted_until_s=NOW_S + 470
)
CERTIFICATE = "/home/pi/fullchain.pem expires on 2026-12-09: renew it and run `sudo drivewatch.enable-https CERT KEY`"
STATES = {
    "silent": facts(
        log_command=LOG,
        latest=replace(FIXED, time_s=NOW_S - 75),
        failure=Failure(NOW_S - 80, boot_id(), "it hung for 20 s"),
    ),
    "restarting": facts(log_command=LOG, progress=ended("starting", message="The detector is starting.")),
    "rolled-back": facts(
        log_command=LOG,
        progress=ended("rolled_back", undone="/dev/video99 is not there: `v4l2-ctl --list-devices` lists cameras"),
    ),
    "failed": facts(
        log_command=LOG,
        latest=None,
        progress=ended("failed", message="The detector does not watch: it ends again and again"),
    ),
    "due-and-muted": facts(
        log_command=LOG,
        latest=replace(FIXED, alerts=replace(NO_BUZZER, buzzer_ok=True)),
        due=("camera.width", "camera.height", "camera.target_fps", "analysis.perclos_window"),
    ),
    "all": facts(
        log_command=LOG,
        latest=replace(FIXED, alerts=NO_BUZZER),
        machine=Machine(is_clock_set=False),
        is_exposed=True,
        certificate_problem=CERTIFICATE,
        loaded=replace(LOADED, problems=(Problem("camera.width", "wide", "must be a whole number", 3),)),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_each_banner_state_is_accessible(alone: Alone, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(banner_part, "facts", lambda: STATES[name])
    alone.tab.open("/restart")
    alone.tab.accept(f"banner-{name}")
