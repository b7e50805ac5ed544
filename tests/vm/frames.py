"""The rendered driver as raw pictures, as a camera's driver gives them."""

from __future__ import annotations

from pathlib import Path

import cv2

from app.fake_driver.record import rendered
from app.fake_driver.scenario import load_scenario
from tests.vm.archive import HERE

SIZE = (320, 240)
FPS = 2  # of guest/hardware.sh
SCENARIO = HERE / "drive.yaml"


def write(path: Path) -> None:
    """One round of the drive as YUYV, frame after frame."""
    scenario = load_scenario(str(SCENARIO))
    with path.open("wb") as file:
        for _, picture in rendered(scenario, FPS, scenario.length_s, SIZE, seed=0):
            file.write(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_YUY2).tobytes())
