"""What is learnt about the driver: the road's direction, whose face it is, and the limits that follow."""

from __future__ import annotations

import pytest

from app.attention.neutral_pose import UNLEARNT_MARGIN_DEG
from app.attention.policy import NORMAL, PRESETS, Policy
from app.attention.usual_face import SHUT_BLINK
from app.events import Level, Sight, State
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


@pytest.mark.parametrize(
    ("aside", "width"),
    [(0.4, 0.15), (0.39, 0.255), (0.49, 0.3)],
    ids=["farther from the camera", "a little farther", "as near as the driver"],
)
def test_passenger_is_not_taken_for_the_driver(aside: float, width: float) -> None:
    passenger = showing(15, face_x=ROAD.face_x + aside, face_width=width)
    assert kinds(story(attentive(START_S), passenger, attentive(10))) == [(State.NO_FACE, Level.WARNING)]


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
