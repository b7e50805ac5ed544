"""Every fault of a camera, with the state that the detector must show."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cv2.typing import MatLike

from app.events import State
from tests.faults.damaged_files import Files, damage_pictures, spoil_pictures, spoil_video, write_folder, write_video
from tests.faults.devices import (
    Device,
    black,
    errs,
    four_channels,
    grey,
    half,
    hangs,
    is_away,
    is_pulled,
    noise,
    opens_as_ever,
    opens_at_times,
    other_size,
    repeats,
    times_out,
)
from tests.faults.lockstep import Time
from tests.faults.rig import VIDEO_S, Rig


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a camera.

    `state` must be shown when it lasts; `rig` makes the camera, with a path for its files; `noticed_s` is how long good
    pictures may still arrive.
    """

    name: str
    state: State
    rig: Callable[[Path, Time, random.Random], Rig]
    longest_s: float = 15.0
    noticed_s: float = 0.0


def _device(
    fails: Callable[[Device], MatLike | None], opens: Callable[[Device], None] = opens_as_ever
) -> Callable[[Path, Time, random.Random], Rig]:
    return lambda path, time, chance: Device(fails, opens, time, chance)


AWAY = Fault("comes and goes", State.NO_CAMERA, _device(is_pulled, is_away), 6.0)
FAULTS = (
    Fault("times out", State.NO_CAMERA, _device(times_out)),
    Fault("hangs in its driver", State.NO_CAMERA, _device(hangs), 45.0),
    Fault("returns errors", State.NO_CAMERA, _device(errs, opens_at_times), 60.0),
    Fault("is away", State.NO_CAMERA, _device(is_pulled, is_away), 120.0),
    Fault("sends the same frame for ever", State.CAMERA_BLOCKED, _device(repeats)),
    Fault("sends black", State.CAMERA_BLOCKED, _device(black)),
    Fault("sends noise", State.CAMERA_BLOCKED, _device(noise)),
    Fault("sends half frames", State.NO_CAMERA, _device(half)),
    Fault("sends wrong sizes", State.NO_CAMERA, _device(other_size)),
    Fault("sends grey, which is judged", State.ATTENTIVE, _device(grey)),
    Fault("sends 4 channels, which are judged", State.ATTENTIVE, _device(four_channels)),
    Fault(
        "is a folder of JPEGs cut off, emptied or deleted",
        State.NO_CAMERA,
        partial(Files, write_folder, spoil_pictures),
    ),
    Fault(
        "is a folder of JPEGs, every second one damaged at random",
        State.ATTENTIVE,
        partial(Files, write_folder, damage_pictures),
    ),
    Fault(
        "is a video that is deleted or overwritten",
        State.NO_CAMERA,
        partial(Files, write_video, spoil_video),
        noticed_s=VIDEO_S,
    ),
)
