"""What is wrong with drivewatch and its machine, as one list, each with what helps. Pure: callers read the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf

from admin.health.machine import Machine
from admin.words import lasting
from app.events import BLIND
from app.telemetry import status
from app.telemetry.failure import Failure
from app.telemetry.status import Status
from app.version import VERSION
from config.commands import encrypt_command
from config.paths import FREE_MIN_MB

FAILURE_FRESH_S = 600.0
HOT_C = 80.0  # a Pi clocks itself down from here on
EXPOSED = "Everybody in this network can read what you type here"
SUPPLY = "Use a supply of 5 V and 3 A or more, for a Pi 5 of 5 A, with a short cable"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. said: in a sentence, with the command that helps in backticks where it names one.

    part: what it concerns, such as "Camera". remedy: what helps, where `said` does not have it.
    is_grave: the driver is not watched, or not warned.
    """

    part: str
    said: str
    remedy: str = ""
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What the problems are read from. latest: the newest status file; failure: how the detector last failed.

    folder_problem: why the run folder is not read. certificate_problem: as config.https tells it.
    log_command: what shows the detector's log on this machine. is_restarting: it may be silent for a while.
    is_exposed: others in the network can read along.
    """

    latest: Status | None
    failure: Failure | None = None
    folder_problem: str = ""
    certificate_problem: str = ""
    machine: Machine = field(default_factory=Machine)
    log_command: str = ""
    is_restarting: bool = False
    is_exposed: bool = False


def problems(told: Told, now_s: float) -> tuple[Problem, ...]:
    """All that is wrong at a monotonic time; what keeps the driver from being watched or warned comes first."""
    latest = status.answering(told.latest, now_s)
    if told.folder_problem:
        found = [Problem("Detector", f"It cannot be read or asked: {told.folder_problem}", is_grave=True)]
    elif latest is None:
        found = [] if told.is_restarting else [_silence(told, now_s)]
    else:
        found = [*_recent_failure(told, now_s), *_of_detector(latest)]
    found += _of_machine(told.machine)
    if told.is_exposed:
        found.append(Problem("HTTPS", EXPOSED, f"Encrypt it: `{encrypt_command()}`"))
    if told.certificate_problem:
        found.append(Problem("HTTPS", told.certificate_problem))
    return tuple(sorted(_each_once(found), key=lambda problem: not problem.is_grave))


def silence(latest: Status | None, failure: Failure | None, now_s: float) -> str:
    """What a silent detector does not do, and for how long, as the end of a sentence."""
    age_s = status.age_s(latest, now_s) if latest else inf
    if age_s < inf:
        return f"has not answered for {lasting(age_s)}"
    return "does not run" if failure else "has not run since this machine was switched on"


def last_failure(failure: Failure) -> str:
    """Why the detector last failed, as a sentence without its full stop."""
    return f"It last failed because {failure.reason}"


def _silence(told: Told, now_s: float) -> Problem:
    why = f". {last_failure(told.failure)}" if told.failure else ""
    log = f"; `{told.log_command}` shows why" if told.log_command else ""
    said = f"It {silence(told.latest, told.failure, now_s)}{why}"
    return Problem("Detector", said, f"Restart the detector{log}", is_grave=True)


def _recent_failure(told: Told, now_s: float) -> Iterator[Problem]:
    failure = told.failure
    if failure is not None and now_s - failure.time_s <= FAILURE_FRESH_S:
        times = f", {failure.count} times since this machine was switched on" if failure.count > 1 else ""
        said = f"It failed {lasting(now_s - failure.time_s)} ago{times}: {failure.reason}"
        yield Problem("Detector", said, f"`{told.log_command}` shows more" if told.log_command else "")


def _of_detector(latest: Status) -> Iterator[Problem]:
    """What the detector says of its parts, each with what helps; its first line is of a camera that sees nothing."""
    camera, alerts = latest.camera, latest.alerts
    if latest.state in BLIND:
        yield Problem("Camera", latest.problem or camera.message, is_grave=True)
    if not alerts.buzzer_ok and not latest.is_rehearsal:
        yield Problem("Buzzer", alerts.buzzer_message, is_grave=True)
    if not alerts.led_ok and not latest.is_rehearsal:
        yield Problem("LED", alerts.led_message)
    yield Problem("Camera", camera.note)
    yield Problem("Events", latest.journal_problem)
    yield Problem("Vehicle", latest.vehicle.message)
    for problem in latest.configuration.problems:
        yield Problem("Settings", problem, "Correct it under Settings")
    if latest.memory.saving:
        said = f"Memory is short ({latest.memory.saving_reason}), so {latest.memory.saving}"
        yield Problem("Memory", said, "Stop other programs: `top -o %MEM` shows which take most")
    if latest.version and latest.version != VERSION:
        said = f"The detector is release {latest.version}, the page {VERSION}"
        yield Problem("Versions", said, "Restart the detector")
    if latest.problem not in (alerts.buzzer_message, alerts.led_message):
        yield Problem("Detector", latest.problem)  # what none of the above has said


def _of_machine(machine: Machine) -> Iterator[Problem]:
    sensors = machine.sensors
    if sensors.temperature_c is not None and sensors.temperature_c >= HOT_C:
        said = f"The processor has {sensors.temperature_c:.0f} °C and slows down"
        yield Problem("Temperature", said, "Give it air or a cooler, and keep it out of the sun")
    elif sensors.throttled:
        yield Problem("Processor", f"It is {' and '.join(sensors.throttled)}", "Look at its supply and its cooling")
    if sensors.is_under_voltage:
        yield Problem("Power", "The supply's voltage is too low: the machine may slow down or stop", SUPPLY)
    elif sensors.was_under_voltage:
        yield Problem("Power", "The supply's voltage was too low since this machine was switched on", SUPPLY)
    for folder in machine.folders:
        if folder.free_mb is not None and folder.free_mb < FREE_MIN_MB:
            remedy = f"Make room: `df -h {folder.path}` shows how much there is"
            yield Problem("Disk", f"Only {folder.free_mb:.0f} MB are free for {folder.name}", remedy)
    if not machine.is_clock_set:
        remedy = "Connect it to a network: `timedatectl` shows whether it is set. A GPS receiver dates events too"
        yield Problem("Clock", "It is not set, so dates are wrong", remedy)


def _each_once(found: Iterable[Problem]) -> Iterator[Problem]:
    """Without what was said before: the detector's first line is mostly that of one of its parts."""
    said: set[str] = set()
    for problem in found:
        if problem.said and not any(problem.said in other for other in said):
            said.add(problem.said)
            yield problem
