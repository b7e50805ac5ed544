"""`check` on fake machines: each part that is bad is named with what helps."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from app.camera.frame import Frame
from app.camera.mounting import mounted
from app.commands.doctor import FRAME_WAIT_S, Finding, Machine
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.journal.journal import Journal
from app.memory.usage import System
from app.part_status import CameraHealth
from app.vision.model_files import FaceMeshError
from config import settings as declared
from config.paths import FREE_MIN_MB
from config.release_date import RELEASED_S
from config.settings import Settings
from tests.support.doctor import DOTS, LIVE, LOST, PICTURE, WELL, Practice, alert_with, camera_with, refuse


def fail_to_load(vision: declared.Vision) -> None:
    raise FaceMeshError("mediapipe is not installed: run `make setup`")


def test_check_prints_a_line_for_each_part_and_exits_0_if_all_are_ok(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert practice.check() == 0
    lines = capsys.readouterr().out.splitlines()
    parts = ", ".join(line[5:19].strip() for line in lines[:-2])
    assert parts == (
        "drivewatch, configuration, data folder, events folder, run folder, events, "
        "camera, picture, buzzer, LED, face mesh, memory, clock"
    )
    assert all(line.startswith("ok ") for line in lines[:-2])
    assert lines[-1] == "all is well"
    assert "/dev/video0 (uvcvideo: HD Webcam), 640 x 480, used as 320 x 240" in lines[6]


def test_check_exits_1_if_one_part_is_bad(practice: Practice, capsys: pytest.CaptureFixture[str]) -> None:
    assert practice.check(replace(WELL, open_camera=camera_with(LOST, None))) == 1
    out = capsys.readouterr().out
    assert "BAD  camera         no camera found: plug a USB camera in" in out
    assert "1 of 12 need attention" in out


def test_check_leaves_no_file_behind(practice: Practice) -> None:
    practice.findings()
    paths = practice.paths
    assert [path for folder in (paths.data, paths.run, paths.common) for path in folder.iterdir()] == []


def test_camera_that_sends_no_picture_is_reported_after_the_wait(practice: Practice) -> None:
    times_s = count(0)
    silent = camera_with(CameraHealth(state="opening", source="auto"), None)
    (camera,) = practice.bad(replace(WELL, open_camera=silent, clock=lambda: float(next(times_s))))
    assert camera == ("camera", f"auto gave no picture in {FRAME_WAIT_S:.0f} s")
    assert next(times_s) > FRAME_WAIT_S


UPSIDE_DOWN = "the picture is upside down: set camera.rotate to 180"
NO_FOCUS = "camera.focus: this camera has no such control, set it to unchanged"
BAD: dict[str, tuple[Machine, str, str]] = {
    "dark picture": (
        replace(WELL, open_camera=camera_with(LIVE, np.full_like(PICTURE, 3))),
        "picture",
        "covers the lens",
    ),
    "noise": (replace(WELL, open_camera=camera_with(LIVE, DOTS)), "picture", "plug the camera out and in again"),
    "rotated picture": (replace(WELL, mounting_problem=lambda *_: UPSIDE_DOWN), "picture", UPSIDE_DOWN),
    "unsupported setting": (replace(WELL, open_camera=camera_with(replace(LIVE, note=NO_FOCUS))), "camera", NO_FOCUS),
    "buzzer": (replace(WELL, open_alert=alert_with(refuse)), "buzzer", "`sudo snap connect drivewatch:gpio-chardev`"),
    "face mesh": (replace(WELL, load_mesh=fail_to_load), "face mesh", "mediapipe is not installed: run `make setup`"),
    "memory": (
        replace(WELL, memory=lambda: System(426, 90, None)),
        "memory",
        "90 of 426 MB free, budget 160 MB: too little",
    ),
}


@pytest.mark.parametrize(("machine", "part", "words"), BAD.values(), ids=BAD)
def test_bad_part_is_reported_with_what_helps(practice: Practice, machine: Machine, part: str, words: str) -> None:
    ((found, text),) = practice.bad(machine)
    assert found == part
    assert words in text


@pytest.mark.parametrize(("rotate", "says"), [(0, ""), (90, "on its side: set camera.rotate to 0")])
def test_a_picture_is_judged_by_the_real_face_mesh(practice: Practice, rotate: int, says: str) -> None:
    camera = declared.Camera(rotate=rotate)
    frame = mounted(Frame(Renderer(320, 240, seed=1).picture(Scene()), 0.0, 0), camera)
    machine = replace(WELL, open_camera=camera_with(LIVE, frame.bgr), mounting_problem=Machine().mounting_problem)
    found = Machine().mounting_problem(replace(Settings(), camera=camera), [frame])
    assert found.endswith(says)
    assert bool(found) == bool(says)
    assert bool(practice.bad(machine)) == bool(says)


def test_disabled_led_is_ok(practice: Practice) -> None:
    (led,) = [found for found in practice.findings() if found.part == "LED"]
    assert led.is_well
    assert "visual_alerts_enabled" in led.text


def test_each_problem_of_the_configuration_is_reported(practice: Practice) -> None:
    practice.configure("camera:\n  width: 7\n  hight: 240\n")
    problems = practice.bad()
    assert [part for part, _ in problems] == ["configuration"] * 2
    assert "line 2: camera.width: 7 must be between 64 and 1920 px" in problems[0][1]
    assert "did you mean camera.height?" in problems[1][1]
    assert all("`.venv/bin/python -m app check`" in text for _, text in problems)


def test_configuration_remedy_names_the_snaps_command(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch")
    practice.configure("camera:\n  width: 7\n")
    ((_, text),) = practice.bad()
    assert text.endswith("; `sudo drivewatch.check` shows when it is right")


def test_older_name_of_a_setting_is_a_note_and_not_a_problem(practice: Practice) -> None:
    practice.configure("vision:\n  use_lite_model: true\n")
    texts = [found.text for found in practice.findings() if found.part == "configuration"]
    assert any("older name" in text for text in texts)
    assert not practice.bad()


def test_unwritable_folder_is_reported_with_its_parent(practice: Practice) -> None:
    practice.paths.data.parent.joinpath("file").touch()
    blocked = practice.paths.data.parent / "file" / "run"
    practice.paths = replace(practice.paths, run=blocked)
    ((part, text),) = practice.bad()
    assert part == "run folder"
    assert text == f"{blocked} cannot be written (Not a directory): `ls -ld {blocked.parent}` shows whose it is"


def test_full_disk_is_reported(practice: Practice) -> None:
    problems = practice.bad(replace(WELL, free_mb=lambda folder: FREE_MIN_MB - 1))
    assert [part for part, _ in problems] == ["data folder", "events folder", "run folder"]
    assert all("19 MB free: too little, make room; `df -h " in text for _, text in problems)


def test_unreadable_events_are_reported(practice: Practice) -> None:
    practice.paths.common.mkdir()
    practice.paths.events.write_text("this is no database" * 100)
    ((part, text),) = practice.bad()
    assert (part, str(practice.paths.events) in text) == ("events", True)


def test_events_recorded_beside_a_newer_file_are_reported(practice: Practice) -> None:
    practice.paths.common.mkdir()
    Journal(practice.paths.events, "newer").close()
    with closing(sqlite3.connect(practice.paths.events)) as db:
        db.execute("PRAGMA user_version = 99")
    Journal(practice.paths.events, "reverted").close()
    ((part, text),) = practice.bad()
    assert (part, text.partition(":")[0]) == ("events", "new events are in events.sqlite.schema-3")


def clock_of(practice: Practice, wall_s: float, is_synchronised: bool | None) -> Finding:
    machine = replace(WELL, wall=lambda: wall_s, is_synchronised=lambda: is_synchronised)
    (found,) = (finding for finding in practice.findings(machine) if finding.part == "clock")
    return found


@pytest.mark.parametrize(
    ("is_synchronised", "said"),
    [
        (True, "which a time server keeps right"),
        (False, "a guess, as no time server has set it"),
        (None, "a guess, as a strict snap may not ask who set it"),
    ],
)
def test_clock_line_says_who_set_it_and_is_ok(practice: Practice, is_synchronised: bool | None, said: str) -> None:
    found = clock_of(practice, RELEASED_S + 1e6, is_synchronised)
    assert found.is_well and said in found.text


@pytest.mark.parametrize("wall_s", [0.0, RELEASED_S - 1.0, 4.08e9])
@pytest.mark.parametrize("is_synchronised", [True, False, None])
def test_impossible_day_of_the_clock_is_reported(
    practice: Practice, wall_s: float, is_synchronised: bool | None
) -> None:
    found = clock_of(practice, wall_s, is_synchronised)
    assert not found.is_well and "timedatectl" in found.text
