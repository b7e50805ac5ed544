"""The states of one restart, pure: time and the detector's status -> the next state and an action for restarter.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Literal, TypeAlias, get_args

from app.events import State
from app.telemetry.status import Status

# make run's longest delay and the detector's start take 15; in a machine as slow as an emulated one, or one that reads
# everything from a slow card, the start alone takes 26
LIMIT_S = 60.0
STOP_S = 10.0  # as systemd gives the detector in the snap
SETTLED_S = 3.0  # it has watched so long: longer than what crashes at its first frames
OPENING_S = 10.0  # a camera that was missing before may take so long to be found
TRIES = 3  # restarts where the settings were changed during one; then it is judged by those that it has

NOT_OURS = ""  # the version of settings of `run --config`, which no page can change

Phase: TypeAlias = Literal["idle", "stopping", "starting", "healthy", "failed", "rolled_back"]
OVER = ("idle", "healthy", "failed", "rolled_back")


class Action(Enum):
    """What a course asks restarter.py to do."""

    RESTART = "restart"
    KILL = "kill"
    ROLL_BACK = "roll back"


@dataclass(frozen=True, slots=True)
class Course:
    """One restart. It ends healthy, failed or rolled back within about LIMIT_S, or twice that when it rolls back.

    is_proven: the detector watched with these settings before, so they are not to blame. was_blind: it had no camera
    before, so a missing camera is no failure of the restart. undone: why the last good settings were put back in place
    of the version `rejected`. wanted, in_force, before: versions of the settings, before that of the old detector.
    Process numbers are 0 and versions "" where unknown. A detector may be healthy and `message` say what is wrong.
    """

    began_s: float
    pid_before: int = 0
    started_before_s: float = 0.0
    is_proven: bool = False
    was_blind: bool = False
    undone: str = ""
    rejected: str = ""
    phase: Phase = "stopping"
    message: str = "The detector is asked to end."
    is_asked: bool = False
    asked_s: float = 0.0
    is_killed: bool = False
    tries: int = 0
    wanted: str = ""
    pid_now: int = 0
    in_force: str = ""
    before: str = ""
    watching_since_s: float | None = None
    reason: str = ""

    @classmethod
    def from_before(cls, now_s: float, before: Status | None, wanted: str) -> Course:
        """Start the course of a restart of this detector, None if there is none."""
        if before is None:
            return cls(now_s, wanted=wanted)
        is_blind = before.state is State.NO_CAMERA
        return cls(
            now_s,
            pid_before=before.pid,
            started_before_s=before.started_s,
            is_proven=not is_blind and before.configuration.version_token in (NOT_OURS, wanted),
            was_blind=is_blind,
            in_force=before.configuration.version_token,
            before=before.configuration.version_token,
            wanted=wanted,
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come."""
        return self.phase in OVER

    @property
    def is_under_way(self) -> bool:
        """Whether the detector is being restarted, so that what it said before is no longer so."""
        return not self.is_over

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
        return self if wanted == self.wanted else replace(self, wanted=wanted, is_proven=False, undone="", rejected="")

    def undoing(self, before: Status | None, wanted: str) -> Course:
        """The restart with the last good settings, after `Restarter._rolled_back` has put them back."""
        course = Course.from_before(self.began_s, before, wanted)
        return replace(course, was_blind=False, undone=self.reason, rejected=self.wanted, message=self.message)

    def once_more(self, found: Status | None) -> Course:
        """The restart of a detector with settings that are out of date. `Restarter._restart` joins the newer ones."""
        pid, started_s = (found.pid, found.started_s) if found else (0, 0.0)
        again = replace(self, pid_before=pid, started_before_s=started_s, is_asked=False, is_killed=False)
        message = "The settings were changed again: once more."
        return replace(again, phase="stopping", message=message, watching_since_s=None)

    def is_another(self, found: Status) -> bool:
        """Whether this is not the detector that is to end."""
        return (found.pid, found.started_s) != (self.pid_before, self.started_before_s)

    def _waiting(self, now_s: float, *, is_there: bool) -> tuple[Course, Action | None]:
        """The course while the old detector ends, or before a new one has written a status."""
        if now_s - self.asked_s >= LIMIT_S:
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
            message=_problem(found) or "The detector is starting to watch.",
            pid_now=found.pid,
            in_force=configuration.version_token,
            reason=found.problem if found.state is State.NO_CAMERA else "",  # else it watches in spite of it
            watching_since_s=self.watching_since_s if is_same else None,
        )
        if configuration.version_token not in (NOT_OURS, self.wanted):
            if self.tries < TRIES:
                return course.once_more(found), None
            course = course.joined(configuration.version_token)
        if configuration.problems:
            used = f"In force: {configuration.origin}."
            return course.failed(f"config.yaml is not used: {configuration.problems[0]}. {used}"), None
        return course._looked_at(now_s, found)

    def _looked_at(self, now_s: float, found: Status) -> tuple[Course, Action | None]:
        is_blind = found.state is State.NO_CAMERA
        if is_blind and self.was_blind and now_s - found.started_s >= OPENING_S:
            return self._done(f"The detector runs; as before: {found.problem or 'no camera'}"), None
        since_s = found.time_s if self.watching_since_s is None else self.watching_since_s
        if is_blind or found.time_s - since_s < SETTLED_S:  # by its own clock, so that one that hangs never settles
            if now_s - self.asked_s >= LIMIT_S:
                return self._lost()
            return replace(self, watching_since_s=None if is_blind else since_s), None
        problem = _problem(found)
        return self._done(f"The detector watches{', but: ' if problem else '.'}{problem}"), None

    def _done(self, message: str) -> Course:
        if self.undone:
            why = f"The detector did not work with the new settings: {self.undone}. The last good ones are back."
            return replace(self, phase="rolled_back", message=f"{why} {message}")
        return replace(self, phase="healthy", message=message)

    def _lost(self) -> tuple[Course, Action | None]:
        """Going back to the last good settings, or failed. `Restarter._roll_back` does ROLL_BACK, then `undoing`."""
        why = self.reason or ("it ends again and again" if self.pid_now else "it does not start") + "; its log says why"
        if self.undone:
            both = f"The last good settings are back, because of the new ones: {self.undone}."
            return self.failed(f"{both} But the detector does not watch with these either: {why}"), None
        if self.is_proven:
            return self.failed(f"The detector does not watch: {why}"), None
        message = f"Going back to the last good settings, as the detector does not watch with the new ones: {why}"
        return replace(self, reason=why, message=message), Action.ROLL_BACK


IDLE = Course(0.0, phase="idle", message="")


def _problem(found: Status) -> str:
    """What the detector says is wrong, where it matters: without a driver neither buzzer nor LED does."""
    needless = (found.alerts.buzzer_message, found.alerts.led_message) if found.is_rehearsal else ()
    return "" if found.problem in needless else found.problem


def course_of(table: Mapping[str, object], now_s: float) -> Course | None:
    """The course that a worker before this one kept. Whether it still asked the old detector to end is not known."""
    fields = asdict(Course(now_s))
    fields.update((name, value) for name, value in table.items() if type(value) is type(fields.get(name)))
    course = Course(**fields)
    if table.get("phase") not in get_args(Phase):
        return None
    return replace(course, asked_s=now_s, is_asked=course.phase != "stopping")


def course_after_boot(table: Mapping[str, object], now_s: float) -> Course | None:
    """The course that a power cut or a reboot has cut short; the start of the machine was its restart."""
    course = course_of(table, now_s)
    if course is None or course.is_over:
        return None
    fresh = replace(
        course, phase="starting", message="The machine was started meanwhile.", is_asked=True, began_s=now_s
    )
    return replace(fresh, pid_before=0, started_before_s=0.0, pid_now=0, is_killed=False, tries=max(course.tries, 1))
