"""Health and memory in each state, with made-up sensors: accessible, and no wider than the window."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from admin.health.sensors import SensorReader, Sensors
from admin.parts import NAME
from app.events import ClockQuality, Event, Level, State
from app.journal.journal import Journal
from app.memory.history import History, Reading
from app.part_status import CameraHealth
from app.telemetry import failure
from app.telemetry.log_file import keep_line
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Alerts, Configuration, Memory, Vehicle
from tests.browser.conftest import Alone
from tests.support.page import say

WELL = Sensors(56.4, False, False, (), 1500.0, 1800.0, 93_000.0)
TROUBLE = Sensors(84.2, True, True, ("slowed down", "slowed down by the heat"), 600.0, 1800.0, 240.0)
CAMERA = CameraHealth("live", "/dev/video0 (uvcvideo: HD Webcam C525)", width=640, height=480, measured_fps=1.0)
GPIO = "GPIO may not be opened: `sudo snap connect drivewatch_two:gpio-control`"


class Made(SensorReader):
    """Sensors with values that a test sets."""

    sensors = WELL

    def read(self, now_s: float) -> Sensors:
        return self.sensors


@dataclass
class Page(Alone):
    """The page with made-up sensors."""

    made: Made


@pytest.fixture(scope="module")
def page(alone: Alone) -> Page:
    made = Made()
    alone.app.extensions[NAME] = replace(alone.app.extensions[NAME], sensors=made)
    return Page(alone.tab, alone.paths, alone.app, made)


def well(page: Page) -> str:
    say(page.paths, pid=os.getpid(), camera=CAMERA, alerts=Alerts(True, "", True, ""), clock=ClockQuality.GPS)
    return "None found."


def trouble(page: Page) -> str:
    page.made.sensors = TROUBLE
    say(
        page.paths,
        camera=replace(CAMERA, note="it cannot be set to a fixed exposure"),
        alerts=Alerts(buzzer_message="BCM 17 is in use by w1: choose another pin", led_ok=True),
        journal_problem="events cannot be saved: the disk is full; make room, `df -h /data` shows how little is left",
        configuration=Configuration(problems=("line 3: camera.width: wide must be a whole number",)),
        vehicle=Vehicle(message="/dev/ttyACM0 sends nothing that is understood"),
        memory=Memory(saving="the model is standard", saving_reason="only 45 MB are available"),
        version="0.1.9",
    )
    return "slows down"


def strict_snap(page: Page) -> str:
    page.made.sensors = Sensors(clock_mhz=1500.0, clock_max_mhz=1800.0, uptime_s=500.0, is_refused=True)
    say(page.paths, camera=CAMERA, alerts=Alerts(buzzer_message=GPIO, led_ok=True))
    return "snap connect drivewatch_two:hardware-observe"


def silent(page: Page) -> str:
    page.paths.status.unlink(missing_ok=True)
    failure.note(
        page.paths.failure, "it hung for 20 s while judging a frame, in app/observer.py", time.monotonic() - 90
    )
    for number in range(80):
        keep_line(page.paths.detector_log, f"{('INFO', 'WARNING', 'ERROR')[number % 3]} line {number} {'x' * number}")
    keep_line(
        page.paths.detector_log, 'ERROR stacks\n  File "app/observer.py", line 7 in look\n  File "app/x.py", line 1'
    )
    return "It last failed because it hung"


STATES: dict[str, Callable[[Page], str]] = {"well": well, "trouble": trouble, "snap": strict_snap, "silent": silent}


@pytest.mark.parametrize("name", STATES)
def test_health_is_accessible_in_each_state(page: Page, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name == "snap":
        monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_two")
    page.made.sensors = WELL
    words = STATES[name](page)
    page.tab.open("/health")
    page.tab.sees(words)
    page.tab.accept(f"health-{name}")


def test_the_memory_chart_marks_restarts_and_memory_saving(page: Page) -> None:
    now_s = time.monotonic()
    history = History(page.paths.memory_history, boot_id(), started_s=now_s - 3000)
    for number in range(100):
        at_s = now_s - 2990 + 30 * number
        if number == 60:
            history = History(page.paths.memory_history, boot_id(), started_s=at_s - 5)
        history.add(Reading(at_s, 68.0 + number % 7 + (18 if number > 80 else 0), 50.0, 400.0))
    journal = Journal(page.paths.events, boot_id())
    at_s = now_s - 2990 + 30 * 80
    step = Event(State.SAVING_MEMORY, Level.NONE, at_s, at_s, at_s, at_s, "saving memory: the model is standard")
    journal.record(step, 1.79e9, now_s, ClockQuality.GUESS)
    journal.close()
    saved = Memory(
        pss_mb=61.0, budget_mb=160.0, saving="the model is standard", saving_reason="only 45 MB are available"
    )
    say(page.paths, pid=os.getpid(), memory=saved)
    page.tab.open("/memory")
    page.tab.sees("the detector was started again")
    page.tab.accept("memory-marks")
