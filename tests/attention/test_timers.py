"""Timers count seconds and never frames, and keep a bounded number of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attention.timers import (
    FIRST_PERIOD_S,
    NEAREST_PERIODS,
    SURE_SIGMAS,
    Mean,
    Pace,
    Recent,
    Share,
    Span,
    Spell,
)
from tests.support.sampling import CLEAR_S, RATES_HZ, derandomized, phases, rates_hz, seen


def test_pace_ignores_one_late_frame() -> None:
    pace = Pace()
    assert pace.update(10) == FIRST_PERIOD_S
    assert [pace.update(time_s) for time_s in (10.5, 11, 11.5, 19, 19.5)] == [0.5] * 5


@pytest.mark.parametrize(("before_s", "after_s"), [(1.0, 0.5), (0.5, 1.0)])
def test_pace_follows_a_new_rate_from_its_fifth_sample_on(before_s: float, after_s: float) -> None:
    pace = Pace()
    periods_s = [pace.update(time_s) for time_s in accumulate([before_s] * 20 + [after_s] * 5)]
    assert periods_s[19:] == [before_s] * 5 + [after_s]


def test_pace_ignores_samples_with_the_same_time() -> None:
    pace = Pace()
    assert [pace.update(time_s) for time_s in (0, 1, 1, 1, 2)] == [1] * 5


@derandomized
@given(rates_hz, phases, st.floats(3, 30))
def test_a_spells_onset_lies_between_its_bounds(rate_hz: float, phase: float, for_s: float) -> None:
    onset_s = 10 + phase / rate_hz
    spell = Spell(CLEAR_S)
    for time_s, holds in seen(onset_s, onset_s + for_s, rate_hz, onset_s + for_s + 6 / rate_hz + 4):
        spell.update(time_s, holds, 1 / rate_hz)
        if spell.ended is not None:
            span = spell.ended
            break
    assert span.earliest_s <= onset_s <= span.latest_s
    assert span.latest_s - span.earliest_s <= 1 / rate_hz + 1e-9
    assert span.end_s == pytest.approx(onset_s + for_s, abs=0.5 / rate_hz + 1e-9)


@derandomized
@given(rates_hz, phases, st.floats(0.5, 20))
def test_spell_reaches_a_limit_within_about_a_period(rate_hz: float, phase: float, limit_s: float) -> None:
    onset_s, period_s = 10 + phase / rate_hz, 1 / rate_hz
    spell = Spell(CLEAR_S)
    for time_s, holds in seen(onset_s, math.inf, rate_hz, 60):
        spell.update(time_s, holds, period_s)
        if spell.span is not None and spell.lasted_s(time_s, period_s) >= limit_s:
            break
    # the midpoint is half a period off at most, the next look a whole one, and the nearest sample is taken
    late_periods = (time_s - onset_s - limit_s) / period_s
    assert time_s >= onset_s
    assert -0.5 - NEAREST_PERIODS - 1e-6 <= late_periods <= 1.5 - NEAREST_PERIODS + 1e-6


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_break_shorter_than_the_clear_time_does_not_end_a_spell(rate_hz: float) -> None:
    clear_s = 5.0
    spell = Spell(clear_s)
    ends = []
    for time_s, holds in seen(0, 100, rate_hz, 60):
        spell.update(time_s, holds and not 20 <= time_s < 22, 1 / rate_hz)
        ends.append(spell.ended)
    assert ends == [None] * len(ends)
    assert spell.span is not None
    assert spell.span.latest_s == 0


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_spell_ends_after_the_clear_time(rate_hz: float) -> None:
    clear_s = 5.0
    spell = Spell(clear_s)
    for time_s, holds in seen(10, 20, rate_hz, 60):
        spell.update(time_s, holds, 1 / rate_hz)
        if spell.ended is not None:
            break
    assert abs(time_s - 20 - clear_s) <= 1 / rate_hz
    assert spell.span is None


# One period is usual; 1.5 more, and at least a second, may go unmeasured
@pytest.mark.parametrize(
    ("rate_hz", "missing", "is_held"),
    [(0.5, 1, True), (0.5, 2, False), (1, 1, True), (1, 2, False), (2, 2, True), (2, 3, False), (10, 9, True),
     (10, 11, False)],
)  # fmt: skip
def test_unmeasured_samples_hold_a_spell_only_for_the_hold_off(rate_hz: float, missing: int, is_held: bool) -> None:
    spell = Spell(CLEAR_S)
    for number in range(40):
        holds = None if 10 <= number < 10 + missing else True
        spell.update(number / rate_hz, holds, 1 / rate_hz)
    assert spell.span is not None
    assert (spell.span.latest_s == 0) is is_held


def test_ended_spell_ends_between_the_last_true_and_the_first_false_sample() -> None:
    spell = Spell(2.0)
    for time_s, holds in enumerate((False, True, True, False, False, False)):
        spell.update(time_s, holds, 1)
        assert spell.holds_now is holds
    assert spell.ended == Span(0, 1, 2.5)


def test_unmeasured_samples_do_not_start_a_spell() -> None:
    spell = Spell(CLEAR_S)
    for number in range(20):
        spell.update(number, None, 1)
    assert spell.span is None
    assert spell.lasted_s(20, 1) == 0
    assert not spell.holds_now


def test_spell_counts_true_samples_in_a_row_and_restarts_after_a_gap() -> None:
    spell, counts = Spell(3.0), []
    for time_s, holds in enumerate((False, True, True, None, True, False, True, True)):
        spell.update(time_s, holds, 1)
        counts.append(spell.in_a_row)
    assert counts == [0, 1, 2, 2, 3, 0, 1, 2]  # an unmeasured sample does not break the row
    spell.update(60, True, 1)
    assert (spell.in_a_row, spell.span) == (1, Span(60, 60))


def test_restart_begins_a_new_spell() -> None:
    spell = Spell(CLEAR_S)
    for time_s in range(5):
        spell.update(time_s, True, 1)
    spell.restart(4.5)
    spell.update(5, True, 1)
    assert spell.span == Span(4.5, 5)


def test_lasted_is_rounded_to_the_nearest_sample() -> None:
    spell = Spell(CLEAR_S)
    spell.update(0, False, 1)
    spell.update(1, True, 1)
    assert spell.lasted_s(4, 1) == pytest.approx(3.5 + NEAREST_PERIODS)


def fed(share: Share, held: Sequence[bool | None], period_s: float) -> Share:
    for number, holds in enumerate(held):
        share.add(number * period_s, period_s if holds else 0.0, 0.0 if holds is None else period_s)
    return share


def test_share_is_the_held_part_of_the_measured_time() -> None:
    share = fed(Share(60), [True, False, None, False] * 10, 1.0)
    assert (share.held_s, share.measured_s) == (10, 30)
    assert share.ratio == pytest.approx(1 / 3)


def test_share_without_measurements_is_unknown() -> None:
    assert Share(60).ratio is None
    assert fed(Share(60), [None] * 10, 1.0).ratio_lower_bound is None


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_share_forgets_samples_older_than_its_window(rate_hz: float) -> None:
    share = Share(30)
    sizes = []
    for number in range(int(200 * rate_hz)):
        share.add(number / rate_hz, 1 / rate_hz if number < 100 * rate_hz else 0.0, 1 / rate_hz)
        sizes.append(len(share._bins))
        assert share.measured_s <= 30 + 1 / rate_hz + 1e-9
    assert max(sizes) <= 30
    assert share.held_s == 0
    assert share.measured_s == pytest.approx(30, abs=2)


@derandomized
@given(st.lists(st.sampled_from((True, False, None)), min_size=1, max_size=120), rates_hz, st.integers(10, 60))
def test_share_agrees_with_counting_to_within_a_bin(held: list[bool | None], rate_hz: float, window_s: int) -> None:
    period_s = 1 / rate_hz
    share = fed(Share(window_s), held, period_s)
    recent = held[-round(window_s * rate_hz) :]
    assert share.held_s == pytest.approx(period_s * sum(holds is True for holds in recent), abs=1 + period_s)
    assert share.measured_s == pytest.approx(period_s * sum(holds is not None for holds in recent), abs=1 + period_s)
    assert share.ratio is None or 0 <= share.ratio <= 1


def test_share_covers_its_window_to_the_second() -> None:
    share = fed(Share(5), [True] * 6 + [False] * 4, 1.0)
    assert (share.held_s, share.measured_s) == (1, 5)


def test_share_can_forget_all_samples_since_a_time() -> None:
    share = fed(Share(60), [False] * 10 + [True] * 10, 1.0)
    share.forget_since(10)
    assert (share.held_s, share.measured_s) == (0, 10)
    share.clear()
    assert share.ratio is None


def test_cleared_share_forgets_the_current_run() -> None:
    share = fed(Share(60), [True] * 20, 1.0)
    share.clear()
    share.add(20, 1, 1)
    assert share.ratio_lower_bound == pytest.approx(1 - SURE_SIGMAS)


def test_one_long_run_has_a_lower_confidence_bound_than_many_short_ones() -> None:
    one_long = fed(Share(120), [True] * 20 + [False] * 100, 1.0)
    many_short = fed(Share(120), ([True] + [False] * 5) * 20, 1.0)
    assert one_long.ratio == many_short.ratio == pytest.approx(1 / 6)
    assert one_long.ratio_lower_bound == pytest.approx((20 - SURE_SIGMAS * 20) / 120)
    assert many_short.ratio_lower_bound == pytest.approx((20 - SURE_SIGMAS * math.sqrt(20)) / 120)
    fewer = fed(Share(120), ([True] * 2 + [False] * 10) * 10, 1.0)
    assert fewer.ratio_lower_bound == pytest.approx((20 - 1.64 * math.sqrt(10 * 2**2)) / 120)


def test_unmeasured_sample_does_not_split_a_run() -> None:
    share = fed(Share(120), [True, None, True, False], 1.0)
    assert share.ratio_lower_bound == pytest.approx((2 - 1.64 * 2) / 3)


def test_lower_confidence_bound_is_seldom_above_the_true_share() -> None:
    rng = np.random.default_rng(4)
    true_share = 0.1
    above = 0
    for _ in range(300):
        share = fed(Share(120), [bool(holds) for holds in rng.random(120) < true_share], 1.0)
        above += (share.ratio_lower_bound or 0) > true_share
    assert above / 300 < 0.1  # 1.64 sigmas: 5 of 100


@derandomized
@given(st.lists(st.floats(0.01, 3.0), min_size=1, max_size=300), st.floats(5, 60))
def test_shares_and_counts_are_bounded_with_irregular_frames(gaps_s: list[float], window_s: float) -> None:
    share, recent = Share(window_s), Recent(window_s)
    for time_s, gap_s in zip(accumulate(gaps_s), gaps_s, strict=True):
        share.add(time_s, gap_s, gap_s)
        recent.add(time_s)
    assert share.measured_s <= window_s + 4  # a bin and the gap before it
    assert len(share._bins) <= window_s + 1
    assert recent.count(time_s) <= Recent.KEPT
    assert share.ratio == pytest.approx(1)


@pytest.mark.parametrize(("period_s", "count"), [(2.0, 2), (1.0, 3), (0.2, 11)])
def test_mean_covers_its_window_and_is_unknown_before_it_is_full(period_s: float, count: int) -> None:
    mean = Mean(2)
    means = [mean.update(number * period_s, float(number), period_s) for number in range(20)]
    assert means[: count - 1] == [None] * (count - 1)
    assert means[count - 1 :] == [number - (count - 1) / 2 for number in range(count - 1, 20)]


def test_mean_skips_unmeasured_samples_and_keeps_a_bounded_number() -> None:
    mean = Mean(2)
    means = [mean.update(time_s, value, 1) for time_s, value in enumerate((4, None, 8, None, None, 1))]
    assert means == [None, None, 6, None, None, None]
    for number in range(1000):
        mean.update(10 + number / 1000, 1, 0.001)
    assert len(mean._values) == Mean.KEPT


def test_recent_counts_within_its_window_and_keeps_a_bounded_number() -> None:
    recent = Recent(60)
    for time_s in (0, 30, 50):
        recent.add(time_s)
    assert [recent.count(time_s) for time_s in (50, 60, 61, 91, 200)] == [3, 3, 2, 1, 0]
    for time_s in range(1000):
        recent.add(300 + time_s / 1000)
    assert recent.count(301) == Recent.KEPT
    recent.clear()
    assert recent.count(301) == 0
