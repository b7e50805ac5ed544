"""The presets: the order and the sources of their numbers, and when the driver is warned with each."""

from __future__ import annotations

import inspect
import operator
import re
from dataclasses import asdict, fields

import pytest

from app.attention import policy
from app.attention.policy import NORMAL, PRESETS, RELAXED, STRICT, Policy, policy_of
from app.events import Level, Motion, Sight, State
from config.analysis import POLICIES
from config.read import read
from tests.support.story import (
    START_S,
    Part,
    attentive,
    blinking,
    events,
    eyes_closed,
    kinds,
    looking,
    lost,
    mouth_open,
    on_phone,
    phases,
    reached,
    sight,
    story,
    while_,
)

RISING = (
    ("away_caution_s", "away_warning_s", "away_alarm_s", "unresponsive_s"),
    ("away_warning_s", "slow_away_warning_s", "slow_away_alarm_s", "unresponsive_s"),
    ("away_alarm_s", "slow_away_alarm_s"),
    ("glances_warning_s", "glances_alarm_s", "glances_window_s"),
    ("microsleep_s", "asleep_s", "eyes_unresponsive_s"),
    ("perclos_caution", "perclos_warning", "perclos_alarm"),
    ("phone_caution_s", "phone_warning_s", "phone_alarm_s"),
    ("no_face_hold_s", "no_face_warning_s"),
    ("neutral_learning_s", "neutral_memory_s"),
)
BELOW = (
    ("yaw_clear_deg", "yaw_limit_deg"),
    ("pitch_down_clear_deg", "pitch_down_limit_deg"),
    ("pitch_up_clear_deg", "pitch_up_limit_deg"),
    ("glances_clear_s", "glances_warning_s"),
    ("perclos_clear", "perclos_caution"),
    ("yawn_s", "yawn_window_s"),
)
TOLD_SOONER_IF_LOWER = {
    "away_caution_s", "away_warning_s", "away_alarm_s", "unresponsive_s", "glances_warning_s", "glances_alarm_s",
    "microsleep_s", "asleep_s", "eyes_unresponsive_s", "perclos_caution", "perclos_warning", "perclos_alarm",
    "yawns_caution", "phone_caution_s", "phone_warning_s", "phone_alarm_s", "no_face_warning_s", "camera_blocked_s",
    "no_camera_s", "yaw_limit_deg", "pitch_down_limit_deg", "pitch_up_limit_deg", "slow_away_warning_s",
    "slow_away_alarm_s",
}  # fmt: skip
NONE, CAUTION, WARNING, ALARM = Level
SOURCES = re.compile(r"# (drivewatch|openpilot|EU 2023/2590|Euro NCAP|NHTSA|FHWA)")

each_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)


def test_policy_setting_names_each_preset_and_defaults_to_normal() -> None:
    assert tuple(PRESETS) == POLICIES
    assert policy_of(read("").settings.analysis) is NORMAL
    for name, preset in PRESETS.items():
        assert policy_of(read(f"analysis: {{policy: {name}}}").settings.analysis) is preset
    assert "must be relaxed, normal or strict" in str(read("analysis: {policy: lax}").problems[0])


@each_preset
def test_limits_rise_with_the_level_and_each_rule_clears_below_its_limit(preset: Policy) -> None:
    numbers = asdict(preset)
    for names in RISING:
        values = [numbers[name] for name in names]
        assert values == sorted(values), names
    for lower, higher in BELOW:
        assert numbers[lower] < numbers[higher], (lower, higher)


def test_strict_is_never_slower_than_normal_and_relaxed_never_faster() -> None:
    for field in fields(Policy):
        strict, normal, relaxed = (getattr(preset, field.name) for preset in (STRICT, NORMAL, RELAXED))
        compare = operator.le if field.name in TOLD_SOONER_IF_LOWER else operator.eq
        assert compare(strict, normal) and compare(normal, relaxed), field.name
    assert STRICT != NORMAL != RELAXED


def test_each_policy_number_names_its_source() -> None:
    lines = [line for line in inspect.getsource(policy).splitlines() if re.match(r"    \w+.*=", line)]
    assert len(lines) >= len(fields(Policy)) + len(asdict(STRICT).items() - asdict(NORMAL).items())
    assert [line for line in lines if not SOURCES.search(line)] == []


def test_the_numbers_are_those_of_their_sources() -> None:
    assert (NORMAL.away_caution_s, NORMAL.away_warning_s, NORMAL.away_alarm_s) == (2.0, 3.5, 5.0)
    assert (NORMAL.glances_warning_s, NORMAL.glances_window_s) == (10.0, 30.0)
    assert (NORMAL.microsleep_s, NORMAL.asleep_s, NORMAL.eyes_unresponsive_s) == (1.5, 3.0, 6.0)
    assert (NORMAL.perclos_caution, NORMAL.perclos_warning, NORMAL.perclos_min_valid_s) == (0.08, 0.15, 60.0)
    assert 2.9 <= STRICT.away_warning_s <= 3.0 and 4.9 <= STRICT.away_alarm_s <= 5.0
    assert 10.9 <= STRICT.unresponsive_s <= 11.0
    assert RELAXED.away_warning_s < 4.0 and RELAXED.microsleep_s < 2.0 and RELAXED.asleep_s <= 3.0
    assert RELAXED.perclos_warning == 0.15 and RELAXED.phone_alarm_s < 10.0
    assert (RELAXED.glances_warning_s, RELAXED.glances_window_s) == (10.0, 30.0)
    assert all(preset.slow_away_warning_s <= 6.0 for preset in PRESETS.values())


NOTHING, DARK = sight(14, Sight.NOTHING), sight(14, Sight.DARK)
AWAY, SLEEP, PHONE = looking(14, yaw_deg=40), eyes_closed(14), on_phone(14)
SLOW = while_(Motion.SLOW, AWAY)  # at 20 to 50 km/h
RISES = {
    "away, relaxed": (AWAY, RELAXED, [3.0, 3.9, 6.0, 11.0]),
    "away, normal": (AWAY, NORMAL, [2.0, 3.5, 5.0, 11.0]),
    "away, strict": (AWAY, STRICT, [2.0, 2.9, 4.9, 10.9]),
    "slow, relaxed": (SLOW, RELAXED, [3.0, 5.9, 8.9, 11.0]),
    "slow, normal": (SLOW, NORMAL, [2.0, 5.9, 8.9, 11.0]),
    "slow, strict": (SLOW, STRICT, [2.0, 2.9, 4.9, 10.9]),
    "asleep, relaxed": (SLEEP, RELAXED, [1.9, 3.0, 6.0]),
    "asleep, normal": (SLEEP, NORMAL, [1.5, 3.0, 6.0]),
    "asleep, strict": (SLEEP, STRICT, [1.5, 2.9, 4.9]),
    "phone, relaxed": (PHONE, RELAXED, [3.0, 6.0, 9.9]),
    "phone, normal": (PHONE, NORMAL, [2.0, 4.0, 8.0]),
    "phone, strict": (PHONE, STRICT, [2.0, 2.9, 4.9]),
    "no face": (lost(14), NORMAL, [5.0]),
    "covered camera": (DARK, NORMAL, [3.0]),
    "no camera": (NOTHING, NORMAL, [2.0]),
}  # fmt: skip


@pytest.mark.parametrize(("part", "preset", "due_s"), RISES.values(), ids=RISES)
def test_each_level_is_reached_after_these_seconds(part: Part, preset: Policy, due_s: list[float]) -> None:
    verdicts = story(attentive(START_S), part, fps=5.0, policy=preset)
    risen_s = [verdict.time_s - START_S for verdict in verdicts for _ in verdict.events]
    assert risen_s == pytest.approx(due_s, abs=0.2)


def glances(preset: Policy) -> list[tuple[float, Level]]:
    """When glances of 2.8 s, each after 1.1 s at the road, reach a level together."""
    parts = (looking(2.8, yaw_deg=40), attentive(1.1)) * 9
    verdicts = story(attentive(START_S), *parts, attentive(30), fps=5.0, policy=preset)
    told = [(verdict.time_s - START_S, event) for verdict in verdicts for event in verdict.events]
    return [(time_s, event.level) for time_s, event in told if event.kind is State.DISTRACTED and event.end_s is None]


# 10 s away are reached 1.6 s into the fourth glance, 15 s 1.0 s into the sixth, 20 s 0.4 s into the eighth
@pytest.mark.parametrize(("preset", "alarm_s"), [(RELAXED, 7 * 3.9 + 0.4), (NORMAL, 5 * 3.9 + 1.0)])
def test_glances_warn_after_ten_seconds_and_alarm_after_fifteen_or_twenty(preset: Policy, alarm_s: float) -> None:
    (warned_s, warning), (alarmed_s, alarm) = glances(preset)
    assert (warning, alarm) == (Level.WARNING, Level.ALARM)
    assert (warned_s, alarmed_s) == pytest.approx((3 * 3.9 + 1.6, alarm_s), abs=0.5)


def test_glances_are_over_when_less_than_six_seconds_of_them_are_left_of_the_last_thirty() -> None:
    # six glances: 0.4 s of the fourth, which ends 14.5 s after the start, and 5.6 s of the last two
    parts = (looking(2.8, yaw_deg=40), attentive(1.1)) * 6
    (event,) = [one for one in events(story(attentive(START_S), *parts, attentive(40), fps=5.0))
                if one.kind is State.DISTRACTED]  # fmt: skip
    assert event.end_s is not None
    assert event.end_s - START_S == pytest.approx(30 + 14.5 - 0.9, abs=0.5)  # up to a second is forgotten at once


@pytest.mark.parametrize(("preset", "yawns"), [(RELAXED, 4), (NORMAL, 3), (STRICT, 3)])
def test_so_many_yawns_are_a_caution(preset: Policy, yawns: int) -> None:
    for count, told in ((yawns - 1, []), (yawns, [(State.YAWNING, Level.CAUTION)])):
        parts = (mouth_open(5), attentive(40)) * count
        assert kinds(story(*parts, policy=preset)) == told


# n blinks of d seconds in the 120 s of the history are surely n * d - 1.64 * sqrt(n * d * d) of them
@pytest.mark.parametrize(
    ("blink_s", "every_s", "normal", "relaxed"),
    [
        (1, 8, NONE, NONE),  # 0.07
        (1, 7, CAUTION, NONE),  # 0.09
        (1, 6, CAUTION, NONE),  # 0.11
        (1, 5, CAUTION, CAUTION),  # 0.13
        (1, 4, WARNING, WARNING),  # 0.18
        (2, 5, ALARM, WARNING),  # 0.27
        (2, 4, ALARM, ALARM),  # 0.35
    ],
)
def test_share_of_closed_eyes_makes_a_level(blink_s: int, every_s: int, normal: Level, relaxed: Level) -> None:
    for preset, level in ((NORMAL, normal), (RELAXED, relaxed)):
        verdicts = story(attentive(START_S), blinking(240, every_s, blink_s), policy=preset)
        assert kinds(verdicts) == ([(State.DROWSY, level)] if level else []), preset


@pytest.mark.parametrize(("preset", "latest_s"), [(RELAXED, 4.0), (NORMAL, 4.0), (STRICT, 3.0)])
@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0])
def test_look_aside_warning_keeps_its_bound_at_any_phase_of_the_camera(
    preset: Policy, latest_s: float, fps: float
) -> None:
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), looking(6, yaw_deg=40), fps=fps, phase_s=phase_s, policy=preset)
        assert reached(verdicts, State.LOOKING_AWAY, Level.WARNING) - START_S <= latest_s
