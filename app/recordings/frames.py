"""Frames of recordings for `analyze`, as fast as they can be read, with the time that they have in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from app.camera.frame import Frame
from app.camera.kinds import Kind, kind_of, picture_files
from app.camera.pictures import BadPicture, SourceLost, as_bgr, read_picture
from app.camera.sources import frame_rate, open_video, video_frame
from app.recordings.look_times import LookTimes

_FOLDER_FPS = 1.0
# Containers state the number of frames or derive it from the duration, and may be off by a few
_BROKEN_OFF_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Recorded:
    """A frame of a recording."""

    input: str
    """The video or picture file."""
    frame: Frame
    """Its number counts the video's frames or the folder's pictures from 0, also those that are left out."""
    reach_s: float = 0.0
    """Half a frame later: this frame is the nearest one to every moment until then."""


class InputError(ValueError):
    """An input, or the rest of it, could not be read; the text names file and reason."""


def recorded_frames(
    inputs: Iterable[str | Path], fps: float | None = None, times: LookTimes | None = None
) -> Iterator[Recorded | InputError]:
    """All frames of videos, pictures and folders of pictures, one input after the other.

    `fps` takes that many frames a second from a video, and is the rate of the pictures in a folder (else 1). `times`
    takes the frames of one video that are due by it; the caller calls `times.taken` for each frame before the next.
    What cannot be read is an InputError in its place; the rest follows.
    """
    for path in map(Path, inputs):
        try:
            pictures = _pictures(path)
            if pictures is not None:
                yield from _folder(path, pictures, fps or _FOLDER_FPS)
            else:
                yield from (
                    _video(path, times) if times else _video(path, LookTimes(fps) if fps else None, marks_taken=True)
                )
        except SourceLost as lost:
            yield InputError(str(lost))
        except OSError as error:
            yield InputError(f"{path}: {error.strerror}")


def frame_count(path: str | Path) -> int | None:
    """How many frames an input has, which is where `number` ends; None if that cannot be told beforehand."""
    try:
        pictures = _pictures(Path(path))
        if pictures is not None:
            return len(pictures)
        capture = open_video(Path(path))
    except OSError:
        return None
    count = _stated_count(capture)
    capture.release()
    return count if count > 0 else None


def _pictures(path: Path) -> list[Path] | None:
    """The pictures of a folder, or a single picture as the only one; None for a video."""
    match kind_of(path):
        case Kind.FOLDER:
            return picture_files(path)
        case Kind.PICTURE:
            return [path]
        case Kind.CAMERA:
            raise SourceLost(f"{path} is a camera: `run --camera {path}` watches it")
        case Kind.VIDEO:
            return None


def _folder(folder: Path, pictures: list[Path], fps: float) -> Iterator[Recorded | InputError]:
    if not pictures:
        yield InputError(f"{folder}: no pictures in this folder")
    for number, path in enumerate(pictures):
        try:
            yield Recorded(str(path), Frame(read_picture(path), number / fps, number))
        except BadPicture as bad:
            yield InputError(str(bad))


def _video(path: Path, times: LookTimes | None, marks_taken: bool = False) -> Iterator[Recorded | InputError]:
    """The frames that are due, or all without times; marks_taken: the caller does not call times.taken.

    Instead of one that is damaged the next is taken; how many were is said once, at the end.
    """
    capture = open_video(path)
    bad: list[str] = []
    lost = None
    try:
        for number, time_s, reach_s in _grabbed(path, capture, times):
            try:
                frame = Frame(as_bgr(video_frame(capture)), time_s, number)
            except BadPicture as reason:
                bad.append("" if bad else f"at {time_s:.1f} s {reason}")
                continue
            yield Recorded(str(path), frame, reach_s)
            if times and marks_taken:
                times.taken(time_s, reach_s, is_urgent=False)
    except SourceLost as broken:
        lost = broken
    finally:
        capture.release()
    if bad:
        yield InputError(f"{path}: {len(bad)} frames are damaged and left out, the first {bad[0]}")
    if lost:
        raise lost


def _grabbed(path: Path, capture: cv2.VideoCapture, times: LookTimes | None) -> Iterator[tuple[int, float, float]]:
    """Number, time and reach of each frame to take, grabbed, not yet decoded. Raises: SourceLost, at a break."""
    rate = frame_rate(capture)
    number, time_s = 0, -1 / rate
    while capture.grab():
        time_s = _time_s(capture, time_s, rate)
        reach_s = time_s + 0.5 / rate  # it is the frame nearest to every moment until then
        if times is None or times.is_due(reach_s):
            yield number, time_s, reach_s
        number += 1
    # A variable rate makes one of the two look short, never both
    enough = _BROKEN_OFF_SHARE * _stated_count(capture)
    if number == 0 or (number < enough and time_s < enough / rate):
        raise SourceLost(f"{path}: breaks off after {number} of {_stated_count(capture)} frames")


def _stated_count(capture: cv2.VideoCapture) -> int:
    return int(capture.get(cv2.CAP_PROP_FRAME_COUNT))


def _time_s(capture: cv2.VideoCapture, last_s: float, rate: float) -> float:
    time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
    return time_s if time_s > last_s else last_s + 1 / rate  # files without times, and with wrong ones
