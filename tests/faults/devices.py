"""Scripted devices that fail at one moment and are back at another."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle

import cv2
import numpy as np
from cv2.typing import MatLike

from app.camera.pictures import SourceLost
from app.camera.sources import Source
from config import settings
from tests.faults.lockstep import Time
from tests.faults.rig import HEIGHT_PX, SIZE, WIDTH_PX, Picture, Rig, driver

OPENS_S = 0.3  # a USB camera
SELECT_S = 3.0  # time-out of v4l2_stream.py
STUCK_S, FOR_EVER_S = 15.0, 3600.0  # a thread that hangs for 12 s is replaced
OTHER_SIZES = ((160, 120), (240, 320), (640, 480), (320, 180), (17, 3))
FILLINGS = (
    (128, 128, 128),
    (0, 135, 0),
    (255, 255, 255),
)  # fillings of missing lines: JPEG's grey, zeros as YUYV, white
ERRORS: tuple[Callable[[], Exception], ...] = (  # factories, as an exception keeps its traceback
    partial(SourceLost, "/dev/video0 gives no picture (Input/output error): plug the camera out and in again"),
    partial(OSError, errno.EIO, "Input/output error"),
    partial(OSError, errno.ENODEV, "No such device"),
    partial(RuntimeError, "odd driver"),
    partial(MemoryError, "no buffers"),
    partial(cv2.error, "OpenCV(5.0.0)\n> error:\n  (-215) in function 'grab'\n"),
)


class Device(Rig):
    """A scripted device; `fails` gives its pictures and `opens` opens it while it is faulty."""

    def __init__(
        self,
        fails: Callable[[Device], MatLike | None],
        opens: Callable[[Device], None],
        time: Time,
        chance: random.Random,
    ) -> None:
        super().__init__(time, chance)
        self._fails, self._opens = fails, opens
        self.was_stuck = False
        self.show(driver())

    def show(self, pictures: Sequence[Picture]) -> None:
        self._pictures = cycle(pictures)
        self.last = next(self._pictures)

    def open(self, camera: settings.Camera) -> Source:
        if self.is_faulty:
            self._opens(self)
        self.time.sleep(OPENS_S)
        return Opened(self)

    def grab(self) -> MatLike | None:
        return self._fails(self) if self.is_faulty else self.good()

    def good(self) -> Picture:
        self.last = next(self._pictures)
        return self.last


class Opened:
    """The scripted device, opened."""

    name = "/dev/video0 (script: A Camera)"

    def __init__(self, device: Device) -> None:
        self.size: tuple[int, int] | None = SIZE
        self.period_s = 0.0
        self.note = ""
        self._device = device
        self._picture: MatLike | None = None
        self._is_open = True
        device.left_open += 1

    def grab(self, time_s: float) -> None:
        self._picture = self._device.grab()

    def retrieve(self) -> MatLike | None:
        return self._picture

    def close(self) -> None:
        self._device.left_open -= self._is_open
        self._is_open = False


def opens_as_ever(device: Device) -> None:
    """Open without an error: only the pictures fail."""


def opens_at_times(device: Device) -> None:
    if device.chance.random() < 0.5:
        raise device.chance.choice(ERRORS)()


def is_away(device: Device) -> None:
    raise SourceLost("/dev/video0 does not exist: plug the camera in, or set camera.source to auto")


def is_pulled(device: Device) -> MatLike | None:
    raise SourceLost("/dev/video0 gives no picture (No such device): plug the camera out and in again")


def times_out(device: Device) -> MatLike | None:
    device.time.sleep(min(SELECT_S, device.ends_s - device.time()))
    if device.is_faulty:
        raise SourceLost("/dev/video0 gives no picture (it has stopped sending): plug the camera out and in again")
    return device.good()


def hangs(device: Device) -> MatLike | None:
    """Hang until the fault ends; the first call of a long hang for the rest of the trip."""
    is_stuck = not device.was_stuck and device.ends_s - device.time() > STUCK_S
    device.was_stuck = device.was_stuck or is_stuck
    device.time.sleep(FOR_EVER_S if is_stuck else device.ends_s - device.time())
    return device.good()


def errs(device: Device) -> MatLike | None:
    raise device.chance.choice(ERRORS)()


def repeats(device: Device) -> MatLike | None:
    return device.last


def black(device: Device) -> MatLike | None:
    """Black, or with the little noise of a sensor without light."""
    return _dots(device.chance, 0, device.chance.choice((1, 3, 6)))


def noise(device: Device) -> MatLike | None:
    """Noise: coloured, grey, black and white, weak, two pixels wide, or compressed."""
    chance = device.chance
    dots = _dots(chance, 0, 256)
    grey_dots = np.repeat(dots[:, :, :1], 3, axis=2)
    pepper = (grey_dots > 127).astype(np.uint8) * 255
    wide = cv2.resize(dots[::2, ::2], SIZE, interpolation=cv2.INTER_LINEAR)
    compressed = cv2.imdecode(cv2.imencode(".jpg", dots)[1], cv2.IMREAD_COLOR)
    return chance.choice((dots, grey_dots, pepper, _dots(chance, 80, 170), wide, compressed))


def _dots(chance: random.Random, low: int, high: int) -> Picture:
    numbers = np.random.default_rng(chance.getrandbits(32))
    return numbers.integers(low, high, (HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)


def half(device: Device) -> MatLike | None:
    """Half the lines, with or without a filling, or None, as OpenCV returns for half a JPEG."""
    filled = device.chance.choice(driver()).copy()
    filled[int(HEIGHT_PX * device.chance.uniform(0.3, 0.7)) :] = device.chance.choice(FILLINGS)
    return device.chance.choice((filled[: HEIGHT_PX // 2], filled, None))


def other_size(device: Device) -> MatLike | None:
    return cv2.resize(device.chance.choice(driver()), device.chance.choice(OTHER_SIZES))


def grey(device: Device) -> MatLike | None:
    """A grey picture, of shape (height, width) or (height, width, 1)."""
    picture = cv2.cvtColor(device.good(), cv2.COLOR_BGR2GRAY)
    return device.chance.choice((picture, picture[:, :, np.newaxis]))


def four_channels(device: Device) -> MatLike | None:
    return np.dstack((device.good(), _dots(device.chance, 0, 256)[:, :, 0]))
