"""Microsleep and sleep; blinks and misread lids are neither."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.attention.policy import NORMAL
from app.events import Level, Sight, State, Verdict
from app.vision.measurements import Signals
from tests.support.story import (
    OPEN,
    RATES,
    ROAD,
    SHUT,
    START_S,
    Part,
    attentive,
    blinking,
    events,
    eyes_closed,
    kinds,
    new_attention,
    phases,
    reached,
    showing,
    story,
    watched,
)


@pytest.mark.parametrize("fps", RATES)
def test_blinks_raise_nothing(fps: float) -> None:
    verdicts = story(attentive(START_S), blinking(600, every_s=4.3, blink_s=0.15), fps=fps)
    assert kinds(verdicts) == []


# A look comes at most a period after the lids shut; from it on looks must show them shut for 1.25 s: after 1, 2, 3, 13
# periods. The warning is due then, or at 1.5 s: 2 + 2, 1 + 2, 0.5 + 1.5, 0.1 + 1.4 seconds
@pytest.mark.parametrize(("fps", "latest_s"), [(0.5, 4.0), (1.0, 3.0), (2.0, 2.0), (10.0, 1.6)])
def test_eyes_closed_warns_after_microsleep_time(fps: float, latest_s: float) -> None:
    for phase_s in phases(fps):
        for_s = max(2.2, latest_s)  # a slower camera can only see longer ones
        verdicts = story(attentive(START_S), eyes_closed(for_s), attentive(5), fps=fps, phase_s=phase_s)
        found = [event for event in events(verdicts) if event.kind is State.EYES_CLOSED]
        assert [event.level >= Level.WARNING for event in found] == [True]
        alert_s = reached(verdicts, State.EYES_CLOSED, Level.WARNING)
        assert 1.5 - 1 / fps - 1e-6 <= alert_s - START_S <= latest_s + 1e-6


@pytest.mark.parametrize("fps", RATES)
def test_eyes_closed_alarms_after_asleep_time(fps: float) -> None:
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), eyes_closed(9), attentive(5), fps=fps, phase_s=phase_s)
        (event,) = [event for event in events(verdicts) if event.kind is State.EYES_CLOSED]
        assert (event.level, event.detail) == (Level.ALARM, "unresponsive")
        assert abs(reached(verdicts, State.EYES_CLOSED, Level.ALARM) - START_S - NORMAL.asleep_s) <= 1 / fps + 1e-6


def test_event_is_reported_once_for_each_level_it_reaches() -> None:
    verdicts = story(attentive(100), eyes_closed(30), attentive(20))
    told = [event for verdict in verdicts for event in verdict.events if event.kind is State.EYES_CLOSED]
    assert [event.detail for event in told] == ["microsleep", "asleep", "unresponsive", "unresponsive"]
    assert [event.end_s is None for event in told] == [True, True, True, False]


def test_lids_that_follow_the_gaze_down_are_not_sleep() -> None:
    verdicts = story(attentive(START_S), showing(6, pitch_deg=-25, eye_blink=0.12))
    assert {kind for kind, _ in kinds(verdicts)} == {State.LOOKING_DOWN}


def seen_after_the_road(looks: dict[float, Signals]) -> list[Verdict]:
    """The verdicts on 30 s of looking at the road and on these looks by their times."""
    attention = new_attention()
    road = dict.fromkeys(map(float, range(30)), ROAD)
    return [attention.update(time_s, Sight.CLEAR, signals) for time_s, signals in (road | looks).items()]


def looked_at(
    blink: Callable[[float], float],
    until_s: float,
    period_s: float = 1.0,
    yaw_deg: Callable[[float], float] = lambda _: 0,
) -> list[Verdict]:
    """The verdicts of a live camera on a driver whose lids and head move like this."""
    trip = Part(until_s, lambda time_s: replace(ROAD, eye_blink=blink(time_s), yaw_deg=yaw_deg(time_s)))
    return watched(trip, fps=1 / period_s)


@pytest.mark.parametrize("apart_s", [0.5, 0.9, 1.0, 1.1, 2.0])
def test_two_blinks_are_not_a_microsleep(apart_s: float) -> None:
    for phase in range(20):
        first_s = START_S + phase / 20

        def blink(time_s: float, first_s: float = first_s) -> float:
            is_closed = any(0 <= time_s - first_s - after_s < 0.25 for after_s in (0, apart_s))
            return SHUT if is_closed else OPEN

        assert events(looked_at(blink, 36)) == []


@pytest.mark.parametrize("between", ("open", "turned"))
def test_blink_after_a_misread_lid_is_not_a_microsleep(between: str) -> None:
    shown = {"closed": replace(ROAD, eye_blink=SHUT), "turned": replace(ROAD, yaw_deg=33), "open": ROAD}
    looks = {30.0: "turned", 31.0: "closed", 31.35: between, 31.7: "closed", 32.0: "open", 32.35: "open", 33.0: "open"}
    verdicts = seen_after_the_road({time_s: shown[what] for time_s, what in looks.items()})
    assert State.EYES_CLOSED not in {kind for kind, _ in kinds(verdicts)}


def test_misread_lids_after_a_blink_are_not_a_microsleep() -> None:
    looks = {30.0: SHUT, 30.35: OPEN, 30.7: SHUT, 31.0: SHUT, 31.35: SHUT, 32.0: OPEN}
    verdicts = seen_after_the_road({time_s: replace(ROAD, eye_blink=blink) for time_s, blink in looks.items()})
    assert events(verdicts) == []


def test_one_late_look_at_shut_lids_is_not_sleep() -> None:
    """Half of the time since the open look before it and a little more are above three seconds."""
    times_s = [*range(0, 60, 2), 62.9, 64.9, 66.9]
    attention = new_attention()
    looks = [replace(ROAD, eye_blink=SHUT if time_s == 62.9 else OPEN) for time_s in times_s]
    seen = zip(times_s, looks, strict=True)
    assert events([attention.update(time_s, Sight.CLEAR, signals) for time_s, signals in seen]) == []


def shut(begin_s: float, lasts_s: float, misread: int | None) -> Callable[[float], float]:
    """Blink scores of lids shut for lasts_s; the look number `misread` sees a doubtful score instead."""
    looks = itertools.count()
    doubtful = 0.4  # shut from 0.43 on, open below 0.37

    def blink(time_s: float) -> float:
        if not begin_s <= time_s < begin_s + lasts_s:
            return OPEN
        return SHUT if next(looks) != misread else doubtful

    return blink


@pytest.mark.parametrize("lasts_s", [2.4, 2.6])
def test_microsleep_warns_at_any_phase_despite_a_misread_lid(lasts_s: float) -> None:
    for phase in range(20):
        begin_s = START_S + phase / 20
        for misread in (None, 1):
            verdicts = looked_at(shut(begin_s, lasts_s, misread), 36)
            assert kinds(verdicts) == [(State.EYES_CLOSED, Level.WARNING)], (phase, misread)
            told_s = reached(verdicts, State.EYES_CLOSED, Level.WARNING)
            # a second before they are looked at, and looks after 0.35, 0.7, 1 and 1.35 s
            assert told_s - begin_s <= 2.35 + 1e-6


def test_sleep_of_three_and_a_half_seconds_warns_before_it_ends_at_half_a_frame_a_second() -> None:
    for phase in range(40):
        verdicts = looked_at(shut(START_S + phase / 20, 3.5, None), 40, period_s=2.0)
        told_s = reached(verdicts, State.EYES_CLOSED, Level.WARNING)
        assert told_s - START_S - phase / 20 <= 3.4 + 1e-6  # 2 s before they are looked at, and 4 looks 0.35 s apart


def test_look_aside_after_a_microsleep_warns_in_time_at_half_a_frame_a_second() -> None:
    verdicts = looked_at(
        lambda time_s: SHUT if 99.5 <= time_s < 102.6 else OPEN,
        120,
        period_s=2.0,
        yaw_deg=lambda time_s: 40 if time_s >= 105 else 0,
    )
    assert {State.EYES_CLOSED, State.LOOKING_AWAY} == {kind for kind, _ in kinds(verdicts)}
    told_s = reached(verdicts, State.LOOKING_AWAY, Level.WARNING)
    assert told_s - 105 <= NORMAL.away_warning_s + 2


def test_open_eyes_need_no_second_look() -> None:
    assert [verdict.time_s for verdict in looked_at(lambda _: OPEN, 60)] == list(range(60))


@pytest.mark.parametrize(
    ("blink", "for_s", "told"), [(0.38, 1.4, True), (0.36, 1.4, False), (0.36, 1.75, True), (0.38, 1.3, False)]
)
def test_lids_that_are_not_clearly_shut_must_be_so_for_one_look_more(blink: float, for_s: float, told: bool) -> None:
    """Looks come 0.35 s apart while lids are shut; this driver's count as shut from 0.22 on."""
    verdicts = watched(attentive(START_S), showing(for_s, eye_blink=blink), attentive(10))
    assert kinds(verdicts) == ([(State.EYES_CLOSED, Level.WARNING)] if told else [])
