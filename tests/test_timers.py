"""Spells, shares and counts: seconds between looks that agree, whatever the rate, and bounded however long the trip."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.timers import NEAREST_PERIODS, PERIODS_KEPT, Pace, Recent, Share, Spell


def fed(spell: Spell, samples: list[tuple[float, bool | None]], period_s: float = 1.0) -> Spell:
    for time_s, holds in samples:
        spell.update(time_s, holds, period_s)
    return spell


def test_the_pace_is_the_median_and_one_late_frame_changes_nothing() -> None:
    pace = Pace()
    assert pace.update(0.0) == 1.0  # nothing known yet: the product's rate
    assert [pace.update(time_s) for time_s in (0.5, 1.0, 1.5, 5.0, 5.5)][-2:] == [0.5, 0.5]
    assert pace.update(5.5) == 0.5  # no time passed
    for number in range(10 * PERIODS_KEPT):
        pace.update(6.0 + 2 * number)
    assert pace.update(500.0) == 2.0


def test_an_onset_lies_between_the_last_look_without_and_the_first_with() -> None:
    spell = fed(Spell(1.0), [(0, False), (1, False), (2, True), (3, True)])
    assert spell.span is not None
    assert (spell.span.earliest_s, spell.span.latest_s, spell.span.onset_s) == (1, 2, 1.5)
    assert spell.lasted_s(3, 1.0) == pytest.approx(1.5 + NEAREST_PERIODS)


def test_the_first_look_ever_begins_where_it_is() -> None:
    spell = fed(Spell(1.0), [(7, True)])
    assert spell.span is not None
    assert spell.span.onset_s == 7


def test_it_ends_when_the_condition_was_gone_long_enough_and_then_at_its_own_end() -> None:
    samples = [(0.0, False), (1.0, True), (2.0, True), (3.0, False), (4.0, False), (5.0, False)]
    lasting, over = fed(Spell(2.0), [*samples[:-1]]), fed(Spell(2.0), [*samples])
    assert (lasting.span is None, lasting.holds_now) == (False, False)
    assert over.span is None
    assert over.ended is not None
    assert over.ended.end_s == 2.5


def test_a_short_return_does_not_end_it() -> None:
    spell = fed(Spell(2.0), [(0, False), (1, True), (2, False), (3, True)])
    assert spell.span is not None
    assert spell.span.onset_s == 0.5


def test_what_cannot_be_measured_neither_begins_nor_ends_it_for_a_while() -> None:
    seen_again = fed(Spell(1.0), [(0, False), (1, True), (2, None), (3, True)])
    assert seen_again.span is not None
    assert seen_again.span.onset_s == 0.5
    assert fed(Spell(1.0), [(0, False), (1, True), (2, None), (3, None), (4, None)]).span is None


@pytest.mark.parametrize("fps", [0.5, 1.0, 2.0, 10.0])
def test_a_spell_counts_seconds_and_not_looks(fps: float) -> None:
    spell, period_s = Spell(1.0), 1 / fps
    for number in range(int(30 * fps)):
        spell.update(number * period_s, 10 <= number * period_s < 20, period_s)
        if number * period_s == 18:
            assert spell.lasted_s(18, period_s) == pytest.approx(8, abs=period_s)


def test_a_share_is_of_what_was_measured() -> None:
    assert Share(10.0).ratio is None
    share = Share(10.0)
    for number in range(8):
        share.add(number, 1.0 if number < 2 else 0.0, 1.0 if number < 4 else 0.0)
    assert share.ratio == 0.5
    assert share.sure_ratio is not None


def test_few_runs_prove_little() -> None:
    blinks, sleep = Share(120.0), Share(120.0)
    for number in range(120):
        blinks.add(number, float(number % 8 == 0), 1.0)
        sleep.add(number, float(number < 15), 1.0)
    assert blinks.ratio == sleep.ratio == pytest.approx(15 / 120)
    assert blinks.sure_ratio == pytest.approx((15 - 1.64 * 15**0.5) / 120)
    assert sleep.sure_ratio == pytest.approx((15 - 1.64 * 15) / 120)


def test_a_share_forgets_what_is_older_than_its_window_or_newer_than_asked() -> None:
    share = Share(10.0)
    for number in range(100):
        share.add(number, 1.0, 1.0)
    assert share.held_s == 10
    share.forget_since(95)
    assert share.held_s == 5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.01, 3.0), min_size=1, max_size=300), st.floats(5, 60))
def test_shares_and_counts_are_bounded_whatever_the_rate(gaps_s: list[float], window_s: float) -> None:
    share, recent, time_s = Share(window_s), Recent(window_s), 0.0
    for gap_s in gaps_s:
        time_s += gap_s
        share.add(time_s, gap_s, gap_s)
        recent.add(time_s)
    assert share.measured_s <= window_s + 4
    assert recent.count(time_s) <= Recent.KEPT
    assert share.ratio == pytest.approx(1)


def test_a_count_is_of_its_window() -> None:
    recent = Recent(10.0)
    for time_s in (0, 5, 9):
        recent.add(time_s)
    assert [recent.count(time_s) for time_s in (9, 11, 16, 30)] == [3, 2, 1, 0]
