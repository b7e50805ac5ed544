"""What is learnt of the driver: where the road is, whose face it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.judgement import Attention
from app.attention.neutral_pose import UNLEARNT_MARGIN_DEG
from app.attention.policy import NORMAL, PRESETS, Policy
from app.attention.usual_face import SHUT_BLINK
from app.events import Level, Sight, State
from config.settings import Settings
from tests.support.story import (
    ROAD,
    START_S,
    Part,
    attentive,
    events,
    kinds,
    looking,
    new_attention,
    passenger,
    samples,
    story,
)

ANALYSIS = Settings().analysis


def test_a_passenger_is_not_taken_for_the_driver() -> None:
    verdicts = story(attentive(START_S), passenger(15), attentive(10))
    assert kinds(verdicts) == [(State.NO_FACE, Level.WARNING)]


def test_a_passenger_a_little_farther_away_than_a_driver_beside_is_not_taken_for_the_driver() -> None:
    beside = replace(ROAD, face_x=ROAD.face_x + 1.3 * ROAD.face_width, face_width=0.85 * ROAD.face_width)
    seated_there = Part(15, lambda _: beside)
    assert kinds(story(attentive(START_S), seated_there, attentive(10))) == [(State.NO_FACE, Level.WARNING)]


def test_a_passenger_as_near_the_camera_is_not_taken_for_the_driver() -> None:
    beside = Part(15, lambda _: replace(ROAD, face_x=0.99, face_width=ROAD.face_width))
    assert kinds(story(attentive(START_S), beside, attentive(10))) == [(State.NO_FACE, Level.WARNING)]


def test_a_camera_beside_the_wheel_is_learnt() -> None:
    aside = replace(ROAD, yaw_deg=18, pitch_deg=-12)
    attention = new_attention()
    verdicts = [attention.update(time_s, Sight.CLEAR, aside) for time_s in range(120)]
    assert events(verdicts) == []
    assert verdicts[-1].neutral.learnt
    assert (verdicts[-1].yaw_error_deg, verdicts[-1].pitch_error_deg) == (0, 0)


def test_nobody_can_teach_it_to_look_into_the_lap() -> None:
    lap = replace(ROAD, pitch_deg=-45)
    attention = new_attention()
    verdicts = [attention.update(time_s, Sight.CLEAR, lap) for time_s in range(60)]
    assert {event.kind for event in events(verdicts)} == {State.LOOKING_DOWN}
    assert verdicts[-1].neutral.pitch_deg >= ANALYSIS.neutral_pitch - NORMAL.neutral_pitch_range_deg


def has_learnt(attention: Attention) -> bool:
    return attention.driver.neutral.learnt


def test_a_new_driver_after_an_absence_learns_anew_and_so_does_a_recalibration() -> None:
    attention = new_attention()
    for time_s in range(60):
        attention.update(time_s, Sight.CLEAR, ROAD)
    assert has_learnt(attention)
    for time_s in range(60, 100):
        attention.update(time_s, Sight.CLEAR, None)
    assert not has_learnt(attention)
    taller = replace(ROAD, pitch_deg=-14, yaw_deg=10, face_x=0.3)
    verdicts = [attention.update(time_s, Sight.CLEAR, taller) for time_s in range(100, 160)]
    assert [event.kind for event in events(verdicts)] == [State.NO_FACE]  # the absence ends, nothing new begins
    assert attention.driver.neutral.pitch_deg == pytest.approx(-14, abs=1)
    attention.recalibrate()
    assert not has_learnt(attention)


def test_another_mesh_is_learnt_anew_without_forgetting_the_road() -> None:
    attention = new_attention()
    for sample in samples((looking(40, yaw_deg=8),), 1.0):
        neutral = attention.update(*sample).neutral
    attention.change_eyes()
    assert attention.driver.neutral == neutral and neutral.learnt


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_the_limits_are_those_of_the_policy_and_of_the_driver_as_learnt(policy: Policy) -> None:
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
