"""Escalation: how levels rise and fall, when an alarm repeats, how many events are kept."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from app.attention.policy import NORMAL
from app.events import Level, Sight, State, Verdict
from config.settings import Settings
from tests.support.story import (
    REPEAT_S,
    ROAD,
    START_S,
    Part,
    attentive,
    blinking,
    cues,
    events,
    eyes_closed,
    kinds,
    looking,
    new_attention,
    on_phone,
    reached,
    samples,
    showing,
    story,
)

ANALYSIS = Settings().analysis


@pytest.mark.parametrize(
    "inattentive",
    [looking(20, yaw_deg=40), looking(20, pitch_deg=-25), eyes_closed(20), on_phone(20)],
    ids=["away", "down", "asleep", "phone"],
)
def test_alarm_repeats_until_its_cause_ends(inattentive: Part) -> None:
    verdicts = story(attentive(START_S), inattentive, attentive(20))
    alarms = [time_s for time_s, cue in cues(verdicts) if cue.level is Level.ALARM]
    assert all(REPEAT_S - 1e-6 <= later - earlier <= REPEAT_S + 1 for earlier, later in itertools.pairwise(alarms))
    assert len(alarms) >= 4
    assert max(alarms) < START_S + 20


def test_the_level_falls_a_step_for_each_two_seconds_on_the_road() -> None:
    verdicts = story(attentive(START_S), looking(7, yaw_deg=40), attentive(20))
    after = [verdict.level for verdict in verdicts if verdict.time_s >= START_S + 7]
    assert after[:8] == [Level.ALARM, *[Level.WARNING] * 2, *[Level.CAUTION] * 2, *[Level.NONE] * 3]


def test_the_most_urgent_of_two_distractions_is_shown() -> None:
    both = showing(3, hand_at_ear=True, yaw_deg=40)
    assert story(attentive(START_S), on_phone(20), both)[-1].state is State.PHONE
    assert story(attentive(START_S), looking(20, yaw_deg=40), both)[-1].state is State.LOOKING_AWAY


@pytest.mark.parametrize("on_phone_s", [3, 9])
def test_phone_is_over_after_two_seconds_without_it(on_phone_s: float) -> None:
    with_break = on_phone(on_phone_s), attentive(1.5), on_phone(5)
    assert len(events(story(attentive(START_S), *with_break, attentive(5), fps=5))) == 1
    with_break = on_phone(on_phone_s), attentive(2.3), on_phone(5)
    assert len(events(story(attentive(START_S), *with_break, attentive(5), fps=5))) == 2


def test_event_is_kept_for_the_history_window_after_its_end() -> None:
    attention = new_attention(replace(ANALYSIS, history_window=120))
    glance = looking(3, yaw_deg=40)
    kept = []
    for sample in samples((attentive(START_S), glance, attentive(97), glance, attentive(150)), 1.0):
        attention.update(*sample)
        kept.append(len(attention.recent_events))
    changes = [time_s for time_s, (earlier, later) in enumerate(itertools.pairwise(kept), 1) if earlier != later]
    assert changes == [34, 134, 153, 253]  # each ends at 32.5 and 132.5, as is told a second later


def test_events_kept_are_bounded_by_number_and_age() -> None:
    few = replace(ANALYSIS, max_events_buffer=3, history_window=120)
    attention = new_attention(few)
    time_s = 0.0
    for _ in range(6):
        for signals in [ROAD] * 14 + [replace(ROAD, yaw_deg=40)] * 6:
            attention.update(time_s, Sight.CLEAR, signals)
            time_s += 1
    assert len(attention.recent_events) == 3
    for _ in range(200):
        attention.update(time_s, Sight.CLEAR, ROAD)
        time_s += 1
    assert len(attention.recent_events) == 0


def thinned(parts: tuple[Part, ...], slow_from_s: float, slow_to_s: float) -> list[Verdict]:
    """A story at 1 frame a second; between the two times every second frame is skipped, as the governor does."""
    attention = new_attention()
    seen = [sample for sample in samples(parts, 1.0) if not (slow_from_s <= sample[0] < slow_to_s and sample[0] % 2)]
    return [attention.update(*sample) for sample in seen]


HALVED = [(since_s, to_s) for since_s in range(28, 38) for to_s in (since_s + 1, since_s + 6, since_s + 60)]


@pytest.mark.parametrize(
    ("part", "kind", "alarm_s"),
    [
        (looking(9, yaw_deg=45), State.LOOKING_AWAY, NORMAL.away_alarm_s),
        (looking(9, pitch_deg=-35), State.LOOKING_DOWN, NORMAL.away_alarm_s),
        (eyes_closed(9), State.EYES_CLOSED, NORMAL.asleep_s),
        (on_phone(14), State.PHONE, NORMAL.phone_alarm_s),
    ],
)
def test_alarm_is_on_time_and_single_whenever_the_frame_rate_changes(part: Part, kind: State, alarm_s: float) -> None:
    for since_s, to_s in HALVED:
        verdicts = thinned((attentive(START_S), part, attentive(10)), since_s, to_s)
        assert kinds(verdicts) == [(kind, Level.ALARM)], (since_s, to_s)
        at_s = reached(verdicts, kind, Level.ALARM)
        assert -1.0 <= at_s - (START_S + alarm_s) <= 2.0, (since_s, to_s)  # one period of the slower rate


def test_attentive_driving_is_silent_whenever_the_frame_rate_changes() -> None:
    """A glance during which the rate changes back may seem half a second longer: a caution by light alone, once."""
    turn = (attentive(8), looking(1.5, yaw_deg=40), attentive(10), blinking(10, 4, 0.2))
    for since_s, to_s in HALVED:
        verdicts = thinned((attentive(START_S), *turn * 2), since_s, to_s)
        assert cues(verdicts) == []
        assert kinds(verdicts) in ([], [(State.LOOKING_AWAY, Level.CAUTION)])
