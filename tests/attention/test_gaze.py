"""Eyes that look aside while the head faces the road."""

from __future__ import annotations

import pytest

from app.events import Level, State
from tests.support.story import (
    START_S,
    Part,
    attentive,
    events,
    eyes_closed,
    kinds,
    looking,
    phases,
    reached,
    showing,
    story,
)

RATES = (1.0, 2.0, 5.0, 10.0)
AWAY, CLOSED, UNSEEN = State.LOOKING_AWAY, State.EYES_CLOSED, State.EYES_UNSEEN
CAUTION, WARNING, ALARM = Level.CAUTION, Level.WARNING, Level.ALARM


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("gaze_yaw_deg", (30, -30))
def test_eyes_alone_aside_are_told_with_the_times_of_a_head(fps: float, gaze_yaw_deg: float) -> None:
    for phase_s in phases(fps):
        aside = showing(7, gaze_yaw_deg=gaze_yaw_deg)
        by_eyes = story(attentive(START_S), aside, attentive(20), fps=fps, phase_s=phase_s)
        by_head = story(attentive(START_S), looking(7, yaw_deg=gaze_yaw_deg), attentive(20), fps=fps, phase_s=phase_s)
        assert kinds(by_eyes) == [(AWAY, ALARM)]
        for level, limit_s in ((CAUTION, 2.0), (WARNING, 3.5), (ALARM, 5.0)):
            told_s = reached(by_eyes, AWAY, level)
            assert told_s == reached(by_head, AWAY, level)
            assert told_s is not None
            assert abs(told_s - START_S - limit_s) <= 1 / fps + 1e-6


@pytest.mark.parametrize("fps", RATES)
def test_eyes_aside_for_a_second_and_a_half_are_a_look_into_the_mirror(fps: float) -> None:
    for phase_s in phases(fps):
        mirror = attentive(9), showing(1.5, gaze_yaw_deg=30)
        assert events(story(attentive(START_S), *mirror * 10, fps=fps, phase_s=phase_s)) == []


def test_eyes_that_sway_about_the_road_are_on_it() -> None:
    swaying = Part(600, lambda time_s: showing(1, gaze_yaw_deg=(-6, 0, 7, 3)[int(time_s) % 4]).signals_at(0))
    assert events(story(swaying)) == []


def test_a_camera_at_the_side_is_no_look_aside() -> None:
    """Head and eyes point at the road, 20 degrees beside the camera, and the irises read 8 of it in the head."""
    aside = showing(300, yaw_deg=12, gaze_yaw_deg=8)
    assert events(story(aside)) == []
    verdicts = story(aside, showing(7, yaw_deg=12, gaze_yaw_deg=38), aside)
    assert kinds(verdicts) == [(AWAY, ALARM)]


@pytest.mark.parametrize("gaze_yaw_deg", (-30, None))
def test_a_head_aside_is_told_whether_the_eyes_are_on_the_road_or_unknown(gaze_yaw_deg: float | None) -> None:
    aside = showing(7, yaw_deg=30, gaze_yaw_deg=gaze_yaw_deg)
    verdicts = story(attentive(START_S), aside, attentive(20))
    assert kinds(verdicts) == [(AWAY, ALARM)]
    assert reached(verdicts, AWAY, ALARM) == pytest.approx(START_S + 5, abs=1)


@pytest.mark.parametrize("fps", RATES)
def test_shut_eyes_look_nowhere(fps: float) -> None:
    """The attention mesh draws irises behind the fake driver's shut lids, 10 to 40 degrees aside."""
    asleep = eyes_closed(8, gaze_yaw_deg=-30)
    assert kinds(story(attentive(START_S), asleep, attentive(20), fps=fps)) == [(CLOSED, ALARM)]


def test_eyes_that_cannot_be_seen_look_nowhere() -> None:
    assert kinds(story(attentive(START_S), showing(20, gaze_yaw_deg=None), attentive(20))) == []
