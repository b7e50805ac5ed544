"""Cameras that fail at one moment and are back at another: scripted devices, and files that somebody damages."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle
from math import inf
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from app.camera.pictures import SourceLost
from app.camera.sources import Source, open_source
from app.events import State
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from config import settings
from tests.faults.damaged import damaged
from tests.faults.lockstep import Time

Picture = npt.NDArray[np.uint8]

SIZE = WIDTH_PX, HEIGHT_PX = 320, 240
ASIDE_DEG = 42.0
OPENS_S = 0.3  # a USB camera
SELECT_S = 3.0  # that OpenCV waits for a picture, as v4l2.py asks it to
STUCK_S, FOR_EVER_S = 15.0, 3600.0  # a thread that hangs for 12 s is replaced
OTHER_SIZES = ((160, 120), (240, 320), (640, 480), (320, 180), (17, 3))
FILLINGS = ((128, 128, 128), (0, 135, 0), (255, 255, 255))  # of what is missing: JPEG's, zeros read as YUYV, white
FILES, VIDEO_FRAMES, VIDEO_FPS = 12, 24, 10.0  # taken at 1 or 2 a second, no picture of the video follows itself
VIDEO_S = VIDEO_FRAMES / VIDEO_FPS  # so long it plays on when it is deleted

ERRORS: tuple[Callable[[], Exception], ...] = (  # made anew each time, as they keep where they were raised
    partial(SourceLost, "/dev/video0 gives no picture (Input/output error): plug the camera out and in again"),
    partial(OSError, errno.EIO, "Input/output error"),
    partial(OSError, errno.ENODEV, "No such device"),
    partial(RuntimeError, "odd driver"),
    partial(MemoryError, "no buffers"),
    partial(cv2.error, "OpenCV(5.0.0)\n> error:\n  (-215) in function 'grab'\n"),
)


@cache
def driver(yaw_deg: float = 0.0) -> tuple[Picture, ...]:
    """Pictures of a driver who looks there, no two the same."""
    renderer = Renderer(*SIZE, seed=1)
    return tuple(renderer.picture(Scene(time_s=number, yaw_deg=yaw_deg)) for number in range(VIDEO_FRAMES))


class Rig:
    """Sends good pictures, but for a time."""

    source = "auto"

    def __init__(self, time: Time, chance: random.Random) -> None:
        self.time, self.chance = time, chance
        self.is_faulty = False
        self.ends_s = inf
        self.left_open = 0
        """How many scripted devices are open."""

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
        """What good pictures show from now on."""
        raise NotImplementedError

    def open(self, camera: settings.Camera) -> Source:
        raise NotImplementedError


class Device(Rig):
    """A scripted device: what it gives and whether it can be opened while it fails."""

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
    """What fails are its pictures."""


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
    """Until it is back; the first call of a long hang for ever, as far as the trip goes."""
    is_stuck = not device.was_stuck and device.ends_s - device.time() > STUCK_S
    device.was_stuck = device.was_stuck or is_stuck
    device.time.sleep(FOR_EVER_S if is_stuck else device.ends_s - device.time())
    return device.good()


def errs(device: Device) -> MatLike | None:
    raise device.chance.choice(ERRORS)()


def repeats(device: Device) -> MatLike | None:
    return device.last


def black(device: Device) -> MatLike | None:
    """Pure, or with the little that a sensor makes of no light."""
    return _dots(device.chance, 0, device.chance.choice((1, 3, 6)))


def noise(device: Device) -> MatLike | None:
    """Of any colours, grey, black and white, weak, two pixels wide, or compressed."""
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
    """Half the lines, some of them filled, or nothing, which is what OpenCV makes of half a JPEG."""
    filled = device.chance.choice(driver()).copy()
    filled[int(HEIGHT_PX * device.chance.uniform(0.3, 0.7)) :] = device.chance.choice(FILLINGS)
    return device.chance.choice((filled[: HEIGHT_PX // 2], filled, None))


def other_size(device: Device) -> MatLike | None:
    return cv2.resize(device.chance.choice(driver()), device.chance.choice(OTHER_SIZES))


def grey(device: Device) -> MatLike | None:
    """One channel, with and without saying so."""
    picture = cv2.cvtColor(device.good(), cv2.COLOR_BGR2GRAY)
    return device.chance.choice((picture, picture[:, :, np.newaxis]))


def four_channels(device: Device) -> MatLike | None:
    return np.dstack((device.good(), _dots(device.chance, 0, 256)[:, :, 0]))


class Files(Rig):
    """A folder or video, read by the real code."""

    def __init__(
        self,
        write: Callable[[Path, Sequence[Picture]], None],
        damage: Callable[[Path, random.Random], None],
        path: Path,
        time: Time,
        chance: random.Random,
    ) -> None:
        super().__init__(time, chance)
        self._write, self._damage, self._path = write, damage, path
        self.source = str(path)
        self.show(driver())

    def show(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures
        self._write(self._path, pictures)

    def open(self, camera: settings.Camera) -> Source:
        return open_source(camera)

    def begin(self) -> None:
        super().begin()
        self._damage(self._path, self.chance)

    def end(self) -> None:
        """With others, lest the first one be the one that was seen last, which would be a frozen camera."""
        super().end()
        self.show((*self._pictures[FILES:], *self._pictures[:FILES]))


def write_folder(path: Path, pictures: Sequence[Picture]) -> None:
    path.mkdir(exist_ok=True)
    for number, picture in enumerate(pictures[:FILES]):
        (path / f"{number}.jpg").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def write_video(path: Path, pictures: Sequence[Picture]) -> None:
    path.unlink(missing_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), VIDEO_FPS, SIZE)
    for picture in pictures:
        writer.write(picture)
    writer.release()


def spoil_pictures(path: Path, chance: random.Random) -> None:
    """Each of them cut off, emptied, overwritten, deleted, or only its first bytes left."""
    for file in path.iterdir():
        data = file.read_bytes()
        cut = data[: int(len(data) * chance.uniform(0.02, 0.98))]
        left = chance.choice((cut, b"", chance.randbytes(len(data)), bytes(len(data)), data[:2], None))
        file.unlink()
        if left is not None:
            file.write_bytes(left)


def damage_pictures(path: Path, chance: random.Random) -> None:
    """Every second one, as a bad card does; most of them can still be decoded, and show anything."""
    for number in range(0, FILES, 2):
        file = path / f"{number}.jpg"
        file.write_bytes(damaged(file.read_bytes(), chance))


def spoil_video(path: Path, chance: random.Random) -> None:
    """Deleted, with something else in its place or without."""
    path.unlink()
    left = chance.choice((None, b"", chance.randbytes(50_000), b"no video\n" * 50))
    if left is not None:
        path.write_bytes(left)


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail.

    `state` is shown when it has lasted; `rig` makes the camera, with a path for its files; `noticed_s` is how long good
    pictures may still come.
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
