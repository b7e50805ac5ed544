"""A camera played by a preloaded library, as the process sees a real one: which pictures it takes, and its messages."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.played_camera import WHY_NOT, PlayedCamera
from tests.support.process import ROOT

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

# Faults with which every picture is refused while the camera continues to send
DAMAGED = ("cut=18", "cut=50", "cut=90", "cut=99", "empty", "marked")
LOST = {
    "away": "no camera found: plug a USB camera in",
    f"open={errno.EACCES}": "/dev/video0 may not be opened: `sudo usermod -aG video $USER`",
    f"open={errno.EBUSY}": "/dev/video0 is used by another program: `sudo fuser -v /dev/video0`",
    f"reqbufs={errno.EBUSY}": "/dev/video0 is used by another program: `sudo fuser -v /dev/video0`",
    f"streamon={errno.ENOSPC}": "/dev/video0 finds too little USB bandwidth: plug it into another USB port",
    f"dqbuf={errno.EIO}": "/dev/video0 gives no picture (Input/output error): plug the camera out and in again",
    f"dqbuf={errno.ENODEV}": "/dev/video0 does not exist: plug the camera in",
    f"dqbuf={errno.EPROTO}": "/dev/video0 is badly connected (Protocol error): take another cable or USB port",
    "only=H264": "/dev/video0 (uvcvideo: Played Camera) sends only H264, which cannot be read: take a camera that",
    "silent": "/dev/video0 gives no picture (it sends no pictures): plug the camera out and in again",
}


def looks(folder: Path, fourcc: str, *faults: str) -> list[dict[str, object]]:
    """One look for each of the faults, all in one process."""
    noise = np.random.default_rng(1).integers(0, 60, (4, 240, 320, 3))
    across = np.linspace(40, 190, 320)[:, np.newaxis]
    camera = PlayedCamera(folder, fourcc, [(across + one).astype(np.uint8) for one in noise])
    command = [sys.executable, "-m", "tests.camera.looks", camera.env["PLAYED_FAULT"]]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **camera.env},
        input="".join(f"{fault}\n" for fault in faults),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == "", "no library's words reach the log"
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("fourcc", ["MJPG", "YUYV", "GREY"])
def test_incomplete_pictures_are_refused_and_the_next_whole_one_is_taken(tmp_path: Path, fourcc: str) -> None:
    faults = (*DAMAGED, "hole") if fourcc == "MJPG" else DAMAGED
    first, *found, last = looks(tmp_path, fourcc, "", *faults, "")
    assert (first["good"], last["good"], first["bad"], last["bad"]) == (3, 3, "", "")
    assert {fault: one["good"] for fault, one in zip(faults, found, strict=True)} == dict.fromkeys(faults, 0)
    assert all(one["bad"] and not one["lost"] for one in found)


def test_each_loss_of_the_camera_names_a_fitting_remedy(tmp_path: Path) -> None:
    for (fault, words), found in zip(LOST.items(), looks(tmp_path, "MJPG", *LOST), strict=True):
        assert str(found["lost"]).startswith(words), fault
        assert found["remedy"] or fault in ("away", f"dqbuf={errno.ENODEV}")
        assert str(found["remedy"]) in str(found["lost"])
