"""`python -m app status`, which is the snap's command `drivewatch`: one-screen status."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator

from app.events import WORDS, Level
from app.telemetry import status
from app.telemetry.status import Status
from app.version import VERSION
from config import password
from config.commands import command, instance
from config.https import listening
from config.openssl import HttpsError
from config.own_files import folder_problem
from config.paths import Paths

DESCRIPTION = """Prints on one screen what the detector does and where the page is.

exit status: 0 it watches and nothing is wrong; 1 something needs attention
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description = DESCRIPTION
    parser.set_defaults(perform=lambda options: overview(Paths.from_environment(), time.monotonic()))


def overview(paths: Paths, now_s: float) -> int:
    """Print it; exit status 0 while a detector watches and nothing is wrong."""
    if paths.run.exists() and not os.access(paths.run, os.X_OK):  # the password's file is root's alone as well
        print(f"detector  cannot be told without root: `sudo {instance() or command('status')}`")
        return 1
    if problem := folder_problem(paths.run):
        print(f"detector  cannot be told: {problem}")
        return 1
    found = status.answering(status.read(paths.status), now_s)
    for name, text in (*_lines(found, now_s), ("page", _page(paths))):
        print(f"{name:9} {text}")
    return 0 if found is not None and not found.problem else 1


def _lines(found: Status | None, now_s: float) -> Iterator[tuple[str, str]]:
    if found is None:
        yield "detector", f"not running; `{command('check')}` says what is wrong here, and what helps"
        return
    level = f" ({found.level.name.lower()})" if found.level > Level.NONE else ""
    yield "driver", f"{WORDS[found.state]}{level} for {_lasting(now_s - found.since_s)}"
    if found.problem:
        yield "problem", found.problem
    camera, alerts, memory = found.camera, found.alerts, found.memory
    yield "camera", f"{camera.source} {camera.state}, {camera.width} x {camera.height}, {camera.measured_fps:.1f}/s"
    yield "buzzer", alerts.buzzer_message if not alerts.buzzer_ok else "muted" if alerts.muted else "ready"
    yield "LED", alerts.led_message or "ready"
    if found.vehicle.in_words:
        yield "vehicle", found.vehicle.in_words
    yield "memory", f"{memory.rss_mb:.0f} MB of {memory.budget_mb:.0f}, highest {memory.peak_mb:.0f}"
    configuration = found.configuration
    yield "settings", f"{configuration.profile}, model {configuration.model}, from {configuration.origin}"
    events = [f"{WORDS[event.kind]} ({event.level.name.lower()})" for event in found.events[-3:]]
    yield "events", ", ".join(reversed(events)) or "none since it started"
    yield "detector", f"{VERSION}, process {found.pid}, runs for {_lasting(now_s - found.started_s)}"


def _page(paths: Paths) -> str:
    try:
        where = listening(paths)
    except HttpsError as error:
        return str(error)
    has_password = bool(password.load(paths.admin_password))
    return where.url if has_password else f"{where.url}; without a password yet: `{command('admin-password')}`"


def _lasting(seconds: float) -> str:
    """The time in the largest unit that fits."""
    for unit, length_s in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
