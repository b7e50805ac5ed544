"""All rules together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.policy import NORMAL
from app.events import Level, Sight, State
from tests.support.story import (
    RATES,
    ROAD,
    SHUT,
    START_S,
    attentive,
    cues,
    events,
    kinds,
    new_attention,
    on_phone,
    reached,
    story,
)


@pytest.mark.parametrize("fps", RATES)
def test_ten_minutes_of_attention_raise_nothing(fps: float) -> None:
    verdicts = story(attentive(600), fps=fps)
    assert events(verdicts) == []
    assert cues(verdicts) == []
    assert {verdict.state for verdict in verdicts} == {State.ATTENTIVE}


def test_a_phone_at_the_ear_escalates() -> None:
    verdicts = story(attentive(START_S), on_phone(12), attentive(10))
    assert kinds(verdicts) == [(State.PHONE, Level.ALARM)]
    for level, limit_s in ((Level.CAUTION, NORMAL.phone_caution_s), (Level.WARNING, NORMAL.phone_warning_s)):
        assert abs((reached(verdicts, State.PHONE, level) or 0) - START_S - limit_s) <= 1


def test_a_gap_of_minutes_is_neither_a_glance_nor_sleep() -> None:
    attention = new_attention()
    for time_s in range(60):
        attention.update(time_s, Sight.CLEAR, ROAD)
    before = attention.update(60, Sight.CLEAR, replace(ROAD, eye_blink=SHUT, yaw_deg=40))
    after = attention.update(360, Sight.CLEAR, replace(ROAD, eye_blink=SHUT, yaw_deg=40))
    assert events([before, after]) == []
