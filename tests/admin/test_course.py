"""The course of a restart, by stories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.restart.course import LIMIT_S, OPENING_S, SETTLED_S, STOP_S, TRIES, Action, Course
from app.events import State
from app.part_status import CameraHealth
from app.telemetry.status import Alerts, Configuration, Status

OLD, NEW, GOOD = "old version", "new version", "good version"
BEFORE = Status(pid=100, started_s=5.0, state=State.ATTENTIVE, configuration=Configuration(version_token=OLD))
AFTER = Status(pid=200, started_s=1001.0, state=State.ATTENTIVE, configuration=Configuration(version_token=NEW))
BLIND = replace(AFTER, state=State.NO_CAMERA, problem="/dev/video7 is not there: plug the camera in")
HUNG = replace(AFTER, time_s=1002.0)  # watched once, and wrote no more
START_S = 1000.0


class Story:
    """A course whose clock the test turns, and what it asked for."""

    def __init__(self, before: Status | None = BEFORE, wanted: str = NEW) -> None:
        self.now_s = START_S
        self.actions: list[Action] = []
        self.course = Course.from_before(START_S, before, wanted)
        self.see(before)

    def see(self, found: Status | None, for_s: float = 0.0) -> Story:
        """Steps each half second, the first at once; as the status file would say, if a detector is alive."""
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
def test_a_buzzer_that_is_missing_matters_where_a_driver_sits(source: str, said: str) -> None:
    alerts = Alerts(buzzer_message="no chip")
    mute = replace(AFTER, problem="no chip", alerts=alerts, camera=CameraHealth("live", source))
    assert Story().see(None).see(mute, SETTLED_S).course.message == f"The detector {said}"


def test_the_old_process_is_never_taken_for_the_new_one() -> None:
    story = Story(replace(BEFORE, configuration=Configuration(version_token=NEW)))
    assert story.see(story_before(NEW), STOP_S - 2).course.phase == "stopping"


def story_before(version: str) -> Status:
    return replace(BEFORE, configuration=Configuration(version_token=version))


def test_a_new_process_may_have_the_old_ones_number() -> None:
    assert Story().see(replace(AFTER, pid=BEFORE.pid), SETTLED_S + 1).course.phase == "healthy"


def test_without_a_detector_before_the_first_one_counts() -> None:
    assert Story(None).see(None, 5).see(AFTER, SETTLED_S + 1).course.phase == "healthy"


def test_a_detector_that_ignores_the_wish_is_killed_once() -> None:
    story = Story().see(BEFORE, STOP_S + 5)
    assert story.actions == [Action.RESTART, Action.KILL]


def test_a_detector_that_cannot_be_ended_is_no_fault_of_the_settings() -> None:
    story = Story().see(BEFORE, LIMIT_S + 1)
    assert story.course.phase == "failed"
    assert Action.ROLL_BACK not in story.actions


def test_a_camera_that_opens_slowly_is_waited_for() -> None:
    story = Story().see(BLIND, LIMIT_S - 5)
    assert (story.course.phase, story.course.message) == ("starting", BLIND.problem)
    assert story.see(AFTER, SETTLED_S).course.phase == "healthy"


@pytest.mark.parametrize(
    ("seen", "reason"),
    [(BLIND, BLIND.problem), (None, "it does not start; its log says why")],
    ids=["blind", "nothing"],
)
def test_new_settings_with_which_it_does_not_watch_are_rolled_back(seen: Status | None, reason: str) -> None:
    story = Story().see(seen, LIMIT_S + 1)
    assert story.actions[:2] == [Action.RESTART, Action.ROLL_BACK]
    back = Course.undoing(story.course, seen, GOOD)
    assert back.undone == reason


def test_a_detector_that_crashes_over_and_over_is_rolled_back() -> None:
    story = Story()
    for pid in range(200, 201 + round(LIMIT_S / SETTLED_S)):
        story.see(replace(AFTER, pid=pid, problem="no buzzer"), SETTLED_S - 1).see(None, 1)
    assert Action.ROLL_BACK in story.actions
    assert story.course.reason == "it ends again and again; its log says why"  # and not for want of a buzzer


def test_a_detector_that_hangs_after_its_first_look_does_not_count_as_watching() -> None:
    story = Story().see(None).see(HUNG, SETTLED_S + 10)
    assert story.course.phase == "starting"
    assert Action.ROLL_BACK in story.see(HUNG, LIMIT_S).actions


def rolling_back(reason: Status = BLIND) -> Story:
    story = Story().see(reason, LIMIT_S - 0.5)
    assert story.actions == [Action.RESTART, Action.ROLL_BACK]
    story.course = story.course.undoing(reason, GOOD)
    return story.see(reason)


def test_with_the_last_good_settings_back_it_says_so_and_why() -> None:
    story = rolling_back()
    assert story.actions == [Action.RESTART, Action.ROLL_BACK, Action.RESTART]
    last = replace(AFTER, pid=300, configuration=Configuration(version_token=GOOD))
    story.see(None).see(last, SETTLED_S + 1)
    assert story.course.phase == "rolled_back"
    assert BLIND.problem in story.course.message
    assert (story.course.in_force, story.course.began_s) == (GOOD, START_S)


def test_it_rolls_back_once_and_fails_if_that_does_not_help_either() -> None:
    blind = replace(BLIND, pid=300, configuration=Configuration(version_token=GOOD))
    story = rolling_back().see(blind, LIMIT_S + 1)
    assert story.course.phase == "failed"
    assert story.actions.count(Action.ROLL_BACK) == 1
    assert "with these either" in story.course.message


def test_settings_with_which_it_watched_before_are_not_to_blame() -> None:
    story = Story(story_before(NEW)).see(BLIND, LIMIT_S + 1)
    assert (story.course.phase, story.actions) == ("failed", [Action.RESTART])
    assert BLIND.problem in story.course.message


def test_a_camera_that_was_missing_before_is_no_failure_of_the_restart() -> None:
    story = Story(replace(BEFORE, state=State.NO_CAMERA))
    opened_s = BLIND.started_s + OPENING_S - story.now_s
    assert story.see(BLIND, opened_s - 1).course.phase == "starting"
    assert story.see(BLIND, 2).course.phase == "healthy"
    assert BLIND.problem in story.course.message


def test_settings_of_run_config_are_taken_as_they_are() -> None:
    assert Story(story_before("")).see(replace(AFTER, configuration=Configuration()), 4).course.phase == "healthy"


def test_problems_of_the_file_are_told_and_nothing_is_rolled_back_as_the_last_good_ones_are_in_force() -> None:
    problem = "line 3: camera.width: 7 must be at least 64"
    configuration = Configuration(version_token=NEW, origin="config.last-good.yaml", problems=(problem,))
    story = Story().see(replace(AFTER, configuration=configuration))
    assert (story.course.phase, story.actions) == ("failed", [Action.RESTART])
    assert problem in story.course.message
    assert "config.last-good.yaml" in story.course.message


def test_settings_saved_meanwhile_need_one_more_restart() -> None:
    story = Story()
    story.course = story.course.joined("newer")
    story.see(None).see(AFTER)
    story.see(AFTER)
    assert story.actions == [Action.RESTART, Action.RESTART]
    assert story.course.pid_before == AFTER.pid
    newer = replace(AFTER, pid=300, configuration=Configuration(version_token="newer"))
    assert story.see(newer, SETTLED_S + 1).course.phase == "healthy"


def test_settings_that_never_stand_still_are_not_followed_for_ever() -> None:
    story = Story()
    for pid in range(200, 220):
        story.see(replace(AFTER, pid=pid, configuration=Configuration(version_token=f"version {pid}")), 1)
    assert story.actions == [Action.RESTART] * TRIES
    last = replace(BLIND, pid=220, configuration=Configuration(version_token="version 220"))
    assert Action.ROLL_BACK in story.see(last, LIMIT_S).actions


def test_settings_that_never_stand_still_are_fine_where_it_watches_with_them() -> None:
    story = Story()
    for pid in range(200, 220):
        story.see(replace(AFTER, pid=pid, configuration=Configuration(version_token=f"version {pid}")), 1)
    last = replace(AFTER, pid=220, configuration=Configuration(version_token="version 220"))
    assert story.see(last, SETTLED_S + 1).course.phase == "healthy"


def test_settings_saved_while_it_goes_back_are_new_again() -> None:
    story = rolling_back()
    story.course = story.course.joined("newer")
    newer = replace(AFTER, pid=300, configuration=Configuration(version_token="newer"))
    assert story.see(newer, SETTLED_S + 1).course.phase == "healthy"


def test_every_course_ends() -> None:
    for found in (None, BEFORE, AFTER, BLIND, replace(AFTER, configuration=Configuration(version_token="other"))):
        for before in (None, BEFORE, replace(BEFORE, state=State.NO_CAMERA)):
            story = Story(before).see(found, LIMIT_S + 1)
            assert story.course.is_over or Action.ROLL_BACK in story.actions, (before, found)
