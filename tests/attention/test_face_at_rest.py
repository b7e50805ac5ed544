"""The driver's own limit of shut lids, which holds for a face at rest; and what a single picture shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.policy import NORMAL
from app.attention.single_picture import momentary_state
from app.events import Neutral, State
from app.vision.measurements import Signals
from tests.support.story import ROAD, SHUT, START_S, showing, story

REST, MOVED = True, False
FACES: list[tuple[dict[str, float | None], dict[str, float | None], bool]] = [
    ({}, {}, REST),
    ({}, {"yaw_deg": 20}, REST),
    ({}, {"yaw_deg": 20.5}, MOVED),
    ({}, {"yaw_deg": -20.5}, MOVED),
    ({}, {"pitch_deg": 35}, REST),
    ({}, {"pitch_deg": 35.5}, MOVED),
    ({}, {"pitch_deg": -60}, REST),
    ({}, {"hand_at_ear": True}, MOVED),
    ({}, {"brow_down": 0.34}, REST),
    ({}, {"brow_down": 0.36}, MOVED),
    ({}, {"brow_down": None}, REST),
    ({"brow_down": 0.5}, {"brow_down": 0.5}, REST),
    ({"brow_down": 0.5}, {"brow_down": 0.86}, MOVED),
    # A smile of 0.3 takes 0.045 off the score
    ({}, {"smile": 0.29, "eye_blink": 0.3}, REST),
    ({}, {"smile": 0.31, "eye_blink": 0.3}, MOVED),
    ({"smile": 0.5}, {"smile": 0.5}, REST),
    ({"smile": 0.5}, {"smile": 0.81, "eye_blink": 0.3}, MOVED),
    # A laugh is a smile and an open mouth
    ({"mar": 0.1}, {"mar": 0.14, "smile": 0.1}, REST),
    ({"mar": 0.1}, {"mar": 0.16, "smile": 0.04}, REST),
    ({"mar": 0.1}, {"mar": 0.16, "smile": 0.05}, MOVED),
    ({"mar": 0.1, "smile": 0.2}, {"mar": 0.16, "smile": 0.24}, REST),
]


@pytest.mark.parametrize(("usual", "now", "is_at_rest"), FACES)
def test_low_lids_are_shut_in_a_face_at_rest(
    usual: dict[str, float | None], now: dict[str, float | None], is_at_rest: bool
) -> None:
    """A score of 0.25 is shut for this driver, whose limit is 0.22, and not even lowered for anybody else's."""
    low = showing(1, **{**usual, "eye_blink": 0.25, **now})
    assert story(showing(START_S, **usual), low)[-1].eyes_closed is is_at_rest


PICTURES: list[tuple[Signals, State]] = [
    (ROAD, State.ATTENTIVE),
    (replace(ROAD, eye_blink=None, eyes_hidden=True), State.EYES_UNSEEN),
    (replace(ROAD, eye_blink=SHUT), State.EYES_CLOSED),
    (replace(ROAD, eye_blink=0.4), State.ATTENTIVE),
    (replace(ROAD, hand_at_ear=True, yaw_deg=40), State.PHONE),
    (replace(ROAD, yaw_deg=30.5), State.ATTENTIVE),
    (replace(ROAD, yaw_deg=31.5), State.LOOKING_AWAY),
    (replace(ROAD, pitch_deg=37.5), State.ATTENTIVE),
    (replace(ROAD, pitch_deg=38.5), State.LOOKING_AWAY),
    (replace(ROAD, pitch_deg=-25.5), State.ATTENTIVE),
    (replace(ROAD, pitch_deg=-26.5), State.LOOKING_DOWN),
    (Signals(face_width=0.3, detected_only=State.LOOKING_DOWN), State.LOOKING_DOWN),
    (Signals(face_width=0.3), State.NO_FACE),
]


@pytest.mark.parametrize(("seen", "state"), PICTURES)
def test_single_picture_is_judged_without_any_before_it(seen: Signals, state: State) -> None:
    assert momentary_state(seen, NORMAL, Neutral(0.0, 0.0, learnt=False)) is state
