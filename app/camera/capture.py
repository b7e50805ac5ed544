"""The camera: the newest frame first, in time, back again after every loss, never in the detector's way."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.camera.pictures import BadPicture, SourceLost, SourceRefused, as_bgr, check_whole, fitted, size_of
from app.camera.sources import Source, open_source
from app.part_status import CameraHealth
from config import settings

log = logging.getLogger(__name__)

# A camera that is back is to be watched again within two frame periods, and takes its time to open: it is looked for
# once a period, within these bounds. To find none takes 1.4 ms on x86-64 where all nodes are looked at
_RETRY_MIN_S, _RETRY_MAX_S = 0.5, 1.0
# Where a try costs more than that
_BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
_COSTLY = (SourceRefused, PermissionError)
# More than half of the pictures of 10 s are damaged: opening anew may help.
_BAD_WINDOW_S, _BAD_SHARE = 10.0, 0.5
# Longer than a device may keep OpenCV waiting (v4l2.py) and than Python takes to start the fake driver.
_HUNG_S = 12.0
# What a close may take; a thread that hangs longer is left behind.
_CLOSE_S = 2.0
_FPS_FRAMES = 20
# At 1 frame a second two blinks look like one closure of a second. People blink 15 to 20 times a minute, so they met by
# chance six times an hour on the fake driver; with looks so soon after each closed one they are told apart
SECOND_LOOK_S = 0.35


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture and its moment."""

    bgr: npt.NDArray[np.uint8]
    """(height, width, 3), BGR"""
    time_s: float
    """Monotonic seconds at capture; under `analyze` seconds in the file."""
    number: int
    """Counts captured frames from 0."""


Clock = Callable[[], float]
Wait = Callable[[threading.Event, float], object]


def tick_after(tick: int, elapsed_s: float, fps: float) -> int:
    """The next of the moments n / fps that is still to come; those slept through are left out."""
    return max(tick, math.floor(elapsed_s * fps)) + 1


def has_second_look(taken_s: float, due_s: float) -> bool:
    """Whether there is time for one between a frame and the next that is due."""
    return due_s - taken_s >= 1.5 * SECOND_LOOK_S


class Capture:
    """Opens one source again and again and takes its pictures in time, one `step` after the other."""

    def __init__(
        self,
        camera: settings.Camera,
        open_source: Callable[[], Source],
        clock: Clock,
        began_s: float,
        health: CameraHealth,
    ) -> None:
        self._camera = camera
        self._open_source = open_source
        self._clock = clock
        self._began_s = began_s
        self._source: Source | None = None
        self._opened_s = began_s
        self._tick = self._taken = self._refusals = 0
        self._times_s: deque[float] = deque(maxlen=_FPS_FRAMES)
        analysed_fps = camera.target_fps / camera.frame_skip
        self._were_bad: deque[bool] = deque(maxlen=max(4, math.ceil(_BAD_WINDOW_S * analysed_fps)))
        self.health = health
        self.every = 1
        """Frames analysed: one of so many that the settings would analyse."""
        self.due_s = began_s
        """When the next step is due."""
        self.second_s = math.inf
        """When a second look may be taken before that, if one is wished for."""
        self.busy_since_s: float | None = None
        """When the step began that is still under way."""
        self.stuck = ""
        """Why the source is to be opened anew, if it is."""

    def step(self) -> Frame | None:
        """Open the source, or take a picture: the frame, if it is one to analyse."""
        self.busy_since_s = self._clock()
        try:
            if not self._source:
                self._open()
            elif self.stuck:
                raise SourceLost(self.stuck)
            else:
                return self._take(self._source)
        except Exception as error:  # OpenCV and drivers may raise anything; the camera comes back from all of it
            self._lose(error)
        finally:
            self.busy_since_s = None
        return None

    def _open(self) -> None:
        self._source = self._open_source()
        self._opened_s = self.due_s = self._clock()
        self._tick = self._taken = 0
        self.stuck = ""
        self._were_bad.clear()
        self._times_s.clear()

    def _take(self, source: Source) -> Frame | None:
        source.grab(self._clock() - self._began_s)
        now_s = self._clock()
        number = self.health.frames
        self._times_s.append(now_s)
        self.health = replace(self.health, frames=number + 1, measured_fps=_rate(self._times_s))
        frame = (
            self._decode(source, now_s, number) if self._taken % (self._camera.frame_skip * self.every) == 0 else None
        )
        self._taken += 1
        self._tick = tick_after(self._tick, self._clock() - self._opened_s, self._camera.target_fps)
        self.due_s = self._opened_s + self._tick / self._camera.target_fps
        has_second = frame and source.period_s <= SECOND_LOOK_S and has_second_look(now_s, self.due_s)
        self.second_s = now_s + SECOND_LOOK_S if has_second else math.inf
        return frame

    def hurry(self) -> None:
        """Take the next frame now, and count it as if it stood in the place of the newest."""
        self.due_s = self._clock()
        self._tick -= 1
        self._taken -= 1

    def _decode(self, source: Source, now_s: float, number: int) -> Frame | None:
        try:
            bgr = as_bgr(source.retrieve())
            if source.size not in (None, size_of(bgr)):
                raise BadPicture(f"a picture of {size_of(bgr)} pixels where {source.size} were promised")
            check_whole(bgr)
        except BadPicture as bad:
            self._count_bad(str(bad))
            return None
        self._count_good(source, size_of(bgr), now_s)
        return Frame(fitted(bgr, (self._camera.width, self._camera.height)), now_s, number)

    def _count_good(self, source: Source, size: tuple[int, int], now_s: float) -> None:
        self._were_bad.append(False)
        if self.health.state != "live":
            log.info("camera live: %s", source.name)
            self._refusals = 0
        width, height = size
        live = replace(self.health, state="live", source=source.name, message="", remedy="")
        self.health = replace(live, width=width, height=height, last_frame_s=now_s)

    def _count_bad(self, reason: str) -> None:
        self._were_bad.append(True)
        self.health = replace(self.health, bad=self.health.bad + 1, message=f"skipped {reason}", remedy="")
        if sum(self._were_bad) > _BAD_SHARE * (self._were_bad.maxlen or 0):
            raise SourceLost(f"most pictures are damaged ({reason}): a camera may need another cable or USB port")

    def _lose(self, error: Exception) -> None:
        self.close()
        reason = self._reason(error)
        if self.health.state != "lost":
            log.warning("camera lost: %s", reason)
        remedy = error.remedy if isinstance(error, SourceLost) else ""
        self.health = replace(self.health, state="lost", message=reason, remedy=remedy, measured_fps=0.0)
        self.due_s = self._clock() + self._pause_s(error)

    def _pause_s(self, error: Exception) -> float:
        """How long until the next try."""
        if not isinstance(error, _COSTLY):
            self._refusals = 0
            return min(_RETRY_MAX_S, max(_RETRY_MIN_S, 1 / self._camera.target_fps))
        self._refusals += 1
        return _BACK_OFF_S[min(self._refusals, len(_BACK_OFF_S)) - 1]

    def _reason(self, error: Exception) -> str:
        if isinstance(error, SourceLost):
            return str(error)
        if isinstance(error, OSError) and error.strerror:
            return f"{self._camera.source}: {error.strerror}; camera.source says where pictures come from"
        return " ".join(f"{self._camera.source}: {type(error).__name__}: {error}".split())  # OpenCV's has several lines

    def close(self) -> None:
        """Close the source; a further step would open it again."""
        source, self._source = self._source, None
        if source:
            with suppress(Exception):  # of a driver that is gone
                source.close()


def _rate(times_s: deque[float]) -> float:
    span_s = times_s[-1] - times_s[0]
    return (len(times_s) - 1) / span_s if span_s > 0 else 0.0


class Camera:
    """Frames of the newest picture, taken by a thread of its own."""

    def __init__(
        self,
        camera: settings.Camera,
        clock: Clock = time.monotonic,
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
        self._wants_second = False
        self._closed = False
        self._abandoned: threading.Thread | None = None
        self._every = 1
        self._start(CameraHealth(source=camera.source))

    def _start(self, health: CameraHealth) -> None:
        self._ending = threading.Event()
        self._capture = Capture(self._camera, self._open_source, self._clock, self.began_s, health)
        self._capture.every = self._every
        self._thread = threading.Thread(
            target=self._run, args=(self._capture, self._ending), name="camera", daemon=True
        )
        self._thread.start()

    def _run(self, capture: Capture, ending: threading.Event) -> None:
        while not ending.is_set():
            self._wants_second = False
            frame = capture.step()
            if frame and not ending.is_set():
                self._put(frame)
            if frame and capture.second_s < capture.due_s:
                self._wait(ending, max(0.0, capture.second_s - self._clock()))
                if self._wants_second:
                    capture.hurry()
            self._wait(ending, max(0.0, capture.due_s - self._clock()))
        capture.close()

    def look_again(self) -> None:
        """Take another frame SECOND_LOOK_S after the newest, if the next one is not due by then."""
        self._wants_second = True

    def open_anew(self, why: str) -> None:
        """Close the source before its next picture and open it again: a stream may be stuck where its device is not."""
        self._capture.stuck = why

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
            self._filled.wait_for(lambda: self._queue or self._closed, timeout_s)
            return self._queue.popleft() if self._queue else None

    def thin_out(self, every: int) -> None:
        """Analyse only every so many-th of the frames that the settings would analyse; 1 takes it back."""
        self._every = self._capture.every = every

    @property
    def health(self) -> CameraHealth:
        """How the camera does at this moment."""
        health = replace(self._capture.health, dropped=self._dropped)
        if self._is_hung() or (self._has_abandoned() and health.state != "live"):
            remedy = "sudo reboot"
            message = f"{health.source} hangs: plug the camera out and in again, or `{remedy}`"
            return replace(health, state="hung", message=message, remedy=remedy, measured_fps=0.0)
        return health

    def _is_hung(self) -> bool:
        since_s = self._capture.busy_since_s
        return since_s is not None and self._clock() - since_s > _HUNG_S

    def _has_abandoned(self) -> bool:
        return self._abandoned is not None and self._abandoned.is_alive()

    def _replace_hung(self) -> None:
        # One thread may be left hanging in the driver; if its successor hangs too, a third would as well.
        if self._closed or not self._is_hung() or self._has_abandoned():
            return
        log.warning("camera hung: %s", self.health.source)
        self._ending.set()
        self._abandoned = self._thread
        self._start(replace(self._capture.health, state="lost"))

    def close(self) -> None:
        """Stop the thread and close the source; may be called twice."""
        self._closed = True
        self._ending.set()
        with self._filled:
            self._queue.clear()
            self._filled.notify_all()
        self._thread.join(0 if self._is_hung() else _CLOSE_S)

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
