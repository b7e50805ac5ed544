"""A real detector whose camera does not answer ends at SIGTERM with status 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.support.played_camera import WHY_NOT, PlayedCamera
from tests.support.process import ROOT, Process

ENDS_S = 10.0


@contextmanager
def watching(folder: Path, fault: str) -> Iterator[tuple[Process, PlayedCamera]]:
    """A detector with a camera that has this fault from the start."""
    noise = np.random.default_rng(1).integers(60, 120, (4, 240, 320, 3)).astype(np.uint8)
    camera = PlayedCamera(folder, "MJPG", [*noise])
    camera.fault(fault)
    folders = {"DRIVEWATCH_DATA": str(folder / "data"), "XDG_RUNTIME_DIR": str(folder)}
    env = {**os.environ, **folders, **camera.env}
    command = [sys.executable, "-m", "app", "run", "--camera", "auto"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as popen:
        try:
            yield Process(popen), camera
        finally:
            popen.kill()


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.parametrize("fault", ["silent", "hangs", "opening-hangs"])
def test_detector_ends_cleanly_while_the_camera_does_not_answer(tmp_path: Path, fault: str) -> None:
    with watching(tmp_path, fault) as (process, _):
        process.wait_for("watching; Ctrl-C ends it")
        assert process.end(signal.SIGTERM) < ENDS_S
        assert process.popen.returncode == 0
        assert "Fatal" not in process.err


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_detector_ends_cleanly_after_the_camera_fell_silent(tmp_path: Path) -> None:
    with watching(tmp_path, "") as (process, camera):
        process.wait_for("camera live: /dev/video0")
        camera.fault("hangs")
        process.wait_for("no camera")
        process.end(signal.SIGTERM)
        assert process.popen.returncode == 0
