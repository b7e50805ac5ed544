"""A camera with planned faults: the base of scripted devices and of damaged files."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from math import inf

import numpy as np
import numpy.typing as npt

from app.camera.sources import Source
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from config import settings
from tests.faults.lockstep import Time

Picture = npt.NDArray[np.uint8]
SIZE = WIDTH_PX, HEIGHT_PX = 320, 240
ASIDE_DEG = 42.0
FILES, VIDEO_FRAMES, VIDEO_FPS = 12, 24, 10.0  # at 1 or 2 frames a second no picture of the video repeats
VIDEO_S = VIDEO_FRAMES / VIDEO_FPS  # a deleted video still plays for so long


@cache
def driver(yaw_deg: float = 0.0) -> tuple[Picture, ...]:
    """Pictures of a driver with this yaw, no two equal."""
    renderer = Renderer(*SIZE, seed=1)
    return tuple(renderer.picture(Scene(time_s=number, yaw_deg=yaw_deg)) for number in range(VIDEO_FRAMES))


class Rig:
    """A camera that sends good pictures except while it is faulty."""

    source = "auto"

    def __init__(self, time: Time, chance: random.Random) -> None:
        self.time, self.chance = time, chance
        self.is_faulty = False
        self.ends_s = inf
        self.left_open = 0
        """The number of scripted devices that are open."""

    def plan(self, begins_s: float, ends_s: float) -> None:
        """Fail between these moments."""
        self.ends_s = ends_s
        self.time.at(begins_s, self.begin)
        self.time.at(ends_s, self.end)

    def begin(self) -> None:
        self.is_faulty = True

    def end(self) -> None:
        self.is_faulty = False

    def show(self, pictures: Sequence[Picture]) -> None:
        """Send these as good pictures from now on."""
        raise NotImplementedError

    def open(self, camera: settings.Camera) -> Source:
        raise NotImplementedError
