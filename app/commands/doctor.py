"""Looks at each part for `check`: is it well, and if not, what helps?"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.alerts.alert import Alert, open_alert
from app.camera.camera_thread import CameraThread
from app.camera.frame import Frame
from app.events import BLIND, SIGHT_PROBLEMS, Motion, Sight
from app.journal.entries import JournalUnreadable, recent
from app.journal.journal_file import why_beside
from app.memory.usage import MB, System, system
from app.monitor.detector import told_vehicle
from app.monitor.wall_clock import KernelClock, is_believable
from app.observer import Observer
from app.part_status import CameraHealth
from app.telemetry import failure, status
from app.vehicle.opening import open_vehicle
from app.vehicle.vehicle_thread import VehicleThread
from app.version import VERSION
from app.vision.face import FaceMesh
from app.vision.model_files import FaceMeshError
from app.vision.sight import Lens
from config import settings as declared
from config.commands import command, instance
from config.disk import free_bytes
from config.own_files import folder_problem
from config.paths import FREE_MIN_MB, Paths
from config.settings import Settings
from config.store import Loaded

MOUNTING_FRAMES = 3  # in one the driver may blink or look away
FRAME_WAIT_S = 15.0  # the fake driver's process, or a USB camera that wakes up
SPEED_WAIT_S = 10.0  # a receiver speaks once a second; at another baud rate it is understood after 5 s
HELD_HIGH_UP_TO_BCM = 8  # the Pi pulls BCM 2 to 8 up and the others down, until a program drives them
FAILURE_FRESH_S = 600.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: well or not, and what helps."""

    part: str
    is_well: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok' if self.is_well else 'BAD':4} {self.part:14} {self.text}"


def _mounting_problem(settings: Settings, frames: Iterable[Frame]) -> str:
    """How the picture lies, by the first frame that shows a face; empty while it is upright, or no frame does."""
    try:
        with Observer(settings.vision, settings.analysis, settings.alerting.repeat_s) as watch:
            for frame in frames:
                look = watch.look_alone(frame)
                if look.mounting_problem or look.signals is not None:
                    return look.mounting_problem
    except FaceMeshError:
        pass  # a finding of its own names it
    return ""


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that is looked at; tests make one up. load_mesh raises FaceMeshError."""

    open_camera: Callable[[declared.Camera], CameraThread] = CameraThread
    open_alert: Callable[[Settings], Alert] = open_alert
    open_vehicle: Callable[[Settings], VehicleThread | None] = open_vehicle
    load_mesh: Callable[[declared.Vision], None] = lambda vision: FaceMesh(vision.model, hands=vision.phone).close()
    mounting_problem: Callable[[Settings, Iterable[Frame]], str] = _mounting_problem
    memory: Callable[[], System] = system
    free_mb: Callable[[Path], float] = lambda folder: free_bytes(folder) / MB
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    is_synchronised: Callable[[], bool | None] = KernelClock().is_synchronised


def check(loaded: Loaded, settings: Settings, paths: Paths, machine: Machine | None = None) -> int:
    """Print what is found; exit status 0 only when all is well."""
    findings = []
    for finding in examine(loaded, settings, paths, machine or Machine()):
        print(finding, flush=True)
        findings.append(finding)
    bad = sum(not finding.is_well for finding in findings)
    print(f"\n{bad} of {len(findings)} need attention" if bad else "\nall is well")
    return 1 if bad else 0


def examine(loaded: Loaded, settings: Settings, paths: Paths, machine: Machine) -> Iterator[Finding]:
    """A finding for each part. Camera and pins belong to a detector that runs, so its status is read instead."""
    snap = instance()
    where = f"snap {snap}" if snap else "outside a snap"
    yield Finding("drivewatch", True, f"{VERSION}, Python {platform.python_version()}, {platform.machine()}, {where}")
    yield from _configuration(loaded, settings)
    yield from _folders(paths, machine)
    yield _events(paths)
    yield from _failure(paths, machine.clock())
    running = status.answering(status.read(paths.status), machine.clock())
    if running is not None and settings.camera == loaded.settings.camera:
        yield from _detector(running, machine.clock())
    else:
        yield from _camera(settings, machine)
        yield from _pins(machine.open_alert(settings), settings.raspberry_pi)
        yield from _vehicle(settings, machine)
        yield _model(settings.vision, machine)
    yield _memory(settings, running, machine.memory())
    yield _clock(machine.wall(), machine.is_synchronised())


def _configuration(loaded: Loaded, settings: Settings) -> Iterator[Finding]:
    for problem in loaded.problems:
        yield Finding("configuration", False, f"{problem}; `{command('check')}` shows when it is right")
    yield Finding("configuration", True, f"profile {settings.profile}, in force: {loaded.origin}")
    for note in loaded.notes:
        yield Finding("configuration", True, str(note))


def _folders(paths: Paths, machine: Machine) -> Iterator[Finding]:
    for name, folder in (("data folder", paths.data), ("events folder", paths.common), ("run folder", paths.run)):
        try:
            if folder == paths.run and (problem := folder_problem(folder)):
                yield Finding(name, False, problem)
                continue
            _try_to_write(folder)
            free_mb = machine.free_mb(folder)
        except OSError as error:
            there = next(path for path in (folder, *folder.parents) if path.exists())
            reason = error.strerror or str(error)
            yield Finding(name, False, f"{folder} cannot be written ({reason}): `ls -ld {there}` shows whose it is")
            continue
        enough = free_mb >= FREE_MIN_MB
        remedy = "" if enough else f": too little, make room; `df -h {folder}` shows how much there is"
        yield Finding(name, enough, f"{folder}, {free_mb:.0f} MB free{remedy}")


def _try_to_write(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = folder / f".probe-{os.getpid()}"
    probe.write_bytes(b"drivewatch")
    probe.unlink()


def _events(paths: Paths) -> Finding:
    try:
        newest = recent(paths.events, limit=1)
    except JournalUnreadable as error:
        return Finding("events", False, str(error))
    if problem := why_beside(paths.events):
        return Finding("events", False, problem)
    return Finding("events", True, f"{paths.events}, {'some' if newest else 'none'} stored")


def _failure(paths: Paths, now_s: float) -> Iterator[Finding]:
    """How the detector last failed in this boot; a failure counts as a problem only while it is recent."""
    found = failure.last(paths.failure)
    if found is not None:
        text = f"{(now_s - found.time_s) / 60:.0f} min ago, number {found.count} of this boot: {found.reason}"
        yield Finding("last failure", now_s - found.time_s > FAILURE_FRESH_S, text)


def _detector(running: status.Status, now_s: float) -> Iterator[Finding]:
    """The parts as the running detector reports them."""
    state, camera, alerts = running.state, running.camera, running.alerts
    minutes = (now_s - running.started_s) / 60
    yield Finding("detector", True, f"process {running.pid} runs for {minutes:.0f} min; it reports:")
    sees = state not in BLIND and camera.state == "live"
    what = f"{camera.source}, {camera.width} x {camera.height}, {state.value}" if sees else running.problem
    yield Finding("camera", sees, what)
    yield from _note(camera)
    yield Finding("buzzer", alerts.buzzer_ok, alerts.buzzer_message or "ready")
    yield Finding("LED", alerts.led_ok, alerts.led_message or "ready")
    if running.vehicle.in_words:
        yield Finding("vehicle", not running.vehicle.message, running.vehicle.in_words)


def _camera(settings: Settings, machine: Machine) -> Iterator[Finding]:
    camera = settings.camera
    with machine.open_camera(camera) as opened:
        frame = _first_frame(opened, machine.clock)
        health = opened.health
        lies = machine.mounting_problem(settings, _with_more(frame, opened)) if frame is not None else ""
    if frame is None:
        yield Finding("camera", False, health.message or f"{camera.source} gave no picture in {FRAME_WAIT_S:.0f} s")
        return
    yield from _note(health)
    size = f"{health.width} x {health.height}"
    yield Finding("camera", True, f"{health.source}, {size}, used as {frame.bgr.shape[1]} x {frame.bgr.shape[0]}")
    sight = Lens().judge(frame.bgr)
    said = lies or SIGHT_PROBLEMS.get(sight, sight.value)
    yield Finding("picture", sight is Sight.CLEAR and not lies, said)


def _note(health: CameraHealth) -> Iterator[Finding]:
    if health.note:
        yield Finding("camera", False, health.note)


def _with_more(frame: Frame, camera: CameraThread) -> Iterator[Frame]:
    yield frame
    for _ in range(MOUNTING_FRAMES - 1):
        more = camera.read(FRAME_WAIT_S)
        if more is not None:
            yield more


def _first_frame(camera: CameraThread, clock: Callable[[], float]) -> Frame | None:
    end_s = clock() + FRAME_WAIT_S
    frame = None
    while frame is None and camera.health.state not in ("lost", "hung") and clock() < end_s:
        frame = camera.read()
    return frame


def _pins(alert: Alert, pi: declared.RaspberryPi) -> Iterator[Finding]:
    state = alert.availability
    alert.close()
    low = ", active low: silent from power-on only at BCM 2 to 8" if pi.buzzer_active_low else ""
    is_held_high = pi.buzzer_pin <= HELD_HIGH_UP_TO_BCM or not pi.buzzer_active_low
    yield Finding("buzzer", state.buzzer_ok and is_held_high, state.buzzer_message or f"BCM {pi.buzzer_pin}{low}")
    yield Finding("LED", state.led_ok, state.led_message or f"BCM {pi.led_pin}")


def _vehicle(settings: Settings, machine: Machine) -> Iterator[Finding]:
    vehicle = machine.open_vehicle(settings)
    if vehicle is None:
        return
    end_s = machine.clock() + SPEED_WAIT_S
    seen = vehicle.read()
    while seen.speed_kmh is None and not seen.message and machine.clock() < end_s:
        vehicle.step()
        seen = vehicle.read()
    told = told_vehicle(seen, Motion.UNKNOWN, machine.clock())
    hint = "; a GPS receiver needs a view of the sky" if seen.source and seen.speed_kmh is None else ""
    yield Finding("vehicle", not seen.message, f"{told.in_words}{hint}")


def _model(vision: declared.Vision, machine: Machine) -> Finding:
    began_s = machine.clock()
    try:
        machine.load_mesh(vision)
    except FaceMeshError as error:
        return Finding("face mesh", False, str(error))
    return Finding("face mesh", True, f"model {vision.model}, loaded in {machine.clock() - began_s:.1f} s")


def _memory(settings: Settings, running: status.Status | None, system: System) -> Finding:
    """Whether there is enough memory for the detector, or for the part of its budget that it has not used yet."""
    budget_mb = settings.memory.budget_mb
    used_mb = running.memory.rss_mb if running else 0.0
    enough = system.available_mb >= budget_mb - used_mb
    text = f"{system.available_mb:.0f} of {system.total_mb:.0f} MB free, budget {budget_mb} MB"
    text += f", of which the detector has {used_mb:.0f} MB" if running else ""
    return Finding("memory", enough, text if enough else f"{text}: too little, stop other programs; `top -o %MEM`")


def _clock(wall_s: float, is_synchronised: bool | None) -> Finding:
    """Detection counts monotonic seconds, so a clock that nobody set is bad for the dates of events and trips alone."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall_s))
    if not is_believable(wall_s):
        remedy = "only the times of stored events are wrong; `timedatectl` shows whether it is synchronised"
        return Finding("clock", False, f"shows {shown}, when this version does not run: {remedy}")
    vouches = {
        True: "which a time server keeps right",
        False: "a guess, as no time server has set it: dates of events may be wrong; `timedatectl` shows why",
        None: "a guess, as a strict snap may not ask who set it; `timedatectl` tells, and a GPS receiver dates events",
    }
    return Finding("clock", True, f"{shown}, {vouches[is_synchronised]}")
