"""The camera: the newest frame first, in time, back again after every loss, never in the detector's way."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal

import numpy as np
import numpy.typing as npt

from app.pictures import BadPicture, SourceLost, as_bgr, resized, size_of
from app.sources import Source, open_source
from config import settings

_log = logging.getLogger(__name__)

# Source: shared/reliability-security.md 3.4.
_BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
_BAD_WINDOW_S, _BAD_SHARE = 10.0, 0.5
# Longer than a device may keep OpenCV waiting (v4l2.py) and than Python takes to start the fake driver.
_HUNG_S = 12.0
# What a close may take; a thread that hangs longer is left behind.
_CLOSE_S = 2.0
_FPS_FRAMES = 20
_REPLUG = "plug the camera out and in again; if it stays so, `sudo snap restart drivewatch.detector`"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture and its moment."""

    bgr: npt.NDArray[np.uint8]
    """(height, width, 3), BGR"""
    time_s: float
    """Monotonic seconds at capture; under `analyze` seconds in the file."""
    number: int
    """Counts captured frames from 0."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """How the camera does, for the page, `check` and the log."""

    state: Literal["opening", "live", "lost", "hung"] = "opening"
    source: str = ""
    """What was opened, e.g. "/dev/video0 (uvcvideo: HD Webcam)"."""
    message: str = ""
    """What is wrong and what helps; empty while all is well."""
    width: int = 0
    height: int = 0
    """Pixels as the source sends them; the frames have the size of the settings."""
    measured_fps: float = 0.0
    frames: int = 0
    """Frames captured, the skipped and the bad among them."""
    dropped: int = 0
    bad: int = 0
    last_frame_s: float | None = None


OpenSource = Callable[[], Source]
Wait = Callable[[threading.Event, float], object]


def tick_after(tick: int, elapsed_s: float, fps: float) -> int:
    """The next of the moments n / fps that is still to come; those slept through are left out."""
    return max(tick, math.floor(elapsed_s * fps)) + 1


class Capture:
    """Opens one source again and again and takes its pictures in time, one `step` after the other."""

    def __init__(
        self,
        camera: settings.Camera,
        deliver: Callable[[Frame], None],
        open_source: OpenSource,
        clock: Callable[[], float],
        began_s: float,
        health: CameraHealth,
    ) -> None:
        self._camera = camera
        self._deliver = deliver
        self._open_source = open_source
        self._clock = clock
        self._began_s = began_s
        self._source: Source | None = None
        self._opened_s = began_s
        self._tick = self._taken = self._failures = 0
        self._times_s: deque[float] = deque(maxlen=_FPS_FRAMES)
        self._were_bad: deque[bool] = deque(maxlen=max(4, math.ceil(_BAD_WINDOW_S * camera.target_fps)))
        self.health = health
        self.busy_since_s: float | None = None
        """When the step began that is still under way."""

    def step(self) -> float:
        """Open the source or take one frame; returns the time of the next step."""
        self.busy_since_s = self._clock()
        try:
            return self._take() if self._source else self._open()
        except SourceLost as lost:
            return self._lose(str(lost))
        except (
            Exception
        ) as error:  # OpenCV and drivers may raise anything; the camera comes back from all of it
            return self._lose(f"{type(error).__name__}: {error}")
        finally:
            self.busy_since_s = None

    def _open(self) -> float:
        self._source = self._open_source()
        self._opened_s = self._clock()
        self._tick = self._taken = 0
        self._were_bad.clear()
        self._times_s.clear()
        return self._opened_s

    def _take(self) -> float:
        assert self._source
        self._source.grab(self._clock() - self._began_s)
        now_s = self._clock()
        number = self.health.frames
        self._times_s.append(now_s)
        self.health = replace(self.health, frames=number + 1, measured_fps=_rate(self._times_s))
        if self._taken % self._camera.frame_skip == 0:
            self._decode(self._source, now_s, number)
        self._taken += 1
        self._tick = tick_after(self._tick, self._clock() - self._opened_s, self._camera.target_fps)
        return self._opened_s + self._tick / self._camera.target_fps

    def _decode(self, source: Source, now_s: float, number: int) -> None:
        try:
            bgr = as_bgr(source.retrieve())
            if source.size not in (None, size_of(bgr)):
                raise BadPicture(f"a picture of {size_of(bgr)} pixels where {source.size} were promised")
        except BadPicture as bad:
            self._count_bad(str(bad))
        else:
            self._count_good(source, size_of(bgr), now_s)
            self._deliver(Frame(resized(bgr, (self._camera.width, self._camera.height)), now_s, number))

    def _count_good(self, source: Source, size: tuple[int, int], now_s: float) -> None:
        self._were_bad.append(False)
        if self.health.state != "live":
            _log.info("camera live: %s", source.name)
            self._failures = 0
        self.health = replace(
            self.health,
            state="live",
            source=source.name,
            message="",
            width=size[0],
            height=size[1],
            last_frame_s=now_s,
        )

    def _count_bad(self, reason: str) -> None:
        self._were_bad.append(True)
        self.health = replace(self.health, bad=self.health.bad + 1, message=f"skipped {reason}")
        if sum(self._were_bad) > _BAD_SHARE * (self._were_bad.maxlen or 0):
            raise SourceLost(f"most pictures are damaged, the last: {reason}; try another cable or USB port")

    def _lose(self, reason: str) -> float:
        self.close()
        if self.health.state != "lost":
            _log.warning("camera lost: %s", reason)
        self.health = replace(self.health, state="lost", message=reason, measured_fps=0.0)
        pause_s = _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1
        return self._clock() + pause_s

    def close(self) -> None:
        """Close the source; a further step would open it again."""
        source, self._source = self._source, None
        if source:
            source.close()


def _rate(times_s: deque[float]) -> float:
    span_s = times_s[-1] - times_s[0]
    return (len(times_s) - 1) / span_s if span_s > 0 else 0.0


class Camera:
    """Frames of the newest picture, taken by a thread of its own."""

    def __init__(
        self,
        camera: settings.Camera,
        clock: Callable[[], float] = time.monotonic,
        wait: Wait = threading.Event.wait,
        open_source: Callable[[settings.Camera], Source] = open_source,
    ) -> None:
        self._camera = camera
        self._clock = clock
        self.began_s = clock()
        """What a video or scenario counts its seconds from."""
        self._wait = wait
        self._open_source = lambda: open_source(camera)
        self._queue: deque[Frame] = deque(maxlen=camera.buffer_frames)
        self._filled = threading.Condition()
        self._dropped = 0
        self._abandoned: threading.Thread | None = None
        self._start(CameraHealth(source=camera.source))

    def _start(self, health: CameraHealth) -> None:
        self._closing = closing = threading.Event()

        def deliver(frame: Frame) -> None:
            if not closing.is_set():
                self._put(frame)

        self._capture = Capture(self._camera, deliver, self._open_source, self._clock, self.began_s, health)
        self._thread = threading.Thread(target=self._run, args=(self._capture, closing), daemon=True)
        self._thread.start()

    def _run(self, capture: Capture, closing: threading.Event) -> None:
        while not closing.is_set():
            self._wait(closing, max(0.0, capture.step() - self._clock()))
        capture.close()

    def _put(self, frame: Frame) -> None:
        with self._filled:
            self._dropped += len(self._queue) == self._queue.maxlen
            self._queue.append(frame)
            self._filled.notify()

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """The oldest frame waiting, or None when none comes in time (`frame_timeout` unless given)."""
        self._replace_hung()
        timeout_s = self._camera.frame_timeout if timeout_s is None else timeout_s
        with self._filled:
            self._filled.wait_for(lambda: self._queue or self._closing.is_set(), timeout_s)
            return self._queue.popleft() if self._queue else None

    @property
    def health(self) -> CameraHealth:
        """How the camera does at this moment."""
        health = replace(self._capture.health, dropped=self._dropped)
        left_behind = self._abandoned is not None and self._abandoned.is_alive()
        if self._is_hung() or (left_behind and health.state != "live"):
            return replace(health, state="hung", message=f"{health.source} hangs: {_REPLUG}")
        return health

    def _is_hung(self) -> bool:
        since_s = self._capture.busy_since_s
        return since_s is not None and self._clock() - since_s > _HUNG_S

    def _replace_hung(self) -> None:
        # One thread may be left hanging in the driver; if its successor hangs too, a third would as well.
        if not self._is_hung() or (self._abandoned and self._abandoned.is_alive()):
            return
        _log.warning("camera hung: %s", self.health.source)
        self._closing.set()
        self._abandoned = self._thread
        self._start(replace(self._capture.health, state="lost"))

    def close(self) -> None:
        """Stop the thread and close the source; may be called twice."""
        self._closing.set()
        with self._filled:
            self._queue.clear()
            self._filled.notify_all()
        self._thread.join(0 if self._is_hung() else _CLOSE_S)

    def __enter__(self) -> "Camera":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
