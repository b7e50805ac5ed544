"""Restarting the detector, and going back to the last good settings when it does not watch with the new ones.

course.py decides what comes next; `Restarter` does it, in a thread of its own, and keeps the course in the run folder,
so that a restarted worker goes on where the old one was. What settings are being tried stands in the data folder as
well, so that they are rolled back after a power cut too.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from admin.mirror import LastingMirror, Mirror
from admin.restart.course import IDLE, TRIES, Action, Course, course_after_boot, course_of
from app.telemetry import status
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Status
from config.commands import instance
from config.durable import StoreError
from config.paths import LAST_GOOD, RESTART, Paths
from config.snapd import Snapctl, SnapctlError, snapctl
from config.store import Store

log = logging.getLogger(__name__)

POLL_S = 0.25
MIRROR_MAX_BYTES = 16 * 1024
DETECTOR = b"\0-m\0app\0run\0"  # in its command line, in a snap too


def in_thread(drive: Callable[[], None]) -> None:
    """Run it beside the requests."""
    threading.Thread(target=drive, name="restart", daemon=True).start()


class Restarter:
    """Restarts the detector, one restart at a time. Any thread may call it.

    `spawn` runs the driver of a course, which calls `advance` until it is over.
    """

    def __init__(
        self,
        paths: Paths,
        store: Store,
        clock: Callable[[], float],
        *,
        ask_snapd: Snapctl = snapctl,
        kill: Callable[[int, int], None] = os.kill,
        spawn: Callable[[Callable[[], None]], None] = in_thread,
        proc: Path = Path("/proc"),
    ) -> None:
        self._paths, self._store, self._clock = paths, store, clock
        self._ask_snapd, self._kill, self._spawn = ask_snapd, kill, spawn
        self._proc = proc
        self._lock = threading.Lock()
        self._is_driven = False
        self._mirror = Mirror(paths.run / RESTART, MIRROR_MAX_BYTES)
        self._trial = LastingMirror(paths.data / RESTART, MIRROR_MAX_BYTES)
        self._course = course_of(self._mirror.read(), clock()) or course_after_boot(self._trial.read(), clock())
        self._kept = self._course

    def start(self, reason: str) -> None:
        """Begin a restart with the settings as they are now, or have the one under way end with them."""
        wanted, found = self._store.load().version, self._alive()
        with self._lock:
            if self._course is not None and not self._course.is_over:
                self._course = self._course.joined(wanted)
            else:
                log.info("the detector is restarted: %s", reason)
                self._course = Course.from_before(self._clock(), found, wanted)
        self.resume()

    def resume(self) -> None:
        """Go on with a restart that a worker before this one began; for the start of the worker."""
        with self._lock:
            if self._is_driven or self._course is None or self._course.is_over:
                return
            self._is_driven = True
        self._spawn(self._drive)

    @property
    def is_under_way(self) -> bool:
        """Whether a restart is being driven."""
        return self._is_driven

    def progress(self) -> Course:
        """The restart under way, or the last one; IDLE without one."""
        return self._course or IDLE

    def dismiss(self) -> None:
        """Say no more of the last restart; one that is under way goes on."""
        with self._lock:
            if self._course is not None and self._course.is_over:
                self._course = self._kept = None
                self._mirror.write({})

    def advance(self) -> bool:
        """Take one step; False when the restart is over."""
        found = self._alive()
        with self._lock:
            assert self._course is not None
            course, action = self._course.step(self._clock(), found)
            self._keep(course)
            self._course = self._kept = course
            is_over = self._course.is_over
            if is_over:
                self._is_driven = False  # under the lock: the next request starts a new course
        if is_over:
            log.info("restart: %s", self.progress().message)
        if action is not None:
            self._perform(action)
        return not is_over

    def _keep(self, course: Course) -> None:
        """Write what has changed; to the card only at the beginning, at the end and for other settings."""
        kept = self._kept
        if course != kept:
            self._mirror.write(asdict(course))
        if kept is None or (course.wanted, course.undone, course.is_over) != (kept.wanted, kept.undone, kept.is_over):
            self._trial.write(asdict(course))

    def _drive(self) -> None:
        try:
            while self.advance():
                time.sleep(POLL_S)
        except BaseException:
            self._is_driven = False  # a bug; the next request starts a new course
            raise

    def _perform(self, action: Action) -> None:
        if action is Action.RESTART:
            self._restart()
        elif action is Action.KILL:
            self._signal(signal.SIGKILL)
        else:
            self._roll_back()

    def _restart(self) -> None:
        """The settings wanted are those that are there just before; its time begins when snapd is done."""
        version = self._store.load().version
        self._change(lambda course: course.joined(version))
        if not self._is_restarted_by_snapd():
            self._signal(signal.SIGTERM)
        now_s = self._clock()
        self._change(lambda course: replace(course, asked_s=now_s))

    def _is_restarted_by_snapd(self) -> bool:
        """Fails at once while the snap is being changed."""
        if not (snap := instance()):
            return False
        try:
            self._ask_snapd("restart", f"{snap}.detector")
        except SnapctlError as error:
            log.warning("snapctl does not restart the detector (%s): it is asked to end", error)
            return False
        return True

    def _signal(self, number: int) -> None:
        """Send it to the detector that was there before, if that is still the one: systemd or make run start the next.

        A status that is old is no obstacle: a detector that hangs is the one to be ended. Its name is what counts.
        """
        found, course = self._alive(), self._course
        if found is not None and course is not None and not course.is_another(found):
            with suppress(ProcessLookupError):
                self._kill(found.pid, number)

    def _roll_back(self) -> None:
        outcome = self._change(self._rolled_back)
        log.warning("restart: %s", outcome.message)

    def _rolled_back(self, course: Course) -> Course:
        why = f"The detector does not watch with these settings: {course.reason}."
        try:
            loaded = self._store.load()
            if loaded.version != course.wanted:
                if self._store.copies().get(LAST_GOOD) == loaded.text:  # put back, by a worker that died then
                    return course.undoing(self._alive(), loaded.version)
                if course.tries < TRIES:
                    return course.once_more(self._alive())
            if self._store.roll_back():
                return course.undoing(self._alive(), self._store.load().version)
        except StoreError as error:
            return course.failed(f"{why} The last good ones could not be put back: {error}")
        return course.failed(f"{why} There are no last good ones to go back to: correct them, then restart it.")

    def _change(self, changed: Callable[[Course], Course]) -> Course:
        with self._lock:
            assert self._course is not None
            self._course = changed(self._course)
            return self._course

    def _alive(self) -> Status | None:
        """The detector's newest status; None if it is of another boot, or its process has ended."""
        found = status.read(self._paths.status)
        return found if found and found.boot_id == boot_id() and self._is_detector(found.pid) else None

    def _is_detector(self, pid: int) -> bool:
        """Whether a process of that number is a detector of this user: numbers are used again."""
        folder = self._proc / str(pid)
        try:
            return pid > 1 and folder.stat().st_uid == os.geteuid() and DETECTOR in (folder / "cmdline").read_bytes()
        except OSError:
            return False
