"""The detector's health as snapd shows it (`snap list`, `snap info`, warnings): a note of what is wrong."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from math import inf

from app.events import State
from app.telemetry import status
from app.telemetry.status import Status
from config.durable import StoreError
from config.paths import Paths
from config.settings import Settings
from config.snapd import Snapctl, SnapctlError, snapctl, tell

log = logging.getLogger(__name__)

LOOK_S = 5.0  # a note is sent when two looks agree; what passes sooner is on the page alone
BETWEEN_S = 30.0  # each note is written to snapd's state on the SD card
SNAPCTL_LIMIT_S = 20.0
MESSAGE_MAX = 70  # characters that snapd keeps; 7 are the least


@dataclass(frozen=True, slots=True)
class Note:
    """As `snapctl set-health` takes it. status: okay; blocked where a command helps; waiting for anything else."""

    status: str = "okay"
    message: str = ""
    code: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of set-health."""
        return (self.status, self.message, f"--code={self.code}") if self.message else (self.status,)


def note_of(found: Status) -> Note:
    """The note for what is wrong; what keeps the driver from being watched or warned comes first."""
    camera, alerts, problems = found.camera, found.alerts, found.configuration.problems
    if found.state is State.NO_CAMERA:
        return _problem("camera", camera.message or found.problem, camera.remedy)
    if problems:
        return Note("blocked", _short(f"config.yaml is not used: {problems[0]}"), "configuration")
    if not alerts.buzzer_ok:
        return _problem("buzzer", alerts.buzzer_message, alerts.buzzer_remedy)
    if found.journal_problem:
        return _problem("events", found.journal_problem, found.journal_remedy)
    return Note()


def _problem(part: str, message: str, remedy: str) -> Note:
    """With the command that helps, where there is one, rather than the beginning of a long sentence."""
    return Note("blocked" if remedy else "waiting", _short(f"{part}: {remedy or message}"), part)


def _short(text: str) -> str:
    return text if len(text) <= MESSAGE_MAX else f"{text[: MESSAGE_MAX - 1]}\N{HORIZONTAL ELLIPSIS}"


class Transitions:
    """When a note is to be sent: the first, then each that differs from the last, stays, and does not come too soon."""

    def __init__(self) -> None:
        self._told: Note | None = None
        self._seen: Note | None = None
        self._tried_s = -inf

    def is_due(self, note: Note, now_s: float) -> bool:
        """Whether to send it now."""
        is_steady, self._seen = note == self._seen, note
        if not is_steady or note == self._told or now_s - self._tried_s < BETWEEN_S:
            return False
        self._tried_s = now_s
        return True

    def told(self, note: Note) -> None:
        """Remember that it was sent."""
        self._told = note


def start(paths: Paths, settings: Settings) -> None:
    """Keep snapd informed, in a thread beside the detector: snapctl may take long."""
    threading.Thread(target=_keep_informed, args=(paths, settings), name="health", daemon=True).start()


def _keep_informed(paths: Paths, settings: Settings) -> None:
    try:
        tell(paths, settings)
    except (SnapctlError, StoreError) as error:
        log.warning("`snap get` may not show what is in force: %s", error)
    transitions = Transitions()
    while True:
        time.sleep(LOOK_S)
        look(paths, transitions, time.monotonic())


def look(paths: Paths, transitions: Transitions, now_s: float, ask: Snapctl = snapctl) -> None:
    """Read the status as the page does, and tell snapd where a note is due."""
    found = status.answering(status.read(paths.status), now_s)
    if found is None:
        return
    note = note_of(found)
    if not transitions.is_due(note, now_s):
        return
    try:
        ask("set-health", *note.arguments, limit_s=SNAPCTL_LIMIT_S)
    except SnapctlError as error:
        log.warning("snapd was not told %r: %s", note.message or note.status, error)
    else:
        transitions.told(note)
