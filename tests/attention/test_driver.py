"""What is learnt about the driver: the road's direction, whose face it is, and the limits that follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.neutral_pose import UNLEARNT_MARGIN_DEG
from app.attention.policy import NORMAL, PRESETS, Policy
from app.attention.usual_face import SHUT_BLINK
from app.attention.whose_face import WhoseFace
from app.events import Level, Sight, State, WaitsFor
from config.settings import Settings
from tests.support.story import (
    ROAD,
    START_S,
    attentive,
    events,
    kinds,
    looking,
    lost,
    new_attention,
    samples,
    showing,
    story,
)

ANALYSIS = Settings().analysis


def test_passenger_is_not_taken_for_the_driver() -> None:
    passenger = showing(15, face_x=ROAD.face_x + 0.4, face_width=0.15)
    assert kinds(story(attentive(START_S), passenger, attentive(10))) == [(State.NO_FACE, Level.WARNING)]


# In widths of the driver's face
@pytest.mark.parametrize(
    ("aside", "width", "is_drivers"),
    [
        (0.2, 0.6, True),
        (0.3, 0.6, False),  # behind
        (-0.3, 0.6, False),
        (0.3, 0.7, True),
        (0.75, 0.75, True),
        (0.85, 0.75, False),
        (0.85, 0.85, True),
        (1.05, 0.85, True),
        (1.15, 0.85, False),
        (1.15, 0.95, True),
        (1.55, 1.1, True),
        (1.65, 1.1, False),  # beside
        (1.65, 1.2, True),  # leans towards the camera
    ],
)
def test_face_aside_is_the_drivers_if_it_is_large_enough(aside: float, width: float, is_drivers: bool) -> None:
    whose = WhoseFace()
    whose.learn(ROAD)
    seen = replace(ROAD, face_x=ROAD.face_x + aside * ROAD.face_width, face_width=width * ROAD.face_width)
    assert whose.is_drivers(seen) is is_drivers


def test_road_direction_is_learnt_with_a_camera_beside_the_wheel() -> None:
    verdicts = story(showing(120, yaw_deg=18, pitch_deg=-12))
    assert events(verdicts) == []
    assert verdicts[-1].neutral.learnt
    assert (verdicts[-1].yaw_error_deg, verdicts[-1].pitch_error_deg) == (0, 0)


def test_a_steady_look_into_the_lap_is_not_learnt_as_the_road() -> None:
    verdicts = story(showing(60, pitch_deg=-45))
    assert {event.kind for event in events(verdicts)} == {State.LOOKING_DOWN}
    assert verdicts[-1].neutral.pitch_deg >= ANALYSIS.neutral_pitch - NORMAL.neutral_pitch_range_deg


def test_absence_restarts_learning_for_another_driver() -> None:
    taller = showing(60, pitch_deg=-14, yaw_deg=10, face_x=0.3)
    verdicts = story(attentive(60), lost(40), taller)
    assert [verdicts[number].neutral.learnt for number in (59, 99, -1)] == [True, False, True]
    assert [event.kind for event in events(verdicts)] == [State.NO_FACE]
    assert verdicts[-1].neutral.pitch_deg == pytest.approx(-14, abs=1)


def test_changing_the_mesh_keeps_the_road_direction() -> None:
    attention = new_attention()
    for sample in samples((looking(40, yaw_deg=8),), 1.0):
        neutral = attention.update(*sample).neutral
    attention.change_eyes()
    assert attention.driver.neutral == neutral and neutral.learnt


def test_road_is_learnt_in_twenty_seconds() -> None:
    verdicts = story(attentive(30))
    assert [verdict.neutral.learnt for verdict in verdicts[19:21]] == [False, True]
    assert [verdicts[time_s].learning.progress for time_s in (0, 5, 10, 20)] == [0, 0.25, 0.5, 1]


def test_gap_between_two_looks_teaches_no_more_than_five_seconds() -> None:
    attention = new_attention()
    seen = [attention.update(time_s, Sight.CLEAR, ROAD).learning.progress for time_s in (0, 1, 301, 302)]
    assert seen == [0, 0.05, 0.3, 0.35]


@pytest.mark.parametrize("fps_and_degrees", [(0.5, 12), (1, 6), (10, 3)])
def test_head_that_moves_by_more_than_six_degrees_a_second_teaches_nothing(
    fps_and_degrees: tuple[float, float],
) -> None:
    """Nor one that moves by more than three degrees from one look to the next, however soon that comes."""
    fps, moved_deg = fps_and_degrees
    for by_deg, waits_for in ((moved_deg, WaitsFor.NOTHING), (moved_deg + 0.1, WaitsFor.STEADY_HEAD)):
        for turn in ({"yaw_deg": by_deg}, {"pitch_deg": by_deg}):
            assert story(attentive(2 / fps), showing(1 / fps, **turn), fps=fps)[-1].learning.waits_for is waits_for


def test_face_without_a_pose_teaches_no_road() -> None:
    verdicts = story(attentive(3), showing(2, yaw_deg=None, pitch_deg=None), attentive(2))
    waits_for = [verdict.learning.waits_for for verdict in verdicts[3:]]
    assert waits_for == [WaitsFor.FACE, WaitsFor.FACE, WaitsFor.STEADY_HEAD, WaitsFor.NOTHING]


def test_limits_are_eight_degrees_wider_until_the_road_is_learnt() -> None:
    limits = new_attention().driver.limits
    assert (limits.yaw_deg, limits.up_deg, limits.down_deg) == (31, 38, 26)


# By 0.12, or by 3.5 times what the widest eyes score less if that is more; 0.22 at least and 0.43 at most
@pytest.mark.parametrize(
    ("usual", "widest", "limit"),
    [(0.03, 0.03, 0.22), (0.13, 0.13, 0.25), (0.13, 0.08, 0.305), (0.2, 0.15, 0.375), (0.4, 0.4, 0.43)],
)
def test_lids_are_shut_from_a_score_above_the_usual(usual: float, widest: float, limit: float) -> None:
    attention = new_attention()
    for time_s in range(40):
        attention.update(time_s, Sight.CLEAR, replace(ROAD, eye_blink=usual if time_s % 6 else widest))
    assert attention.driver.limits.eye_blink == pytest.approx(limit)


@pytest.mark.parametrize("fps", [1, 2, 10])
def test_usual_score_of_the_lids_is_known_after_ten_seconds(fps: int) -> None:
    attention = new_attention()
    limits = []
    for number in range(15 * fps):
        attention.update(number / fps, Sight.CLEAR, ROAD)
        limits.append(attention.driver.limits.eye_blink)
    assert limits.index(0.22) == 9 * fps


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_limits_come_from_the_policy_and_the_learnt_driver(policy: Policy) -> None:
    attention = new_attention(policy=policy)
    before = attention.driver.limits
    assert (before.yaw_deg, before.eye_blink) == (policy.yaw_limit_deg + UNLEARNT_MARGIN_DEG, SHUT_BLINK)
    for time_s in range(60):
        attention.update(time_s, Sight.CLEAR, ROAD)
    learnt = attention.driver.limits
    angles_deg = policy.yaw_limit_deg, policy.pitch_up_limit_deg, policy.pitch_down_limit_deg
    assert (learnt.yaw_deg, learnt.up_deg, learnt.down_deg) == angles_deg
    assert (learnt.perclos_caution, learnt.perclos_warning) == (policy.perclos_caution, policy.perclos_warning)
    assert learnt.eye_blink is not None and learnt.eye_blink < SHUT_BLINK
