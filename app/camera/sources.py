"""Sources of pictures: a video file, a folder of pictures, the fake driver (devices: see device.py)."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

import cv2
import numpy as np
from cv2.typing import MatLike

from app.camera.device import open_device
from app.camera.jpegs import decoded_jpeg
from app.camera.kinds import Kind, kind_of, picture_files
from app.camera.pictures import (
    BadPicture,
    SourceLost,
    SourceRefused,
    check_size,
    read_picture,
)
from config import settings

# At most so many frames of a video are skipped to keep up with the time, which bounds the time of one grab; the rest
# (the Pi slept, or is too slow for the video) is left out
_CATCH_UP_FRAMES = 120
# FFmpeg plays any text file as a video of a terminal.
_ANSI_ART = int.from_bytes(b"ansi", "little")
_MJPG, _UNDECODED = cv2.VideoWriter.fourcc(*"MJPG"), -1
# The renderer needs about 20 ms, but the first picture waits for Python to start from a slow card
_FAKE_ANSWER_S = 10.0
_STRETCH_MAX = 4.0  # sides of a pixel that differ by more are no sides of a pixel
_ROOT = Path(__file__).parents[2]


class Source(Protocol):
    """One opened source of pictures."""

    name: str
    size: tuple[int, int] | None
    """(width, height) in pixels that each picture must have; None where they may differ."""
    period_s: float
    """Seconds between two of its pictures; 0 where it has another whenever it is asked."""
    note: str
    """Which settings it cannot follow, and what it can; empty while it follows all."""

    def grab(self, time_s: float) -> None:
        """Take the picture of this moment, in seconds since the camera began, without decoding it.

        Raises: SourceLost.
        """

    def retrieve(self) -> MatLike | None:
        """Decode the picture that `grab` took. Raises: BadPicture, SourceLost."""

    def close(self) -> None:
        """Release everything; may be called twice."""


def open_source(camera: settings.Camera) -> Source:
    """Open what `camera.source` names. Raises: OSError, as SourceLost where more than the errno is known."""
    source, size = camera.source, (camera.width, camera.height)
    if source.startswith("fake:"):
        return fake_driver(source.removeprefix("fake:"), *size)
    path = Path(source)
    is_camera = source == "auto" or source.isdecimal() or (source.startswith("/dev/") and not path.exists())
    kind = Kind.CAMERA if is_camera else kind_of(path)
    if kind is Kind.CAMERA:
        return open_device(camera)
    return VideoFile(path) if kind is Kind.VIDEO else PictureFolder(path)


class VideoFile:
    """A video played in its own time, over and over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture = open_video(path)
        self._fps = frame_rate(self._capture)
        self.period_s = 1 / self._fps
        self._frame = -1  # counts on when the file starts over
        self._began_s: float | None = None
        self.name = str(path)
        self.note = ""
        self.size: tuple[int, int] | None = None

    def grab(self, time_s: float) -> None:
        """Go on to the frame that plays at this time."""
        if self._began_s is None:
            self._began_s = time_s
        due = int((time_s - self._began_s) * self._fps)
        for _ in range(min(due - self._frame, _CATCH_UP_FRAMES)):
            self._advance()
        self._frame = due

    def _advance(self) -> None:
        if self._capture.grab():
            return
        self.close()
        self._capture = open_video(self._path)
        if not self._capture.grab():
            raise SourceLost(f"{self._path}: no picture in this video could be decoded")

    def retrieve(self) -> MatLike | None:
        """Decode the frame gone to. Raises: BadPicture."""
        return video_frame(self._capture)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


def open_video(path: Path) -> cv2.VideoCapture:
    """Open a video file. Raises: OSError, as SourceLost where it is no video."""
    with path.open("rb") as file:
        if not file.read(1):
            raise SourceLost(f"{path}: the file is empty")
    # Absolute, because FFmpeg would take "a:b.mp4" for a protocol; one thread, because each keeps pictures in memory
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if min(width, height) < 1 or capture.get(cv2.CAP_PROP_FOURCC) == _ANSI_ART:
        raise SourceLost(f"{path}: not a video, or damaged")
    try:
        check_size(width, height)
    except BadPicture as bad:
        raise SourceLost(f"{path}: {bad}") from bad
    # FFmpeg fills what is missing of a JPEG with an older picture; a video that is to be turned it must decode itself
    if capture.get(cv2.CAP_PROP_FOURCC) == _MJPG and not capture.get(cv2.CAP_PROP_ORIENTATION_META):
        capture.set(cv2.CAP_PROP_FORMAT, _UNDECODED)
    return capture


def video_frame(capture: cv2.VideoCapture) -> MatLike | None:
    """Decode the frame that was grabbed. Raises: BadPicture, also for a JPEG of which a part is missing."""
    got, picture = capture.retrieve()
    if not got:
        return None
    if capture.get(cv2.CAP_PROP_FORMAT) == _UNDECODED:
        size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        picture = decoded_jpeg(picture.ravel().astype(np.uint8, copy=False), size, 1)
    return _with_square_pixels(picture, capture)


def _with_square_pixels(picture: MatLike, capture: cv2.VideoCapture) -> MatLike:
    """Many a recorder stores faces squeezed, and says by how much."""
    across, down = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
    if across == down or not (0 < down <= _STRETCH_MAX * across and across <= _STRETCH_MAX * down):
        return picture
    if capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180:  # OpenCV has turned it already
        across, down = down, across
    return cv2.resize(picture, None, fx=max(1.0, across / down), fy=max(1.0, down / across))


def frame_rate(capture: cv2.VideoCapture) -> float:
    """Frames a second of an opened video; 25 where the file states no possible rate."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if 0 < fps <= 1000 else 25.0


class PictureFolder:
    """The pictures of a folder (or one picture) in order of their names, one at each grab, over and over."""

    def __init__(self, path: Path) -> None:
        self._files = picture_files(path) if path.is_dir() else [path]
        if not self._files:
            raise SourceLost(f"{path}: no pictures (JPEG, PNG, BMP, WebP, TIFF) in this folder")
        self._files[0].stat()  # a single picture may be missing
        self._index = -1
        self.name = str(path)
        self.note = ""
        self.size: tuple[int, int] | None = None
        self.period_s = 0.0

    def grab(self, time_s: float) -> None:
        """Go on to the next picture."""
        self._index = (self._index + 1) % len(self._files)

    def retrieve(self) -> MatLike:
        """Read the picture gone to."""
        return read_picture(self._files[self._index])

    def close(self) -> None:
        """Nothing is held open."""


class FakeDriver:
    """The rendered driver, in a process of its own so that the renderer's memory is not the detector's.

    The process reads a time in seconds from each line and answers with the picture of that time, as raw BGR.
    """

    def __init__(
        self, name: str, command: Sequence[str], size: tuple[int, int], answer_s: float = _FAKE_ANSWER_S
    ) -> None:
        import subprocess  # 0.5 MB, which a camera does not need

        self.name = name
        self.note = ""
        self.size: tuple[int, int] | None = size
        self.period_s = 0.0
        self._shape = (size[1], size[0], 3)
        self._answer_s = answer_s
        self._time_s = 0.0
        # A session of its own, so that Ctrl-C reaches the detector alone, which then ends the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=_ROOT,
            start_new_session=True,
        )

    def grab(self, time_s: float) -> None:
        """Note the time; `retrieve` has the picture rendered."""
        self._time_s = time_s

    def retrieve(self) -> MatLike:
        """The picture of that time, rendered by the process."""
        picture = np.empty(self._shape, np.uint8)
        try:
            _pipe(self._process.stdin).write(f"{self._time_s:.6f}\n".encode())
            self._fill(picture.data.cast("B"))
        except BrokenPipeError as gone:
            raise SourceRefused(self._last_words()) from gone
        return picture

    def _fill(self, buffer: memoryview) -> None:
        stdout = _pipe(self._process.stdout)
        while len(buffer):
            if not select.select([stdout], [], [], self._answer_s)[0]:
                raise SourceLost(f"{self.name} has not answered for {self._answer_s:g} s")
            count = os.readv(stdout.fileno(), [buffer])
            if not count:
                raise BrokenPipeError
            buffer = buffer[count:]

    def _last_words(self) -> str:
        self._process.kill()
        lines = _pipe(self._process.stderr).read().decode(errors="replace").strip().splitlines()
        return f"{self.name} has ended: {lines[-1] if lines else 'it gave no reason'}"

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "each end was asked for at the start"
    return pipe


def fake_driver(scenario: str, width: int, height: int) -> FakeDriver:
    """Start the fake driver with one of its scenarios."""
    command = [sys.executable, "-m", "app.fake_driver", scenario, "--width", str(width), "--height", str(height)]
    return FakeDriver(f"fake:{scenario}", command, (width, height))
