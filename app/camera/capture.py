"""Capture: opens one source, takes its pictures at the set rate, and opens it again after every loss."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from app.camera.frame import SECOND_LOOK_S, Frame, has_second_look
from app.camera.kept_tail import KeptTail
from app.camera.mounting import mounted
from app.camera.pictures import CABLE_REMEDY, BadPicture, SourceLost, SourceRefused, as_bgr, check_whole, size_of
from app.camera.sources import Source
from app.part_status import CameraHealth
from config import settings

log = logging.getLogger(__name__)

# A camera that is back must give frames again within two frame periods, so a lost one is looked for once a period,
# within these bounds. A try that finds none takes 1.4 ms on x86-64
_RETRY_MIN_S, _RETRY_MAX_S = 0.5, 1.0
# The pauses where each try costs more: a denial in the system's log, a process that starts
_BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
_COSTLY = (SourceRefused, PermissionError)
# More than half of the pictures of 10 s are damaged: reopening may help
_BAD_WINDOW_S, _BAD_SHARE = 10.0, 0.5
_FPS_FRAMES = 20
_SAME_LOSS_S = 600.0  # within which a camera that is lost again for the same reason is not logged again


Clock = Callable[[], float]


def tick_after(tick: int, elapsed_s: float, fps: float) -> int:
    """The number of the next moment n / fps that is still to come; those that have passed are left out."""
    return max(tick, math.floor(elapsed_s * fps)) + 1


class Capture:
    """Opens one source and takes its pictures at the set rate, one `step` after the other; CameraThread calls it."""

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
        self._kept_tail = KeptTail()
        self._is_loss_told, self._told_loss, self._told_s = True, "", -math.inf
        self._tick = self._taken = self._refusals = 0
        self._times_s: deque[float] = deque(maxlen=_FPS_FRAMES)
        analysed_fps = camera.target_fps / camera.frame_skip
        self._were_bad: deque[bool] = deque(maxlen=max(4, math.ceil(_BAD_WINDOW_S * analysed_fps)))
        self.health = health
        self.due_s = began_s
        """When the next step is due."""
        self.second_s = math.inf
        """When a second look may be taken before that; CameraThread._run takes it if request_recheck was called."""
        self.busy_since_s: float | None = None
        """When the step began that has not ended yet; CameraThread calls it hung by this."""
        self.stuck = ""
        """Why the next step reopens the source; CameraThread.reopen sets it for monitor/stuck_parts.py."""

    def step(self) -> Frame | None:
        """The frame, if this step took one to analyse; the first step after a loss opens the source instead."""
        self.busy_since_s = self._clock()
        try:
            if not self._source:
                self._open()
            elif self.stuck:
                raise SourceLost(self.stuck)
            else:
                return self._take(self._source)
        except Exception as error:  # OpenCV and drivers may raise anything; the camera recovers from all of it
            self._lose(error)
        finally:
            self.busy_since_s = None
        return None

    def _open(self) -> None:
        self._source = self._open_source()
        self._note(self._source.note)
        self._opened_s = self.due_s = self._clock()
        self._tick = self._taken = 0
        self.stuck = ""
        self._were_bad.clear()
        self._kept_tail = KeptTail()
        self._times_s.clear()

    def _note(self, note: str) -> None:
        if note and note != self.health.note:
            log.warning("%s", note)
        self.health = replace(self.health, note=note)

    def _take(self, source: Source) -> Frame | None:
        source.grab(self._clock() - self._began_s)
        now_s = self._clock()
        number = self.health.frames
        self._times_s.append(now_s)
        self.health = replace(self.health, frames=number + 1, measured_fps=_rate(self._times_s))
        frame = self._decode(source, now_s, number) if self._taken % self._camera.frame_skip == 0 else None
        self._taken += 1
        self._tick = tick_after(self._tick, self._clock() - self._opened_s, self._camera.target_fps)
        self.due_s = self._opened_s + self._tick / self._camera.target_fps
        has_second = frame and source.period_s <= SECOND_LOOK_S and has_second_look(now_s, self.due_s)
        self.second_s = now_s + SECOND_LOOK_S if has_second else math.inf
        return frame

    def hurry(self) -> None:
        """Take the next frame now and count it in the place of the newest: the other frames keep their times."""
        self.due_s = self._clock()
        self._tick -= 1
        self._taken -= 1

    def _decode(self, source: Source, now_s: float, number: int) -> Frame | None:
        try:
            bgr = as_bgr(source.retrieve())
            if source.size not in (None, size_of(bgr)):
                raise BadPicture(f"a picture of {size_of(bgr)} pixels where {source.size} were promised")
            check_whole(bgr)
            self._kept_tail.check(bgr)
        except BadPicture as bad:
            self._count_bad(str(bad))
            return None
        self._count_good(source, size_of(bgr), now_s)
        return mounted(Frame(bgr, now_s, number), self._camera)

    def _count_good(self, source: Source, size: tuple[int, int], now_s: float) -> None:
        self._were_bad.append(False)
        if self.health.state != "live":
            if self._is_loss_told:
                log.info("camera live: %s", source.name)
            self._refusals = 0
        width, height = size
        live = replace(self.health, state="live", source=source.name, message="", remedy="")
        self.health = replace(live, width=width, height=height, last_frame_s=now_s)

    def _count_bad(self, reason: str) -> None:
        self._were_bad.append(True)
        self.health = replace(self.health, bad=self.health.bad + 1)
        if self.health.state != "lost":  # or what it says helps already
            self.health = replace(self.health, message=f"skipped {reason}", remedy="")
        if sum(self._were_bad) > _BAD_SHARE * (self._were_bad.maxlen or 0):
            raise SourceLost(f"most pictures are damaged ({reason}): {CABLE_REMEDY}", CABLE_REMEDY)

    def _lose(self, error: Exception) -> None:
        self.close()
        reason = self._reason(error)
        if self.health.state != "lost":
            self._tell_loss(reason)
        remedy = error.remedy if isinstance(error, SourceLost) else ""
        self.health = replace(self.health, state="lost", message=reason, remedy=remedy, measured_fps=0.0)
        self.due_s = self._clock() + self._pause_s(error)

    def _tell_loss(self, reason: str) -> None:
        """Log it, and its end; but not what repeats, as of a loose plug that comes and goes for hours."""
        now_s = self._clock()
        self._is_loss_told = reason != self._told_loss or now_s - self._told_s >= _SAME_LOSS_S
        if self._is_loss_told:
            self._told_loss, self._told_s = reason, now_s
            log.warning("camera lost: %s", reason)

    def _pause_s(self, error: Exception) -> float:
        """Seconds until the next try."""
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
