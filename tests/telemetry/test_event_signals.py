"""What was measured around an event, as the journal keeps it."""

from __future__ import annotations

import pytest

from app.events import Level, Limits, Neutral, State
from app.telemetry.course import Course, Sample
from app.telemetry.event_signals import EventSignals, signals_of, text_of

LIMITS = Limits(25.0, 18.0, None, 0.512, 0.08, 0.15, 0.25)
SAMPLE = Sample(12.0, -41.5, -3.0, None, 0.25, 0.081, State.LOOKING_AWAY, Level.WARNING)


def kept() -> str:
    course = Course()
    course.add(SAMPLE)
    return text_of(course.text(), Neutral(-2.0, 1.5, learnt=False), LIMITS)


def test_samples_the_road_and_the_limits_come_back() -> None:
    assert signals_of(kept()) == EventSignals((SAMPLE,), Neutral(-2.0, 1.5, learnt=True), LIMITS)


@pytest.mark.parametrize("text", ["", "[", "7", "[]", "{}", '{"road":1}', "\N{SNOWMAN}", "[" * 4000])
def test_what_a_bad_card_made_of_it_is_no_signals(text: str) -> None:
    assert signals_of(text) == EventSignals(())


def test_a_damaged_road_or_sample_hides_no_other() -> None:
    for damaged in ('["x",1.5', "[null,1.5", "[1e999,1.5", "[1.5"):
        assert signals_of(kept().replace("[-2.0,1.5", damaged)) == EventSignals((SAMPLE,))
    assert signals_of(kept().replace("[[", "[null,[],[")).samples == (SAMPLE,)
