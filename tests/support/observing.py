"""An observer with chosen settings, and frames of the rendered driver."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from app.camera.frame import Frame
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.observer import Observer
from config.settings import Settings

Picture = npt.NDArray[np.uint8]
SETTINGS = Settings()
ANALYSIS, VISION = SETTINGS.analysis, SETTINGS.vision
RENDERER = Renderer(320, 240, seed=1)
BLACK = np.zeros((240, 320, 3), np.uint8)


def new_watch(**vision: str | bool) -> Observer:
    return Observer(replace(VISION, **vision), ANALYSIS, SETTINGS.alerting.repeat_s)  # type: ignore[arg-type]


@cache
def rendered(scene: Scene) -> Picture:
    return RENDERER.picture(scene)


def frame(time_s: float, scene: Scene) -> Frame:
    return Frame(rendered(replace(scene, time_s=time_s)), time_s, int(time_s))
