"""Restarting the detector, and going back to the last good settings when it does not watch with the new ones.

`Course` is the way of one restart, pure: time and status go in, what to do next comes out. `Restarter` does it, in a
thread of its own, and keeps the course in the run folder, so that a restarted worker goes on where the old one was.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from admin.mirror import Mirror
from app import status
from app.status import Status, boot_id
from app.verdict import State
from config.durable import StoreError
from config.paths import Paths
from config.store import Store

log = logging.getLogger(__name__)

LIMIT_S = 30.0  # make run's longest delay and the detector's start take 15
STOP_S = 10.0  # as systemd gives the detector in the snap
SETTLED_S = 3.0  # it has watched so long: longer than what crashes at its first frames
OPENING_S = 10.0  # a camera that was missing before may take so long to be found
TRIES = 3  # restarts because the settings were changed meanwhile
POLL_S = 0.25
SNAPCTL = "/usr/bin/snapctl"
SNAPCTL_LIMIT_S = 60.0  # 15 are usual: the detector may take 10 to end; snapd itself would wait for 150
MIRROR, MIRROR_MAX_BYTES = "restart.json", 16 * 1024
DETECTOR = b"\0-m\0app\0run\0"  # in its command line, in a snap too

NOT_OURS = ""  # the version of settings of `run --config`, which no page can change

Phase: TypeAlias = Literal["idle", "stopping", "starting", "healthy", "failed", "rolled_back"]
OVER = ("idle", "healthy", "failed", "rolled_back")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a restart is, or how the last one ended. Process numbers are 0 and versions "" where unknown.

    since_s: when it was asked for, monotonic. A detector may be healthy and `message` still say what is wrong.
    """

    phase: Phase
    message: str
    pid_before: int
    pid_now: int
    version_wanted: str
    version_in_force: str
    since_s: float


class Action(Enum):
    """What a course asks for."""

    RESTART = "restart"
    KILL = "kill"
    ROLL_BACK = "roll back"


@dataclass(frozen=True, slots=True)
class Course:
    """One restart. It ends healthy, failed or rolled back within about limit_s, or twice that when it rolls back.

    is_proven: the detector watched with these settings before, so they are not to blame. was_blind: it had no camera
    before, so that none is no failure of the restart. undone: why the settings before the ones in force were put back.
    """

    began_s: float
    limit_s: float = LIMIT_S
    pid_before: int = 0
    started_before_s: float = 0.0
    is_proven: bool = False
    was_blind: bool = False
    undone: str = ""
    phase: Phase = "stopping"
    message: str = "The detector is asked to end."
    is_asked: bool = False
    asked_s: float = 0.0
    is_killed: bool = False
    tries: int = 0
    wanted: str = ""
    pid_now: int = 0
    in_force: str = ""
    watching_since_s: float | None = None
    reason: str = ""

    @classmethod
    def from_before(cls, now_s: float, before: Status | None, wanted: str, limit_s: float = LIMIT_S) -> Course:
        """Start the course of a restart of this detector, None if there is none."""
        if before is None:
            return cls(now_s, limit_s, wanted=wanted)
        is_blind = before.state is State.NO_CAMERA
        return cls(
            now_s,
            limit_s,
            pid_before=before.pid,
            started_before_s=before.started_s,
            is_proven=not is_blind and before.configuration.version_token in (NOT_OURS, wanted),
            was_blind=is_blind,
            in_force=before.configuration.version_token,
            wanted=wanted,
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come."""
        return self.phase in OVER

    def step(self, now_s: float, found: Status | None) -> tuple[Course, Action | None]:
        """Judge what a detector that is alive has written last, None if there is no such."""
        if self.is_over:
            return self, None
        if not self.is_asked:
            return replace(self, is_asked=True, asked_s=now_s, tries=self.tries + 1), Action.RESTART
        if found is not None and self.is_another(found):
            return self._judged(now_s, found)
        return self._waiting(now_s, is_there=found is not None)

    def failed(self, why: str) -> Course:
        """End here."""
        return replace(self, phase="failed", message=why)

    def joined(self, wanted: str) -> Course:
        """With settings that were saved after it began: they are as new as those before them were."""
        return self if wanted == self.wanted else replace(self, wanted=wanted, is_proven=False, undone="")

    def undoing(self, before: Status | None, wanted: str) -> Course:
        """The restart with the last good settings, after they have been put back."""
        course = Course.from_before(self.began_s, before, wanted, self.limit_s)
        return replace(course, was_blind=False, undone=self.reason, message=self.message)

    def is_another(self, found: Status) -> bool:
        """Whether this is not the detector that is to end."""
        return (found.pid, found.started_s) != (self.pid_before, self.started_before_s)

    def _waiting(self, now_s: float, *, is_there: bool) -> tuple[Course, Action | None]:
        """For the old one to end, or for a new one to say something."""
        if now_s - self.asked_s >= self.limit_s:
            return (
                (self.failed("The detector does not end: turn the Pi off and on."), None) if is_there else self._lost()
            )
        if not is_there:
            message = "The detector ended again." if self.pid_now else "The detector is starting."
            return replace(self, phase="starting", message=message, watching_since_s=None), None
        if now_s - self.asked_s >= STOP_S and not self.is_killed:
            return replace(self, is_killed=True, message="The detector does not end by itself."), Action.KILL
        return self, None

    def _judged(self, now_s: float, found: Status) -> tuple[Course, Action | None]:
        configuration = found.configuration
        is_same = found.pid == self.pid_now
        course = replace(
            self,
            phase="starting",
            message=found.health or "The detector is starting to watch.",
            pid_now=found.pid,
            in_force=configuration.version_token,
            reason=found.health,
            watching_since_s=self.watching_since_s if is_same else None,
        )
        if configuration.version_token not in (NOT_OURS, self.wanted):
            return course._overtaken(found)
        if configuration.problems:
            used = f"In force: {configuration.origin}."
            return course.failed(f"config.yaml is not used: {configuration.problems[0]}. {used}"), None
        return course._looked_at(now_s, found)

    def _overtaken(self, found: Status) -> tuple[Course, Action | None]:
        """It started with settings that are no longer those that are wanted."""
        if self.tries >= TRIES:
            return self.failed("The settings change faster than the detector starts: restart it once more."), None
        again = replace(self, pid_before=found.pid, started_before_s=found.started_s, is_asked=False, is_killed=False)
        return replace(again, phase="stopping", message="The settings were changed again: once more."), None

    def _looked_at(self, now_s: float, found: Status) -> tuple[Course, Action | None]:
        if found.state is State.NO_CAMERA:
            if self.was_blind and now_s - found.started_s >= OPENING_S:
                return self._done(f"The detector runs; as before: {found.health or 'no camera'}"), None
            if now_s - self.asked_s >= self.limit_s:
                return self._lost()
            return replace(self, watching_since_s=None), None
        since_s = now_s if self.watching_since_s is None else self.watching_since_s
        if now_s - since_s < SETTLED_S:
            return replace(self, watching_since_s=since_s), None
        return self._done(f"The detector watches{', but: ' if found.health else '.'}{found.health}"), None

    def _done(self, message: str) -> Course:
        if self.undone:
            why = f"The detector did not work with the new settings: {self.undone}. The last good ones are back."
            return replace(self, phase="rolled_back", message=f"{why} {message}")
        return replace(self, phase="healthy", message=message)

    def _lost(self) -> tuple[Course, Action | None]:
        """No detector watches, and the time is up."""
        why = self.reason or ("it ends again and again" if self.pid_now else "it does not start") + "; its log says why"
        if self.undone:
            both = f"The last good settings are back, because of the new ones: {self.undone}."
            return self.failed(f"{both} But the detector does not watch with these either: {why}"), None
        if self.is_proven:
            return self.failed(f"The detector does not watch: {why}"), None
        message = f"Going back to the last good settings, as the detector does not watch with the new ones: {why}"
        return replace(self, reason=why, message=message), Action.ROLL_BACK


def run(command: Sequence[str], limit_s: float) -> str:
    """Run a command; "" or why it failed. The environment stays: snapctl is known by its SNAP_COOKIE."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit_s)
    except subprocess.TimeoutExpired:
        return f"it did not end within {limit_s:g} s"
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


def in_thread(drive: Callable[[], None]) -> None:
    """Have it done beside the requests."""
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
        run_command: Callable[[Sequence[str], float], str] = run,
        kill: Callable[[int, int], None] = os.kill,
        spawn: Callable[[Callable[[], None]], None] = in_thread,
        env: Mapping[str, str] = os.environ,
        proc: Path = Path("/proc"),
        limit_s: float = LIMIT_S,
    ) -> None:
        self._paths, self._store, self._clock = paths, store, clock
        self._run_command, self._kill, self._spawn = run_command, kill, spawn
        self._env, self._proc, self._limit_s = env, proc, limit_s
        self._lock = threading.Lock()
        self._is_driven = False
        self._mirror = Mirror(paths.run / MIRROR, MIRROR_MAX_BYTES)
        self._course = _course_of(self._mirror.read(), clock())
        self._kept = self._course

    def start(self, reason: str) -> None:
        """Begin a restart with the settings as they are now, or have the one under way end with them."""
        wanted, found = self._store.load().version, self._alive()
        with self._lock:
            if self._course is not None and not self._course.is_over:
                self._course = self._course.joined(wanted)
            else:
                log.info("the detector is restarted: %s", reason)
                self._course = Course.from_before(self._clock(), found, wanted, self._limit_s)
        self.resume()

    def resume(self) -> None:
        """Go on with a restart that a worker before this one began; for the start of the worker."""
        with self._lock:
            if self._is_driven or self._course is None or self._course.is_over:
                return
            self._is_driven = True
        self._spawn(self._drive)

    def progress(self) -> Progress:
        """How far it is."""
        course = self._course
        if course is None:
            return Progress("idle", "", 0, 0, "", "", 0.0)
        return Progress(
            course.phase,
            course.message,
            course.pid_before,
            course.pid_now,
            course.wanted,
            course.in_force,
            course.began_s,
        )

    def advance(self) -> bool:
        """Take one step; False when the restart is over."""
        found = self._alive()
        with self._lock:
            assert self._course is not None
            course, action = self._course.step(self._clock(), found)
            if course != self._kept:
                self._mirror.write(asdict(course))
            self._course = self._kept = course
            is_over = self._course.is_over
            if is_over:
                self._is_driven = False  # under the lock: a request from now on begins anew
        if is_over:
            log.info("restart: %s", self.progress().message)
        if action is not None:
            self._perform(action)
        return not is_over

    def _drive(self) -> None:
        try:
            while self.advance():
                time.sleep(POLL_S)
        except BaseException:
            self._is_driven = False  # a bug; the next request begins anew
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
        failure = "outside a snap"
        if snap := self._env.get("SNAP_INSTANCE_NAME"):
            failure = self._run_command([SNAPCTL, "restart", f"{snap}.detector"], SNAPCTL_LIMIT_S)
            if failure:  # at once while the snap is being changed
                log.warning("snapctl does not restart the detector (%s): it is asked to end", failure)
        if failure:
            self._signal(signal.SIGTERM)
        now_s = self._clock()
        self._change(lambda course: replace(course, asked_s=now_s))

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
            if self._store.load().version != course.wanted:
                return course.failed(f"{why} They have been changed meanwhile: restart it once more.")
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
        """What the detector wrote last, None if it was another boot's, or if there is no such process any more."""
        found = status.read(self._paths.status)
        return found if found and found.boot_id == boot_id() and self._is_detector(found.pid) else None

    def _is_detector(self, pid: int) -> bool:
        """Whether a process of that number is a detector of this user: numbers are used again."""
        folder = self._proc / str(pid)
        try:
            return pid > 1 and folder.stat().st_uid == os.geteuid() and DETECTOR in (folder / "cmdline").read_bytes()
        except OSError:
            return False


def _course_of(table: Mapping[str, object], now_s: float) -> Course | None:
    """The course that a worker before this one kept. Whether it still asked the old detector to end is not known."""
    fields = asdict(Course(now_s))
    fields.update((name, value) for name, value in table.items() if type(value) is type(fields.get(name)))
    course = Course(**fields)
    if not table or course.phase not in get_args(Phase):
        return None
    return replace(course, asked_s=now_s, is_asked=course.phase != "stopping")
