"""The banner of every page: what needs attention now, worst first, as lines that base.html draws. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from admin.health.problems import EXPOSED, Told, last_failure, silence
from admin.restart.course import NOT_OURS, Course
from admin.words import NOT_ANSWERING, minutes_left
from app.events import State
from app.telemetry import status
from app.telemetry.requests import Request
from app.telemetry.status import Configuration, Status
from config.commands import encrypt_command
from config.paths import CONFIG
from config.read import read
from config.settings import DECLARATIONS, Settings, values_of
from config.store import DEFAULTS, NO_FILE, Loaded, version_of

Tone = Literal["bad", "doubtful", "note"]
TONES: tuple[Tone, ...] = ("bad", "doubtful", "note")
KEYS_MAX = 3  # named in a line; the form shows all
PAGES_OWN = "admin."  # settings that the page follows at once, without a restart


@dataclass(frozen=True, slots=True)
class Button:
    """A form of one press: where it is sent, with one field if any."""

    label: str
    endpoint: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Where more is to be done."""

    label: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that needs attention; kind is its name. more: in sentences, with commands in backticks.

    said: the words for a screen reader, without a figure that changes by itself, "" where words have none. Buttons and
    links are for the owner alone.
    """

    kind: str
    tone: Tone
    words: str
    more: str = ""
    buttons: tuple[Button, ...] = ()
    link: Link | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lines are read from. told: what Health's problems are read from. now_s is monotonic.

    due: the settings that a restart would change, None where it is not known which.
    """

    told: Told
    now_s: float
    progress: Course
    loaded: Loaded
    due: tuple[str, ...] | None = ()

    @property
    def latest(self) -> Status | None:
        """What a detector that answers says."""
        return status.answering(self.told.latest, self.now_s)


RESTART = Button("Restart now", "restart.start")


def lines(facts: Facts) -> tuple[Line, ...]:
    """What needs attention, worst first."""
    found = (
        *_restart(facts),
        *_silence(facts),
        *_exposure(facts.told.is_exposed),
        *_of_detector(facts),
        *_settings(facts),
        *_certificate(facts),
        *_clock(facts.told.machine.is_clock_set),
    )
    return tuple(sorted(found, key=lambda line: TONES.index(line.tone)))


def exposure(is_exposed: bool) -> tuple[Line, ...]:
    """The line that a stranger is shown too, before typing a password."""
    return tuple(_exposure(is_exposed))


def due(latest: Status | None, loaded: Loaded, copies: Callable[[], Mapping[str, str]]) -> tuple[str, ...] | None:
    """The settings that the file has otherwise than the detector uses them; None where it is not known which.

    copies: the earlier files, of which one may be what the detector has read. What the command line gives is not
    due, as no restart changes it.
    """
    token = latest.configuration.version_token if latest else NOT_OURS
    if latest is None or token in (NOT_OURS, loaded.version):
        return ()
    used = _in_force(latest.configuration, copies)
    if used is None:
        return None
    before, after = values_of(used), values_of(loaded.settings)
    fixed = latest.configuration.fixed_keys
    return tuple(
        key for key in DECLARATIONS if before[key] != after[key] and key not in fixed and not key.startswith(PAGES_OWN)
    )


def _in_force(used: Configuration, copies: Callable[[], Mapping[str, str]]) -> Settings | None:
    """The settings of the version that a detector uses, None where they are no longer kept."""
    if used.problems:
        return None
    if used.version_token == NO_FILE:
        return Settings()
    for text in copies().values():
        if version_of(text.encode()) == used.version_token:
            return read(text).settings
    return None


def _restart(facts: Facts) -> Iterator[Line]:
    progress, latest = facts.progress, facts.latest
    if progress.is_under_way:
        passed_s = max(0, int(facts.now_s - progress.began_s))
        yield Line("restarting", "doubtful", "Restarting the detector", f"{progress.message} For {passed_s} s so far.")
    elif progress.phase == "rolled_back" and facts.loaded.version == progress.wanted:
        edit = Link("Edit the rejected version again", "settings.rejected")
        words, dismiss = "New settings failed, old ones restored", Button("Dismiss", "restart.dismiss")
        yield Line("rolled-back", "bad", words, f"Why: {progress.undone}.", (dismiss,), edit)
    elif progress.phase == "failed" and (latest is None or latest.state is State.NO_CAMERA):
        log = f" `{facts.told.log_command}` shows more." if facts.told.log_command else ""
        edit = Link("Edit the settings", "settings.show")
        yield Line("failed", "bad", "The restart failed", f"{progress.message.rstrip('.')}.{log}", (RESTART,), edit)


def _silence(facts: Facts) -> Iterator[Line]:
    if facts.progress.is_under_way or facts.progress.phase == "failed" or facts.latest:
        return
    if facts.told.folder_problem:
        more = f"{facts.told.folder_problem}. Then restart detector and page."
        yield Line("silent", "bad", "The detector cannot be told, and asked nothing", more)
        return
    words = f"The detector {silence(facts.told.latest, facts.told.failure, facts.now_s)}"
    why = f"{last_failure(facts.told.failure)}. " if facts.told.failure else ""
    log = f"If a restart does not help: `{facts.told.log_command}` shows why." if facts.told.log_command else ""
    yield Line("silent", "bad", words, why + log, (RESTART,), said=f"The detector {NOT_ANSWERING}")


def _exposure(is_exposed: bool) -> Iterator[Line]:
    if is_exposed:
        yield Line("exposed", "doubtful", EXPOSED, f"Encrypt it: `{encrypt_command()}`")


def _of_detector(facts: Facts) -> Iterator[Line]:
    """What a detector that answers says of itself."""
    latest = facts.latest
    if latest is None or facts.progress.is_under_way:
        return
    if not latest.alerts.buzzer_ok and latest.camera.source and not latest.is_rehearsal:
        yield Line("buzzer", "bad", "The buzzer is not available, so no alert sounds", latest.alerts.buzzer_message)
    left_s = (latest.alerts.muted_until_s or 0.0) - facts.now_s
    if left_s > 0:
        words = f"Muted: {minutes_left(left_s)} left"
        end = Button("End it", "actions.ask", "what", Request.END_MUTE.value)
        yield Line(
            "muted", "doubtful", words, "Cautions and warnings are silent; alarms are not.", (end,), said="Muted"
        )


def _settings(facts: Facts) -> Iterator[Line]:
    loaded, latest = facts.loaded, facts.latest
    if loaded.problems:
        correct = Link("Correct it", "settings.show")
        more = f"{loaded.problems[0]}. In force: {'the rest of it' if loaded.origin == CONFIG else loaded.origin}."
        yield Line("settings", "doubtful", "The settings file has a mistake", more, link=correct)
    elif facts.due != () and not facts.progress.is_under_way and latest:
        yield Line("restart-due", "doubtful", "A restart is due", f"It changes {_named(facts.due)}.", (RESTART,))
    configuration = latest.configuration if latest else None
    if configuration and configuration.version_token == NOT_OURS and configuration.origin not in ("", DEFAULTS):
        more = f"The detector uses {configuration.origin}: what is changed here has no effect."
        yield Line("fixed", "note", "Settings are fixed by the command line", more)
    elif configuration and configuration.fixed_keys:
        more = f"{_named(configuration.fixed_keys)}: changes here have no effect."
        yield Line("fixed", "note", "Fixed by the command line", more)


def _certificate(facts: Facts) -> Iterator[Line]:
    if facts.told.certificate_problem:
        yield Line("certificate", "doubtful", "HTTPS needs attention", f"{facts.told.certificate_problem}.")


def _clock(is_set: bool) -> Iterator[Line]:
    if not is_set:
        more = "Dates are wrong until it is connected to a network: `timedatectl` shows more."
        yield Line("clock", "doubtful", "The clock is not set", more)


def _named(keys: tuple[str, ...] | None) -> str:
    """Settings by the names that the form has, the first few."""
    if keys is None:
        return "settings"
    names = [f"{DECLARATIONS[key].label} ({key})" for key in keys[:KEYS_MAX] if key in DECLARATIONS]
    more = len(keys) - len(names)
    names += [f"{more} more"] if more else []
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
