"""Rules for a condition that lasts and for a figure that grows, at any frame rate and with irregular frames."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from app.attention.rules import MeasureRule, SpellRule, Step
from app.attention.timers import Pace
from app.events import Event, Level, State
from tests.support.sampling import CLEAR_S, derandomized, phases, rates_hz, seen

KIND = State.LOOKING_AWAY
STEPS = (Step(2.0, Level.CAUTION), Step(3.5, Level.WARNING), Step(5.0, Level.ALARM))


def rises(rule: SpellRule, samples: list[tuple[float, bool]], rate_hz: float) -> list[tuple[float, Event]]:
    changes = []
    for time_s, holds in samples:
        rule.update(time_s, holds, 1 / rate_hz, KIND)
        changes += [(time_s, event) for event in rule.episode.changes]
    return changes


@derandomized
@given(rates_hz, phases)
def test_spell_rule_counts_seconds_and_not_frames(rate_hz: float, phase: float) -> None:
    onset_s = 5 + phase / rate_hz
    changes = rises(SpellRule(STEPS, CLEAR_S), seen(onset_s, onset_s + 12, rate_hz, 40), rate_hz)
    # at a low rate a sample may meet two limits at once: the higher one is reported
    assert [event.level for _, event in changes] == sorted(event.level for _, event in changes)
    assert changes[-2][1].level is Level.ALARM
    for step in STEPS:
        reached_s = next(time_s for time_s, event in changes if event.level >= step.level)
        assert abs(reached_s - onset_s - step.limit) <= 1 / rate_hz + 1e-9
    assert {event.onset_s for _, event in changes} == {changes[0][1].onset_s}
    end_s = changes[-1][1].end_s
    assert end_s is not None
    assert abs(end_s - onset_s - 12) <= 0.5 / rate_hz + 1e-9


@derandomized
@given(st.lists(st.floats(0.5, 1.2), min_size=30, max_size=60))
def test_spell_rule_is_on_time_with_irregular_frames(gaps_s: list[float]) -> None:
    times_s = [*accumulate(gaps_s)]  # no gap is longer than the hold-off at any pace
    onset_s = times_s[9]
    pace, rule = Pace(), SpellRule(STEPS, CLEAR_S)
    for time_s in times_s:
        rule.update(time_s, time_s > onset_s, pace.update(time_s), KIND)
        if rule.episode.level >= Level.ALARM:
            # half a gap by which the onset is uncertain, and a gap until the next look
            assert abs(time_s - onset_s - STEPS[-1].limit) <= 1.5 * max(gaps_s) + 1e-9
            return
    raise AssertionError("no alarm")


def test_spell_rule_can_require_two_samples_in_a_row() -> None:
    steps = (Step(0.5, Level.WARNING),)
    for in_a_row_min, changes in ((1, 2), (2, 0)):
        rule = SpellRule(steps, CLEAR_S, in_a_row_min)
        assert len(rises(rule, seen(5, 5.5, 1, 20), 1)) == changes


def measured(rule: MeasureRule, figures: list[float | None], adds: bool = True) -> list[tuple[Level, bool]]:
    """Level of each change, and whether it ended the event."""
    changes = []
    for time_s, figure in enumerate(figures):
        rule.update(time_s, figure, adds, State.DROWSY)
        changes += [(event.level, event.end_s is not None) for event in rule.episode.changes]
    return changes


def test_measure_rule_rises_by_step_and_ends_below_its_clear_limit() -> None:
    rule = MeasureRule((Step(0.08, Level.CAUTION), Step(0.15, Level.WARNING)), clear=0.06)
    caution, warning, end = (Level.CAUTION, False), (Level.WARNING, False), (Level.WARNING, True)
    assert measured(rule, [0.05, 0.09, 0.07, 0.16, None, 0.07, 0.05, 0.05]) == [caution, warning, end]


def test_measure_rule_skipping_a_step_makes_one_change() -> None:
    rule = MeasureRule((Step(1, Level.CAUTION), Step(2, Level.WARNING)), clear=0.5)
    assert measured(rule, [0, 3]) == [(Level.WARNING, False)]


def test_measure_rule_rises_only_while_the_driver_adds_to_it() -> None:
    rule = MeasureRule((Step(0.08, Level.CAUTION),), clear=0.06)
    assert measured(rule, [0.2, 0.3], adds=False) == []
    assert not rule.holds_now
    assert measured(rule, [0.2]) == [(Level.CAUTION, False)]
    assert rule.holds_now


def test_onset_of_a_measure_rule_lies_between_two_samples() -> None:
    rule = MeasureRule((Step(0.08, Level.CAUTION),), clear=0.06)
    measured(rule, [0.0, 0.0, 0.1])
    event = rule.episode.event
    assert event is not None
    assert (event.onset_earliest_s, event.onset_s, event.onset_latest_s) == (1, 1.5, 2)
