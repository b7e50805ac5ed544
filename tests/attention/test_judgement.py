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
    looking,
    lost,
    new_attention,
    story,
)


@pytest.mark.parametrize("fps", RATES)
def test_attentive_driving_raises_nothing(fps: float) -> None:
    verdicts = story(attentive(800 / fps), fps=fps)
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


def test_verdict_says_since_when_its_state_lasts() -> None:
    verdicts = story(attentive(30), looking(6, yaw_deg=40), attentive(4), lost(6))
    since_s: dict[State, set[float | None]] = {}
    for verdict in verdicts[34:]:
        since_s.setdefault(verdict.state, set()).add(verdict.since_s)
    assert since_s == {State.LOOKING_AWAY: {32}, State.ATTENTIVE: {37}, State.NO_FACE: {43}}
    assert {verdict.since_s for verdict in verdicts[:32]} == {0}


def test_look_with_an_earlier_time_counts_as_no_time() -> None:
    attention = new_attention()
    seen = [attention.update(time_s, Sight.CLEAR, ROAD).perclos for time_s in (*range(60), 30)]
    assert seen[58:] == [None, 0, 0]  # known from a minute on
