"""`drivewatch`: the one-screen status."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.commands.status import overview
from app.events import Event, Level, State
from app.part_status import CameraHealth
from app.telemetry import status
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Alerts, Configuration, Memory, Status
from config import password
from config.paths import Paths

NOW_S = 10_000.0
WELL = Status(
    boot_id=boot_id(),
    pid=4321,
    started_s=NOW_S - 7200,
    time_s=NOW_S - 1,
    state=State.LOOKING_AWAY,
    level=Level.WARNING,
    since_s=NOW_S - 4,
    camera=CameraHealth("live", "/dev/video0", width=320, height=240, measured_fps=1.0),
    alerts=Alerts(buzzer_ok=True, led_ok=True),
    memory=Memory(rss_mb=91.4, peak_mb=93.0, budget_mb=160),
    configuration=Configuration("low_memory", "lite", origin="defaults"),
    events=(Event(State.DROWSY, Level.ALARM, 1.0, 1.0, 1.0, 2.0), Event(State.PHONE, Level.WARNING, 3.0, 3.0, 3.0)),
)
SCREEN = """\
driver    looking away from the road (warning) for 4 s
camera    /dev/video0 live, 320 x 240, 1.0/s
buzzer    ready
LED       ready
memory    91 MB of 160, highest 93
settings  low_memory, model lite, from defaults
events    phone at the ear (warning), drowsy (alarm)
"""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    for name in ("SNAP_INSTANCE_NAME", "PORT"):
        monkeypatch.delenv(name, raising=False)
    return Paths(tmp_path, tmp_path, tmp_path)


def screen(paths: Paths, capsys: pytest.CaptureFixture[str], found: Status | None) -> tuple[int, str]:
    if found:
        status.write(paths.status, found)
    return overview(paths, NOW_S), capsys.readouterr().out


def test_status_fits_one_screen(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    password.save(paths.admin_password, "correct horse battery staple")
    code, out = screen(paths, capsys, WELL)
    assert code == 0
    assert out.startswith(SCREEN)
    assert "process 4321, runs for 2 h\npage      http://127.0.0.1:8080\n" in out
    assert max(map(len, out.splitlines())) <= 80
    assert len(out.splitlines()) <= 24


def test_problem_is_the_second_line_and_exit_status_1(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = screen(paths, capsys, replace(WELL, problem="no camera: plug it in"))
    assert code == 1
    assert out.splitlines()[1] == "problem   no camera: plug it in"
    assert "without a password yet: `.venv/bin/python -m app admin-password`" in out


@pytest.mark.parametrize("left", [None, replace(WELL, time_s=NOW_S - 60), replace(WELL, boot_id="another")])
def test_status_without_a_running_detector_exits_1(
    paths: Paths, capsys: pytest.CaptureFixture[str], left: Status | None
) -> None:
    code, out = screen(paths, capsys, left)
    assert code == 1
    assert out.startswith("detector  not running; `.venv/bin/python -m app check` says")
    assert "driver" not in out


def test_status_without_root_names_sudo(
    paths: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may enter everything
    code, out = screen(paths, capsys, WELL)
    assert (code, out) == (1, "detector  cannot be told without root: `sudo drivewatch`\n")
    code, out = screen(replace(paths, run=paths.run / "missing"), capsys, None)
    assert code == 1
    assert out.startswith("detector  not running; ")
