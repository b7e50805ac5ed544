"""`check`: is each part well, and if not, what helps? For a mechanic at a terminal."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app import memory
from app.alert import open_alert
from app.camera import Camera
from app.face import FaceMesh, FaceMeshError
from app.version import VERSION
from config.paths import Paths, private_folder
from config.settings import Settings
from config.store import Loaded

FRAME_WAIT_S = 15.0  # the fake driver's process, or a USB camera that wakes up
FREE_MIN_MB = 20.0
# Before this day there was no such version: a clock that shows less was never set. It is no fault of detection
RELEASED_S = 1_790_000_000  # September 2026
OK, BAD = "ok", "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: well or not, and what helps."""

    part: str
    is_well: bool
    text: str

    def __str__(self) -> str:
        return f"{OK if self.is_well else BAD:4} {self.part:14} {self.text}"


def check(loaded: Loaded, settings: Settings, paths: Paths) -> int:
    """Print what is found; exit status 0 only when all is well."""
    findings = []
    for finding in examine(loaded, settings, paths):
        print(finding, flush=True)
        findings.append(finding)
    bad = sum(not finding.is_well for finding in findings)
    print(f"\n{bad} of {len(findings)} need attention" if bad else "\nall is well")
    return 1 if bad else 0


def examine(loaded: Loaded, settings: Settings, paths: Paths) -> Iterator[Finding]:
    """Look at each part in turn."""
    python = platform.python_version()
    yield Finding("drivewatch", True, f"{VERSION}, Python {python}, {platform.machine()}, {_where()}")
    yield from _configuration(loaded, settings)
    yield from _folders(paths)
    yield from _camera(settings)
    yield from _pins(settings)
    yield _model(settings)
    yield _memory(settings)
    yield _clock()


def _where() -> str:
    name = os.environ.get("SNAP_INSTANCE_NAME")
    return f"snap {name}" if name else "outside a snap"


def _configuration(loaded: Loaded, settings: Settings) -> Iterator[Finding]:
    problems = [*loaded.problems]
    if not problems:
        yield Finding("configuration", True, f"profile {settings.profile}, from {loaded.origin}")
    for problem in problems:
        yield Finding("configuration", False, f"{problem}: change it with `python -m config set`")
    for note in loaded.notes:
        yield Finding("configuration", True, str(note))


def _folders(paths: Paths) -> Iterator[Finding]:
    for name, folder in (("data folder", paths.data), ("events folder", paths.common), ("run folder", paths.run)):
        try:
            yield Finding(name, True, _writable(folder))
        except OSError as error:
            yield Finding(name, False, str(error))


def _writable(folder: Path) -> str:
    private_folder(folder)
    probe = folder / ".probe"
    probe.write_bytes(b"drivewatch")
    probe.unlink()
    free_mb = shutil.disk_usage(folder).free / memory.MB
    if free_mb < FREE_MIN_MB:
        raise OSError(f"{folder} has only {free_mb:.0f} MB left: make room, `df -h {folder}`")
    return f"{folder}, {free_mb:.0f} MB free"


def _camera(settings: Settings) -> Iterator[Finding]:
    camera = settings.camera
    with Camera(camera) as opened:
        frame = None
        end_s = time.monotonic() + FRAME_WAIT_S
        while frame is None and time.monotonic() < end_s:
            frame = opened.read()
            if opened.health.state in ("lost", "hung"):
                break
        health = opened.health
    if frame is None:
        yield Finding("camera", False, health.message or f"{camera.source} gave no picture in {FRAME_WAIT_S:.0f} s")
        return
    size = f"{health.width} x {health.height}"
    yield Finding("camera", True, f"{health.source}, {size}, used as {camera.width} x {camera.height}")


def _pins(settings: Settings) -> Iterator[Finding]:
    pi = settings.raspberry_pi
    alert = open_alert(pi.buzzer_pin, pi.led_pin, pi.gpio_chip, visual=settings.alerting.visual_alerts_enabled)
    state = alert.availability
    alert.close()
    yield Finding("buzzer", state.buzzer_ok, state.buzzer_message or f"BCM {pi.buzzer_pin}")
    yield Finding("LED", state.led_ok, state.led_message or f"BCM {pi.led_pin}")


def _model(settings: Settings) -> Finding:
    began_s = time.monotonic()
    try:
        FaceMesh(settings.vision.model, settings.vision.refine_landmarks).close()
    except FaceMeshError as error:
        return Finding("face mesh", False, str(error))
    return Finding("face mesh", True, f"model {settings.vision.model}, loaded in {time.monotonic() - began_s:.1f} s")


def _memory(settings: Settings) -> Finding:
    usage, system = memory.usage_of(), memory.system()
    budget_mb = settings.memory.budget_mb
    text = f"this check {usage.rss_mb:.0f} MB, free {system.available_mb:.0f} of {system.total_mb:.0f} MB"
    enough = system.available_mb >= budget_mb - usage.rss_mb
    remedy = "" if enough else f": too little for the budget of {budget_mb} MB, stop other programs"
    return Finding("memory", enough, text + remedy)


def _clock() -> Finding:
    wall_s = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall_s))
    if wall_s < RELEASED_S:
        remedy = "only the times of stored events are wrong; `timedatectl` shows whether it is synchronised"
        return Finding("clock", False, f"shows {shown}, which is in the past: {remedy}")
    return Finding("clock", True, f"{shown} (detection counts monotonic seconds and does not need it)")
