"""Small videos whose frames are shades of grey, so that a picture shows its number."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike

FPS = 10
_SHADES = 8  # difference between shades, larger than compression errors


def write_video(path: Path, frames: int = 20, width: int = 64, height: int = 48, *, color: bool = True) -> Path:
    """A video of 10 frames a second."""
    shape = (height, width, 3) if color else (height, width)
    size, fourcc = (width, height), cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, FPS, size, color)
    assert writer.isOpened()
    for number in range(frames):
        writer.write(np.full(shape, number * _SHADES, np.uint8))
    writer.release()
    return path


def cut_off(video: Path, path: Path, frames: int = 10) -> Path:
    """A video that breaks off after some frames."""
    head, _, data = video.read_bytes().partition(b"movi")
    path.write_bytes(head + b"movi" + b"00dc".join(data.split(b"00dc")[: frames + 1]))
    return path


def number_of(picture: MatLike | None) -> int:
    """The number of this frame of `write_video`."""
    assert picture is not None
    return round(float(np.mean(picture)) / _SHADES)
