"""The signals around an event, as the journal stores them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.events import Level, Limits, Neutral, State
from app.telemetry.course import Sample
from app.telemetry.event_signals import EventSignals, signals_of, text_of

ROAD, LIMITS = Neutral(-2.0, 1.5, learnt=False), Limits(25.0, 18.0, None, 0.512, 0.08, 0.15, 0.25)
LOST = Sample(1e8, None, None, None, None, None, State.NO_FACE, Level.NONE)
SAMPLE = Sample(1e8 + 1.1, -41.0, -3.0, 12.0, 0.25, 0.081, State.LOOKING_AWAY, Level.WARNING)
TEXT = text_of((LOST, SAMPLE), ROAD, LIMITS)


def test_samples_road_and_limits_are_read_back() -> None:
    assert signals_of(TEXT) == EventSignals((LOST, SAMPLE), replace(ROAD, learnt=True), LIMITS)
    assert signals_of(text_of((), ROAD, LIMITS)).samples == ()


def test_forty_samples_are_rounded_to_about_a_kilobyte() -> None:
    looks = [
        replace(SAMPLE, time_s=1e6 + second, yaw_deg=-40.6 + second, eye_blink=0.251, perclos=0.0814)
        for second in range(40)
    ]
    text = text_of(looks, ROAD, LIMITS)
    assert len(text) < 1200
    assert [sample.yaw_deg for sample in signals_of(text).samples[:2]] == [-41, -40]
    assert (signals_of(text).samples[9].eye_blink, signals_of(text).samples[9].perclos) == (0.25, 0.081)


@pytest.mark.parametrize(
    "text",
    (
        *("", "[", "7", "[]", "{}", '{"road":1}', "\N{SNOWMAN}", "[" * 4000),
        *(TEXT.replace("100000000.0", wrong) for wrong in ("null", "NaN", "1e999", "1e300", '"x"', "[]")),
        TEXT.replace("no_face", "asleep on a horse"),
        json.dumps({**json.loads(TEXT), "samples": {"a": 1}}),
    ),
)
def test_damaged_signals_are_empty(text: str) -> None:
    assert signals_of(text).samples == ()


@pytest.mark.parametrize(
    "row",
    (
        *("null", "[]", "[1,2,3]", '["x",0,0,0,0,0,0,0]', "[1e300,0,0,0,0,0,0,0]", f"[1,{10**400},0,0,0,0,0,0]"),
        *("[1,0,0,0,0,0,9,0]", "[1,0,0,0,0,0,-1,0]", "[1,0,0,0,0,0,0,7]"),
    ),
)
def test_damaged_sample_does_not_hide_the_others(row: str) -> None:
    assert signals_of(TEXT.replace('"samples":[', f'"samples":[{row},')).samples == (LOST, SAMPLE)


def test_damaged_road_does_not_hide_the_samples() -> None:
    for damaged in ('["x",1.5', "[null,1.5", "[1e999,1.5", "[1.5"):
        assert signals_of(TEXT.replace("[-2.0,1.5", damaged)) == EventSignals((LOST, SAMPLE))
