"""Eyes that look aside while the head faces the road."""

from __future__ import annotations

import pytest

from app.attention.usual_gaze import UsualGaze
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
AWAY, CLOSED = State.LOOKING_AWAY, State.EYES_CLOSED
CAUTION, WARNING, ALARM = Level.CAUTION, Level.WARNING, Level.ALARM


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("gaze_yaw_deg", (30, -30))
def test_eyes_aside_are_reported_at_the_same_times_as_a_turned_head(fps: float, gaze_yaw_deg: float) -> None:
    for phase_s in phases(fps):
        aside = showing(7, gaze_yaw_deg=gaze_yaw_deg)
        by_eyes = story(attentive(START_S), aside, attentive(4), fps=fps, phase_s=phase_s)
        by_head = story(attentive(START_S), looking(7, yaw_deg=gaze_yaw_deg), attentive(4), fps=fps, phase_s=phase_s)
        assert kinds(by_eyes) == [(AWAY, ALARM)]
        for level, limit_s in ((CAUTION, 2.0), (WARNING, 3.5), (ALARM, 5.0)):
            told_s = reached(by_eyes, AWAY, level)
            assert told_s == reached(by_head, AWAY, level)
            assert abs(told_s - START_S - limit_s) <= 1 / fps + 1e-6


@pytest.mark.parametrize("fps", RATES)
def test_eyes_aside_for_one_and_a_half_seconds_are_silent(fps: float) -> None:
    for phase_s in phases(fps):
        mirror = attentive(9), showing(1.5, gaze_yaw_deg=30)
        assert events(story(attentive(START_S), *mirror * 4, fps=fps, phase_s=phase_s)) == []


def test_eyes_swaying_around_the_road_are_silent() -> None:
    swaying = Part(600, lambda time_s: showing(1, gaze_yaw_deg=(-6, 0, 7, 3)[int(time_s) % 4]).signals_at(0))
    assert events(story(swaying)) == []


def test_camera_at_the_side_does_not_make_a_look_aside() -> None:
    """Head and eyes point at the road, 20 degrees beside the camera: 12 by the head, 8 by the irises."""
    aside = showing(300, yaw_deg=12, gaze_yaw_deg=8)
    assert events(story(aside)) == []
    verdicts = story(aside, showing(7, yaw_deg=12, gaze_yaw_deg=38), aside)
    assert kinds(verdicts) == [(AWAY, ALARM)]


@pytest.mark.parametrize("gaze_yaw_deg", (-30, None))
def test_turned_head_is_reported_even_with_eyes_on_the_road(gaze_yaw_deg: float | None) -> None:
    aside = showing(7, yaw_deg=30, gaze_yaw_deg=gaze_yaw_deg)
    verdicts = story(attentive(START_S), aside, attentive(20))
    assert kinds(verdicts) == [(AWAY, ALARM)]
    assert reached(verdicts, AWAY, ALARM) == pytest.approx(START_S + 5, abs=1)


@pytest.mark.parametrize("fps", RATES)
def test_gaze_of_shut_eyes_is_ignored(fps: float) -> None:
    """The attention mesh draws irises behind the fake driver's shut lids, 10 to 40 degrees aside."""
    asleep = eyes_closed(8, gaze_yaw_deg=-30)
    assert kinds(story(attentive(START_S), asleep, attentive(20), fps=fps)) == [(CLOSED, ALARM)]


def test_unknown_gaze_raises_nothing() -> None:
    assert kinds(story(attentive(START_S), showing(20, gaze_yaw_deg=None), attentive(20))) == []


@pytest.mark.parametrize(
    ("yaw_deg", "gaze_yaw_deg", "is_away"),
    [
        (0, 17, False),
        (0, 17.5, True),
        (0, -17.5, True),
        (8, 10, False),  # eyes that look ahead reach 10 degrees in the head
        (8, 10.5, True),
        (-8, 20, False),  # head and eyes together look 12 degrees aside
    ],
)
def test_eyes_look_aside_beyond_17_degrees_from_the_road(yaw_deg: float, gaze_yaw_deg: float, is_away: bool) -> None:
    aside = showing(4, yaw_deg=yaw_deg, gaze_yaw_deg=gaze_yaw_deg)
    assert kinds(story(attentive(START_S), aside, attentive(5))) == [(AWAY, WARNING)] * is_away


@pytest.mark.parametrize(("gaze_yaw_deg", "level"), [(13.5, ALARM), (13, CAUTION)])
def test_eyes_are_back_within_13_degrees_of_the_road(gaze_yaw_deg: float, level: Level) -> None:
    aside = showing(3, gaze_yaw_deg=30), showing(4, gaze_yaw_deg=gaze_yaw_deg)
    assert kinds(story(attentive(START_S), *aside, attentive(5))) == [(AWAY, level)]


def test_eyes_are_read_once_a_face_was_steady_for_four_seconds() -> None:
    usual = UsualGaze()
    assert [usual.error_deg(5.0, learnt_s) for learnt_s in (3.9, 4.0)] == [None, 5.0]


# The quarter of looks farthest to each side are 7.4 or 7.6 degrees apart
@pytest.mark.parametrize(("looks", "aside_deg", "is_read"), [(30, 3.7, True), (29, 3.8, True), (30, 3.8, False)])
def test_irises_that_jump_by_more_than_seven_and_a_half_degrees_are_not_read(
    looks: int, aside_deg: float, is_read: bool
) -> None:
    usual = UsualGaze()
    for number in range(looks):
        usual.saw_ahead(aside_deg if number % 2 else -aside_deg)
    assert (usual.error_deg(5.0, START_S) is not None) is is_read
