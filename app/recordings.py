"""Frames of recordings for `analyze`: every one, as fast as they go, with the time they have in the file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from app.camera import Frame, tick_after
from app.pictures import BadPicture, SourceLost, as_bgr, is_picture, picture_files, read_picture
from app.sources import frame_rate, open_video

# Containers state the number of frames from the duration, and may be off by a few.
_BROKEN_OFF_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Recorded:
    """A frame of a recording."""

    input: str
    """The video or picture file."""
    number: int
    """Of the frame in the video, of the picture in its folder; from 0."""
    frame: Frame


class InputError(ValueError):
    """An input, or the rest of it, could not be read; the text names file and reason."""


def recorded_frames(inputs: Iterable[str], fps: float | None = None) -> Iterator[Recorded | InputError]:
    """All frames of videos, picture files and folders of pictures, one input after the other.

    `fps` takes that many frames a second from a video, and is the rate of the pictures in a folder (else 1).
    What cannot be read is an InputError in its place; the rest follows.
    """
    for name in inputs:
        path = Path(name)
        try:
            if path.is_dir():
                yield from _folder(path, fps or 1.0)
            elif is_picture(path):
                yield _picture(path, 0, 0.0)
            else:
                yield from _video(path, fps)
        except OSError as error:
            yield InputError(str(error) if isinstance(error, SourceLost) else f"{path}: {error.strerror}")


def _folder(folder: Path, fps: float) -> Iterator[Recorded | InputError]:
    files = picture_files(folder)
    if not files:
        yield InputError(f"{folder}: no pictures in this folder")
    for number, path in enumerate(files):
        yield _picture(path, number, number / fps)


def _picture(path: Path, number: int, time_s: float) -> Recorded | InputError:
    try:
        return Recorded(str(path), number, Frame(read_picture(path), time_s, number))
    except BadPicture as bad:
        return InputError(str(bad))


def _video(path: Path, fps: float | None) -> Iterator[Recorded | InputError]:
    capture = open_video(path)
    try:
        for number, time_s in _grabbed(path, capture, fps):
            try:
                bgr = as_bgr(capture.retrieve()[1])
            except BadPicture as bad:
                yield InputError(f"{path}: frame {number}: {bad}")
            else:
                yield Recorded(str(path), number, Frame(bgr, time_s, number))
    finally:
        capture.release()


def _grabbed(path: Path, capture: cv2.VideoCapture, fps: float | None) -> Iterator[tuple[int, float]]:
    """Number and time of each frame to take, grabbed, not yet decoded. Raises: SourceLost, at a break."""
    rate = frame_rate(capture)
    number, tick, time_s = 0, 0, -1 / rate
    while capture.grab():
        time_s = _time_s(capture, time_s, rate)
        if fps is None:
            yield number, time_s
        elif (time_s + 0.5 / rate) * fps >= tick:  # the frame nearest to the moment asked for
            yield number, time_s
            tick = tick_after(tick, time_s, fps)
        number += 1
    expected = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if number == 0 or number < _BROKEN_OFF_SHARE * expected:
        raise SourceLost(f"{path}: breaks off after {number} of {expected} frames")


def _time_s(capture: cv2.VideoCapture, last_s: float, rate: float) -> float:
    time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
    return time_s if time_s > last_s else last_s + 1 / rate  # files without times, and with wrong ones
