"""The health note that snapd shows: its text, and when it is set."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.events import State
from app.part_status import CameraHealth
from app.service.health import BETWEEN_S, LOOK_S, Note, Transitions, look, note_of
from app.telemetry import status
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Alerts, Configuration, Status
from config.paths import Paths
from config.snapd import SnapctlError

WELL = Status(
    boot_id=boot_id(),
    state=State.ATTENTIVE,
    camera=CameraHealth("live", "/dev/video0"),
    alerts=Alerts(buzzer_ok=True),
)
CONNECT = "sudo snap connect drivewatch:camera"
REFUSED = CameraHealth("lost", "/dev/video0", f"/dev/video0 may not be opened: `{CONNECT}`", remedy=CONNECT)
BLIND = replace(WELL, state=State.NO_CAMERA, camera=REFUSED)
GPIO = "sudo snap connect drivewatch:gpio-control"
MUTE = replace(WELL, alerts=Alerts(buzzer_message="GPIO may not be opened: any words", buzzer_remedy=GPIO))


@pytest.mark.parametrize(
    ("found", "note"),
    [
        (WELL, Note()),
        (BLIND, Note("blocked", "camera: sudo snap connect drivewatch:camera", "camera")),
        (MUTE, Note("blocked", "buzzer: sudo snap connect drivewatch:gpio-control", "buzzer")),
        (replace(BLIND, alerts=MUTE.alerts), note_of(BLIND)),
        (
            replace(WELL, state=State.NO_CAMERA, camera=CameraHealth("lost", "auto", "no camera: plug one in")),
            Note("waiting", "camera: no camera: plug one in", "camera"),
        ),
        (
            replace(WELL, configuration=Configuration(problems=("line 2: camera.width: wide must be a number",))),
            Note("blocked", "config.yaml is not used: line 2: camera.width: wide must be a number", "configuration"),
        ),
        (
            replace(WELL, journal_problem="any words", journal_remedy="sudo snap refresh drivewatch"),
            Note("blocked", "events: sudo snap refresh drivewatch", "events"),
        ),
        (replace(WELL, journal_problem="the disk is full"), Note("waiting", "events: the disk is full", "events")),
        (replace(WELL, state=State.CAMERA_BLOCKED), Note()),  # passes by itself: the page's
    ],
)
def test_health_note_names_the_remedy(found: Status, note: Note) -> None:
    assert note_of(found) == note


def test_health_note_is_cut_to_snapds_limit() -> None:
    long = replace(BLIND, camera=CameraHealth("lost", "x", "no picture, " * 20))
    assert len(note_of(long).message) == 70


def test_health_note_is_set_when_it_is_stable_and_changed() -> None:
    transitions, told = Transitions(), []
    times = [LOOK_S * turn for turn in range(40)]
    seen = iter([note_of(BLIND)] * 5 + [Note(), note_of(BLIND)] * 5 + [Note()] * 25)
    for now_s, note in zip(times, seen, strict=True):
        if transitions.is_due(note, now_s):
            transitions.told(note)
            told.append((note.status, now_s))
    assert told == [("blocked", LOOK_S), ("okay", 16 * LOOK_S)]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path, tmp_path)


def test_refused_health_note_is_retried_later(paths: Paths) -> None:
    asked: list[tuple[str, ...]] = []

    def refusing(*arguments: str, limit_s: float = 0.0) -> str:
        asked.append(arguments)
        raise SnapctlError("busy")

    transitions, began_s = Transitions(), time.monotonic()
    for turn in range(1, int(2 * BETWEEN_S / LOOK_S)):
        now_s = began_s + LOOK_S * turn
        status.write(paths.status, replace(BLIND, time_s=now_s))
        look(paths, transitions, now_s, refusing)
    note = ("set-health", "blocked", "camera: sudo snap connect drivewatch:camera", "--code=camera")
    assert asked == [note, note]


def test_silent_detector_gets_no_health_note(paths: Paths) -> None:
    def never(*arguments: str, limit_s: float = 0.0) -> str:
        raise AssertionError(arguments)

    transitions = Transitions()
    look(paths, transitions, 0.0, never)
    status.write(paths.status, replace(WELL, time_s=0.0))
    for turn in range(2, 9):
        look(paths, transitions, LOOK_S * turn, never)
