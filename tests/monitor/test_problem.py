"""The status line with the most important problem."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.alerts.alert import LED_OFF
from app.camera.frame import Frame
from app.events import Sight, State
from app.monitor.problem import Surroundings, problem_in
from app.part_status import Availability
from app.telemetry.status import Configuration
from tests.support.reports import LOST, NO_PROBLEMS, VERDICT, WELL, look_at

NO_BUZZER = Availability(False, "no GPIO chip", True, LED_OFF)
NO_LED = Availability(True, "", False, "the LED's pin is taken")
BAD_SETTING = replace(NO_PROBLEMS, problems=("line 2: camera.width: 7 must be between 64 and 1920 px",))


@pytest.mark.parametrize(
    ("state", "around", "configuration", "line"),
    [
        (State.ATTENTIVE, WELL, NO_PROBLEMS, ""),
        (State.NO_CAMERA, replace(WELL, camera=LOST, alerts=NO_BUZZER), NO_PROBLEMS, LOST.message),
        (State.NO_CAMERA, WELL, NO_PROBLEMS, "no picture comes: plug the camera out and in again"),
        (State.CAMERA_BLOCKED, replace(WELL, alerts=NO_BUZZER), NO_PROBLEMS, "the lens shows nothing: clean it"),
        (State.ATTENTIVE, replace(WELL, watch_problem="an odd frame"), NO_PROBLEMS, "an odd frame"),
        (State.ATTENTIVE, replace(WELL, alerts=NO_BUZZER, journal_problem="disk full"), NO_PROBLEMS, "no GPIO chip"),
        (State.ATTENTIVE, replace(WELL, alerts=NO_LED), NO_PROBLEMS, "the LED's pin is taken"),
        (State.ATTENTIVE, replace(WELL, journal_problem="disk full"), BAD_SETTING, "disk full"),
        (State.ATTENTIVE, WELL, BAD_SETTING, "line 2: camera.width: 7"),
    ],
)
def test_problem_line_names_the_most_important_problem(
    state: State, around: Surroundings, configuration: Configuration, line: str
) -> None:
    look = replace(look_at(600.0), sight=Sight.FLAT, verdict=replace(VERDICT, state=state))
    found = problem_in(look, around, configuration)
    assert found.startswith(line)
    assert bool(found) == bool(line)


@pytest.mark.parametrize(
    ("sight", "line"),
    [
        (Sight.DARK, "the picture is dark: switch a light on"),
        (Sight.FROZEN, "the camera sends the same picture again and again: plug it out and in again"),
        (Sight.NOISE, "the picture is noise: see that nothing covers the lens, or plug the camera out"),
    ],
)
def test_blocked_camera_is_reported_with_a_remedy(sight: Sight, line: str) -> None:
    look = replace(look_at(600.0), sight=sight, verdict=replace(VERDICT, state=State.CAMERA_BLOCKED))
    assert problem_in(look, WELL, NO_PROBLEMS).startswith(line)


@pytest.mark.parametrize(
    ("sight", "turn_deg", "rotated_deg", "says"),
    [
        (Sight.UPSIDE_DOWN, 180, 0, "the picture is upside down: set camera.rotate to 180"),
        (Sight.UPSIDE_DOWN, 180, 180, "the picture is upside down: set camera.rotate to 0"),
        (Sight.ON_ITS_SIDE, 90, 0, "the picture is on its side: set camera.rotate to 90"),
        (Sight.ON_ITS_SIDE, 270, 180, "the picture is on its side: set camera.rotate to 90"),
    ],
)
@pytest.mark.parametrize("state", [State.ATTENTIVE, State.CAMERA_BLOCKED])
def test_rotated_picture_is_reported_with_the_rotation_to_set(
    sight: Sight, turn_deg: int, rotated_deg: int, says: str, state: State
) -> None:
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 600.0, 0, rotated_deg)
    look = replace(look_at(600.0, replace(VERDICT, state=state)), frame=frame, sight=sight, turn_deg=turn_deg)
    assert problem_in(look, WELL, NO_PROBLEMS) == says
