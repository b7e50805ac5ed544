"""The log lines of a real detector and page survive a kill, are shown on the page, and hold no secret."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from app.telemetry.log_file import FILE_MAX_BYTES
from tests.support.appliance import running, wait_for


def test_log_survives_a_kill_and_names_it(tmp_path: Path) -> None:
    with running(tmp_path, "--camera", "fake:attentive") as appliance:
        owner = appliance.signed_in()
        assert wait_for(lambda: "camera live" in owner.get("/health").text)
        (detector,) = appliance.pids("-m app run")
        os.kill(detector, signal.SIGKILL)
        assert wait_for(lambda: "the detector before this one has failed" in owner.get("/health").text)
        text = owner.get("/health/detector.log").text
        assert text.index(f"process {detector}") < text.index("it was ended from outside without a word")
        assert "signed in from 127.0.0.1" in owner.get("/health/page.log").text
        logs = [tmp_path / "data" / name for name in ("detector.log", "page.log")]
        for log in logs:
            assert log.stat().st_size <= FILE_MAX_BYTES
            assert appliance.password not in log.read_text()


def test_appliance_works_without_a_writable_log(tmp_path: Path) -> None:
    for name in ("detector.log", "page.log"):
        (tmp_path / "data" / name / "in the way").mkdir(parents=True)
    with running(tmp_path, "--camera", "fake:attentive") as appliance:
        owner = appliance.signed_in()
        assert wait_for(lambda: "attentive" in owner.get("/").text)
        answer = owner.get("/health")
        assert (answer.status, "No such line." in answer.text) == (200, True)
