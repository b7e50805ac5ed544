"""Folders of pictures and videos that somebody damages while they are the camera."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2

from app.camera.sources import Source, open_source
from config import settings
from tests.faults.damaged import damaged
from tests.faults.lockstep import Time
from tests.faults.rig import FILES, SIZE, VIDEO_FPS, Picture, Rig, driver


class Files(Rig):
    """A camera that is a folder or video, read by the real code."""

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
        """Write the pictures in another order: a first picture equal to the last one seen would be a frozen camera."""
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
    """Cut off, empty, overwrite or delete each picture, or leave only its first bytes."""
    for file in path.iterdir():
        data = file.read_bytes()
        cut = data[: int(len(data) * chance.uniform(0.02, 0.98))]
        left = chance.choice((cut, b"", chance.randbytes(len(data)), bytes(len(data)), data[:2], None))
        file.unlink()
        if left is not None:
            file.write_bytes(left)


def damage_pictures(path: Path, chance: random.Random) -> None:
    """Damage every second picture, as a bad card does; most can still be decoded."""
    for number in range(0, FILES, 2):
        file = path / f"{number}.jpg"
        file.write_bytes(damaged(file.read_bytes(), chance))


def spoil_video(path: Path, chance: random.Random) -> None:
    """Delete the video, or replace it by something else."""
    path.unlink()
    left = chance.choice((None, b"", chance.randbytes(50_000), b"no video\n" * 50))
    if left is not None:
        path.write_bytes(left)
