"""The status file between detector and page: read whole or not at all, and never blocking the detector."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import fields, replace
from math import inf, nan
from pathlib import Path

import pytest

from app.events import (
    ClockQuality,
    DirectionAnswer,
    Event,
    Learning,
    Level,
    Limits,
    Motion,
    Neutral,
    Sight,
    State,
    WaitsFor,
)
from app.part_status import CameraHealth
from app.telemetry.codec import ITEMS_MAX, TEXT_MAX
from app.telemetry.preview import Preview, ask_for_preview
from app.telemetry.requests import Request, ask, take
from app.telemetry.run_folder import boot_id
from app.telemetry.status import (
    STATUS_MAX_BYTES,
    Aim,
    Alerts,
    Box,
    Configuration,
    Latency,
    Memory,
    RoadRange,
    Signals,
    Status,
    TripSoFar,
    Vehicle,
    age_s,
    read,
    write,
)
from config.own_files import private_folder
from config.paths import PREVIEW, PREVIEW_WANTED, REQUESTS

FULL = Status(
    sequence=7,
    boot_id="boot",
    pid=123,
    started_s=10.5,
    time_s=99.25,
    wall_s=1.79e9,
    version="1.2.3",
    problem="no picture: plug the camera in",
    state=State.EYES_CLOSED,
    level=Level.ALARM,
    since_s=98.0,
    signals=Signals(True, -3.5, 2.0, 0.5, 0.12, 0.3, None, 0.25, 0.7, True, False),
    aim=Aim(
        Sight.UPSIDE_DOWN,
        180,
        320,
        240,
        Box(0.3, 0.25, 0.2, 0.4),
        66.5,
        61.5,
        Learning(0.4, WaitsFor.MOTION, 2.5, -1.0, DirectionAnswer.TAKEN, 98.5),
    ),
    neutral=Neutral(1.5, -4.0, learnt=True),
    limits=Limits(23.0, 30.0, 18.0, 0.4, 0.08, 0.15, None),
    camera=CameraHealth("live", "/dev/video0", "", 640, 480, 1.0, 120, 3, 1, 99.0),
    alerts=Alerts(False, "GPIO refused: `sudo snap connect drivewatch:gpio`", True, ""),
    vehicle=Vehicle(Motion.SLOW, 31.5, True, "/dev/ttyACM0", "no fix", "sudo true"),
    clock=ClockQuality.GPS,
    trip=TripSoFar(1200.0, 2, 1, 0, 97, None),
    memory=Memory(80.5, None, 50.0, 30.5, 0.0, 90.0, 1.5, "the small model", "only 45 MB", 160.0),
    latency=Latency(120.0, None),
    configuration=Configuration(
        "low_memory",
        "lite",
        "a1b2",
        "last good",
        ("camera.width: too small",),
        ("camera.source",),
        78.0,
        RoadRange(1.0, 2.0, 25.0, 20.0),
    ),
    journal_problem="no space left",
    journal_remedy="sudo true",
    events=(
        Event(State.PHONE, Level.WARNING, 1.0, 0.5, 1.5, None, "x"),
        Event(State.DROWSY, Level.CAUTION, 2, 2, 2, 3),
    ),
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def path(run: Path) -> Path:
    return private_folder(run) / "status.json"


def test_full_status_is_read_back(path: Path) -> None:
    assert write(path, FULL)
    assert read(path) == FULL


def test_every_field_of_the_example_differs_from_its_default() -> None:
    assert [f.name for f in fields(Status) if getattr(FULL, f.name) == getattr(Status(), f.name)] == []


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_numbers_that_are_not_finite_become_null(path: Path, number: float) -> None:
    write(path, replace(FULL, since_s=number, signals=Signals(True, yaw_deg=number)))
    assert not {"NaN", "Infinity"} & set(path.read_text().replace(",", ":").split(":"))
    status = read(path)
    assert status and status.since_s == 0.0 and status.signals.yaw_deg is None and status.pid == 123


def test_lists_and_texts_are_bounded_and_keep_the_newest_events(path: Path) -> None:
    events = tuple(Event(State.PHONE, Level.ALARM, s, s, s, None, "\N{AUTOMOBILE}" * 5000) for s in range(1000))
    problems = tuple("\N{AUTOMOBILE}" * 5000 for _ in range(1000))
    write(
        path,
        replace(FULL, events=events, configuration=Configuration(problems=problems), problem="\N{AUTOMOBILE}" * 10**6),
    )
    status = read(path)
    assert status and [event.onset_s for event in status.events] == list(range(1000 - ITEMS_MAX, 1000))
    assert len(status.problem) == TEXT_MAX and len(status.configuration.problems) == ITEMS_MAX
    assert path.stat().st_size < STATUS_MAX_BYTES


GARBAGE = [
    b"",
    b"{",
    b"null",
    b"[1, 2]",
    b'"text"',
    b"\xff\xfe\x00",
    b"\x00" * 100,
    b"[" * 60_000,
    b'{"pid":' * 9000,
    b'{"problem": "' + b"h" * STATUS_MAX_BYTES + b'"}',
    b"9" * 5000,
]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_read_as_no_status(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert read(path) is None


def test_missing_file_is_read_as_no_status(tmp_path: Path) -> None:
    assert read(tmp_path / "missing" / "status.json") is None
    assert read(tmp_path) is None


ONSET = ("onset_s", "onset_earliest_s", "onset_latest_s")
UNFIT = {
    "sequence": True,
    "pid": 1.5,
    "time_s": "soon",
    "wall_s": 10**400,
    "started_s": 1e300,
    "level": 17,
    "state": "singing",
    "problem": None,
    "signals": [],
    "neutral": {"yaw_deg": 1.0},
    "camera": {"state": 5, "width": 320, "unheard_of": 1},
    "events": [{"kind": "phone"}, 5, {"kind": "phone", "level": 2, **dict.fromkeys(ONSET, 1)}],
    "configuration": {"problems": "text"},
    "unheard_of": {"a": 1},
}


def test_unknown_missing_or_invalid_fields_keep_their_defaults(path: Path) -> None:
    path.write_text(json.dumps(UNFIT))
    event = Event(State.PHONE, Level.WARNING, 1.0, 1.0, 1.0)
    assert read(path) == Status(camera=CameraHealth(width=320), events=(event,))
    path.write_text('{"time_s": 1e999, "memory": {"rss_mb": NaN, "swap_mb": 2}}')
    assert read(path) == Status(memory=Memory(swap_mb=2.0))


def test_status_of_another_boot_has_infinite_age() -> None:
    assert age_s(replace(FULL, boot_id=boot_id()), 100.0) == 0.75
    assert age_s(replace(FULL, boot_id="another"), 100.0) == inf


def test_reader_never_sees_a_half_written_status(path: Path) -> None:
    long, short = replace(FULL, problem="h" * TEXT_MAX), Status(sequence=1)
    write(path, long)
    done = threading.Event()

    def write_often() -> None:
        for number in range(80):
            write(path, (long, short)[number % 2])
        done.set()

    writer = threading.Thread(target=write_often)
    writer.start()
    seen = []
    while not done.is_set():
        seen.append(read(path))
    writer.join()
    assert {status in (long, short) for status in seen} == {True}
    assert [file.name for file in path.parent.iterdir()] == ["status.json"]


def test_files_and_folders_are_private(run: Path) -> None:
    run.mkdir(mode=0o755)
    write(run / "status.json", FULL)
    Preview(run).write(b"jpeg")
    ask(run, Request.MUTE)
    ask_for_preview(run)
    modes = {file.relative_to(run).as_posix(): file.stat().st_mode & 0o777 for file in (run, *run.rglob("*"))}
    files = ("status.json", PREVIEW, f"{REQUESTS}/mute", PREVIEW_WANTED)
    assert modes == {".": 0o700, REQUESTS: 0o700, **dict.fromkeys(files, 0o600)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_refused(run: Path) -> None:
    run.mkdir()
    os.chown(run, 12345, 12345)
    with pytest.raises(PermissionError, match="belongs to another user"):
        private_folder(run)
    assert not write(run / "status.json", FULL)


def test_report_to_an_unwritable_run_folder_raises_nothing(run: Path) -> None:
    run.write_text("a file where the folder should be")
    preview = Preview(run)
    assert not write(run / "status.json", FULL)
    assert not preview.write(b"jpeg")
    assert not preview.wanted(1.0)
    preview.remove()
    assert take(run) == []
