"""A camera's controls: set if configured; one that cannot be set is reported and stops nothing."""

from __future__ import annotations

import errno
import os
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.camera.capture import Capture
from app.camera.controls import set_controls
from app.part_status import CameraHealth
from config.check import accept
from config.settings import DECLARATIONS, Camera
from tests.camera.scripted import PICTURE, Scripted, Time

FREQUENCY, EXPOSURE_AUTO, EXPOSURE, FOCUS, FOCUS_AUTO = 0x980918, 0x9A0901, 0x9A0902, 0x9A090A, 0x9A090C
WEBCAM = {FREQUENCY: (0, 2), EXPOSURE_AUTO: (0, 3), EXPOSURE: (3, 2047), FOCUS: (0, 250), FOCUS_AUTO: (0, 1)}
QUERY, SET = 0xC0445624, 0xC008561C


@dataclass
class Controls:
    """A driver with these controls and their limits."""

    has: dict[int, tuple[int, int]] = field(default_factory=lambda: dict(WEBCAM))
    refused: tuple[tuple[int, int], ...] = ((EXPOSURE_AUTO, 0), (EXPOSURE_AUTO, 2))
    disabled: tuple[int, ...] = ()
    given: list[tuple[int, int]] = field(default_factory=list)

    def ioctl(self, fd: int, request: int, answer: bytearray) -> int:
        assert len(answer) == request >> 16 & 0x3FFF, "the size is part of the number"
        (control,) = struct.unpack_from("I", answer)
        if control not in self.has:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if request == QUERY:
            struct.pack_into("iiiiI", answer, 40, *self.has[control], 1, 0, int(control in self.disabled))
        else:
            assert request == SET
            (value,) = struct.unpack_from("i", answer, 4)
            if (control, value) in self.refused:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            self.given.append((control, value))
        return 0


def problem_of(tmp_path: Path, driver: Controls, **asked: str) -> str:
    node = tmp_path / "video0"
    node.touch()
    return set_controls(node, replace(Camera(), **asked), driver.ioctl)  # type: ignore[arg-type]


def test_default_settings_do_not_open_the_camera_for_controls(tmp_path: Path) -> None:
    assert set_controls(tmp_path / "gone", Camera()) == ""


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({"exposure": "auto"}, [(EXPOSURE_AUTO, 3)]),
        ({"exposure": "250"}, [(EXPOSURE_AUTO, 1), (EXPOSURE, 250)]),
        ({"focus": "auto"}, [(FOCUS_AUTO, 1)]),
        ({"focus": "0"}, [(FOCUS_AUTO, 0), (FOCUS, 0)]),
        ({"power_line_frequency": "50"}, [(FREQUENCY, 1)]),
        ({"power_line_frequency": "60", "focus": "30"}, [(FOCUS_AUTO, 0), (FOCUS, 30), (FREQUENCY, 2)]),
        ({"power_line_frequency": "off"}, [(FREQUENCY, 0)]),
    ],
)
def test_configured_controls_are_set(tmp_path: Path, asked: dict[str, str], given: list[tuple[int, int]]) -> None:
    driver = Controls()
    assert problem_of(tmp_path, driver, **asked) == ""
    assert driver.given == given


def test_value_out_of_range_is_reported_and_the_others_are_set(tmp_path: Path) -> None:
    driver = Controls()
    told = problem_of(tmp_path, driver, exposure="9000", power_line_frequency="auto", focus="30")
    assert "camera.exposure: 9000 is beyond this camera's 3 to 2047" in told
    assert "camera.power_line_frequency: auto is beyond this camera's off, 50, 60" in told
    assert (FOCUS, 30) in driver.given


@pytest.mark.parametrize("driver", [Controls({}), Controls(disabled=tuple(WEBCAM))], ids=["none", "disabled"])
def test_missing_control_is_reported(tmp_path: Path, driver: Controls) -> None:
    for key in ("exposure", "focus"):
        for value in ("auto", "7"):
            told = problem_of(tmp_path, driver, **{key: value})
            assert told == f"camera.{key}: this camera has no such control, set it to unchanged"
    assert "no such control" in problem_of(tmp_path, driver, power_line_frequency="50")


def test_refused_control_is_reported_and_a_manual_camera_takes_a_number(tmp_path: Path) -> None:
    driver = Controls(refused=((FOCUS, 30),))
    assert problem_of(tmp_path, driver, focus="30").startswith(
        "camera.focus: the camera refuses 30 (Device or resource busy)"
    )
    assert problem_of(tmp_path, Controls({EXPOSURE: (1, 100)}), exposure="50") == ""
    assert "no such control" in problem_of(tmp_path, Controls({EXPOSURE: (1, 100)}), exposure="auto")
    assert "may not be set" in set_controls(tmp_path / "gone", Camera(focus="3"))


def test_control_problem_is_logged_once_and_frames_continue(caplog: pytest.LogCaptureFixture) -> None:
    def noted() -> Scripted:
        source = Scripted([PICTURE])
        source.note = "camera.focus: this camera has no such control"
        return source

    time = Time()
    capture = Capture(Camera(), noted, time, time(), CameraHealth())
    frames = [capture.step() for _ in range(20)]
    assert sum(frame is not None for frame in frames) >= 5
    assert capture.health.note.startswith("camera.focus")
    assert [record.message for record in caplog.records].count(capture.health.note) == 1


def test_control_settings_accept_words_and_numbers() -> None:
    for key in ("camera.exposure", "camera.focus"):
        for value in ("unchanged", "auto", "0", "156"):
            assert accept(DECLARATIONS[key], value) == value
        with pytest.raises(ValueError, match="unchanged, auto, or a number"):
            accept(DECLARATIONS[key], "-1")
