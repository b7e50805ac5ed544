"""All rules together: attentive driving and a gap between samples raise nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.events import Sight, State
from tests.support.story import (
    RATES,
    ROAD,
    SHUT,
    attentive,
    cues,
    events,
    new_attention,
    story,
)


@pytest.mark.parametrize("fps", RATES)
def test_ten_attentive_minutes_raise_nothing(fps: float) -> None:
    verdicts = story(attentive(600), fps=fps)
    assert events(verdicts) == []
    assert cues(verdicts) == []
    assert {verdict.state for verdict in verdicts} == {State.ATTENTIVE}


def test_gap_of_minutes_between_looks_raises_nothing() -> None:
    attention = new_attention()
    for time_s in range(60):
        attention.update(time_s, Sight.CLEAR, ROAD)
    before = attention.update(60, Sight.CLEAR, replace(ROAD, eye_blink=SHUT, yaw_deg=40))
    after = attention.update(360, Sight.CLEAR, replace(ROAD, eye_blink=SHUT, yaw_deg=40))
    assert events([before, after]) == []
