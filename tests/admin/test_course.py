"""The course of a restart, told as stories of the detector's status."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.restart.course import LIMIT_S, OPENING_S, SETTLED_S, STOP_S, TRIES, Action, Course
from app.events import State
from app.part_status import CameraHealth
from app.telemetry.status import Alerts, Configuration, Status

OLD, NEW, GOOD = "old version", "new version", "good version"
BEFORE = Status(pid=100, started_s=5.0, state=State.ATTENTIVE, configuration=Configuration(version_token=OLD))
WITH_NEW = replace(BEFORE, configuration=Configuration(version_token=NEW))
AFTER = Status(pid=200, started_s=1001.0, state=State.ATTENTIVE, configuration=Configuration(version_token=NEW))
BLIND = replace(AFTER, state=State.NO_CAMERA, problem="/dev/video7 is not there: plug the camera in")
HUNG = replace(AFTER, time_s=1002.0)  # wrote one status and then no more
START_S = 1000.0


class Story:
    """A course with a clock that the test moves, and the actions that it asked for."""

    def __init__(self, before: Status | None = BEFORE, wanted: str = NEW) -> None:
        self.now_s = START_S
        self.actions: list[Action] = []
        self.course = Course.from_before(START_S, before, wanted)
        self.see(before)

    def see(self, found: Status | None, for_s: float = 0.0) -> Story:
        """Step every half second, with this status of a detector that keeps writing it; None: without a detector."""
        for _ in range(int(for_s * 2) + 1):
            writes = found and found is not HUNG
            told = replace(found, time_s=self.now_s) if found and writes else found
            self.course, action = self.course.step(self.now_s, told)
            if action:
                self.actions.append(action)
            self.now_s += 0.5
        return self


def test_a_restart_is_healthy_when_a_new_process_watches_with_the_new_settings() -> None:
    story = Story()
    assert story.course.phase == "stopping"
    assert story.see(None).course.phase == "starting"
    assert story.see(AFTER).course.phase == "starting"
    assert story.see(AFTER, SETTLED_S).course.phase == "healthy"
    assert (story.course.pid_before, story.course.pid_now, story.course.in_force) == (100, 200, NEW)
    assert story.actions == [Action.RESTART]


@pytest.mark.parametrize(("source", "said"), [("fake:commute", "watches."), ("/dev/video0", "watches, but: no chip")])
def test_a_missing_buzzer_matters_only_with_a_real_camera(source: str, said: str) -> None:
    alerts = Alerts(buzzer_message="no chip")
    mute = replace(AFTER, problem="no chip", alerts=alerts, camera=CameraHealth("live", source))
    assert Story().see(None).see(mute, SETTLED_S).course.message == f"The detector {said}"


def test_the_old_process_does_not_count_as_the_new_one() -> None:
    story = Story(WITH_NEW)
    assert story.see(WITH_NEW, STOP_S - 2).course.phase == "stopping"


def test_a_new_process_may_have_the_pid_of_the_old_one() -> None:
    assert Story().see(replace(AFTER, pid=BEFORE.pid), SETTLED_S + 1).course.phase == "healthy"


def test_a_restart_without_a_detector_before_becomes_healthy() -> None:
    assert Story(None).see(None, 5).see(AFTER, SETTLED_S + 1).course.phase == "healthy"


def test_a_detector_that_does_not_end_is_killed_once() -> None:
    story = Story().see(BEFORE, STOP_S + 5)
    assert story.actions == [Action.RESTART, Action.KILL]


def test_settings_stay_if_the_old_detector_cannot_be_ended() -> None:
    story = Story().see(BEFORE, LIMIT_S + 1)
    assert story.course.phase == "failed"
    assert Action.ROLL_BACK not in story.actions


def test_a_slowly_opening_camera_is_waited_for() -> None:
    story = Story().see(BLIND, LIMIT_S - 5)
    assert (story.course.phase, story.course.message) == ("starting", BLIND.problem)
    assert story.see(AFTER, SETTLED_S).course.phase == "healthy"


@pytest.mark.parametrize(
    ("seen", "reason"),
    [(BLIND, BLIND.problem), (None, "it does not start; its log says why")],
    ids=["blind", "nothing"],
)
def test_new_settings_are_rolled_back_if_the_detector_fails_with_them(seen: Status | None, reason: str) -> None:
    story = Story().see(seen, LIMIT_S + 1)
    assert story.actions[:2] == [Action.RESTART, Action.ROLL_BACK]
    back = Course.undoing(story.course, seen, GOOD)
    assert back.undone == reason


def test_new_settings_are_rolled_back_if_the_detector_keeps_crashing() -> None:
    story = Story()
    for pid in range(200, 201 + round(LIMIT_S / SETTLED_S)):
        story.see(replace(AFTER, pid=pid, problem="no buzzer"), SETTLED_S - 1).see(None, 1)
    assert Action.ROLL_BACK in story.actions
    assert story.course.reason == "it ends again and again; its log says why"  # the missing buzzer is not the reason


def test_a_detector_that_hangs_after_its_first_status_is_not_healthy() -> None:
    story = Story().see(None).see(HUNG, SETTLED_S + 10)
    assert story.course.phase == "starting"
    assert Action.ROLL_BACK in story.see(HUNG, LIMIT_S).actions


def rolling_back(reason: Status = BLIND) -> Story:
    story = Story().see(reason, LIMIT_S - 0.5)
    assert story.actions == [Action.RESTART, Action.ROLL_BACK]
    story.course = story.course.undoing(reason, GOOD)
    return story.see(reason)


def test_a_restart_fails_if_one_roll_back_does_not_help() -> None:
    blind = replace(BLIND, pid=300, configuration=Configuration(version_token=GOOD))
    story = rolling_back().see(blind, LIMIT_S + 1)
    assert story.course.phase == "failed"
    assert story.actions.count(Action.ROLL_BACK) == 1
    assert "with these either" in story.course.message


def test_settings_that_worked_before_are_not_rolled_back() -> None:
    story = Story(WITH_NEW).see(BLIND, LIMIT_S + 1)
    assert (story.course.phase, story.actions) == ("failed", [Action.RESTART])
    assert BLIND.problem in story.course.message


def test_a_restart_is_healthy_if_the_camera_was_missing_before() -> None:
    story = Story(replace(BEFORE, state=State.NO_CAMERA))
    opened_s = BLIND.started_s + OPENING_S - story.now_s
    assert story.see(BLIND, opened_s - 1).course.phase == "starting"
    assert story.see(BLIND, 2).course.phase == "healthy"
    assert BLIND.problem in story.course.message


def test_settings_of_run_config_are_accepted_without_a_version() -> None:
    before, after = (replace(each, configuration=Configuration()) for each in (BEFORE, AFTER))
    assert Story(before).see(after, 4).course.phase == "healthy"


def test_a_file_with_problems_fails_the_restart_without_a_roll_back() -> None:
    problem = "line 3: camera.width: 7 must be at least 64"
    configuration = Configuration(version_token=NEW, origin="config.last-good.yaml", problems=(problem,))
    story = Story().see(replace(AFTER, configuration=configuration))
    assert (story.course.phase, story.actions) == ("failed", [Action.RESTART])
    assert problem in story.course.message
    assert "config.last-good.yaml" in story.course.message


def test_settings_saved_during_a_restart_cause_one_more() -> None:
    story = Story()
    story.course = story.course.joined("newer")
    story.see(None).see(AFTER)
    story.see(AFTER)
    assert story.actions == [Action.RESTART, Action.RESTART]
    assert story.course.pid_before == AFTER.pid
    newer = replace(AFTER, pid=300, configuration=Configuration(version_token="newer"))
    assert story.see(newer, SETTLED_S + 1).course.phase == "healthy"


def test_ever_changing_settings_cause_a_bounded_number_of_restarts() -> None:
    story = Story()
    for pid in range(200, 220):
        story.see(replace(AFTER, pid=pid, configuration=Configuration(version_token=f"version {pid}")), 1)
    assert story.actions == [Action.RESTART] * TRIES
    last = replace(BLIND, pid=220, configuration=Configuration(version_token="version 220"))
    assert Action.ROLL_BACK in story.see(last, LIMIT_S).actions


def test_ever_changing_settings_are_healthy_if_the_detector_works() -> None:
    story = Story()
    for pid in range(200, 220):
        story.see(replace(AFTER, pid=pid, configuration=Configuration(version_token=f"version {pid}")), 1)
    last = replace(AFTER, pid=220, configuration=Configuration(version_token="version 220"))
    assert story.see(last, SETTLED_S + 1).course.phase == "healthy"


def test_settings_saved_during_a_roll_back_are_tried() -> None:
    story = rolling_back()
    story.course = story.course.joined("newer")
    newer = replace(AFTER, pid=300, configuration=Configuration(version_token="newer"))
    assert story.see(newer, SETTLED_S + 1).course.phase == "healthy"


def test_every_restart_ends() -> None:
    for found in (None, BEFORE, AFTER, BLIND, replace(AFTER, configuration=Configuration(version_token="other"))):
        for before in (None, BEFORE, replace(BEFORE, state=State.NO_CAMERA)):
            story = Story(before).see(found, LIMIT_S + 1)
            assert story.course.is_over or Action.ROLL_BACK in story.actions, (before, found)
