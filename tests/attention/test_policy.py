"""The presets: the order and the sources of their numbers, and when the driver is warned with each."""

from __future__ import annotations

import inspect
import operator
import re
from dataclasses import asdict, fields

import pytest

from app.attention import policy
from app.attention.policy import NORMAL, PRESETS, RELAXED, STRICT, Policy, policy_of
from app.events import Level, State
from config.analysis import POLICIES
from config.read import read
from tests.support.story import (
    START_S,
    attentive,
    eyes_closed,
    looking,
    on_phone,
    phases,
    reached,
    story,
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


def after_s(preset: str, kind: State, level: Level, fps: float, phase_s: float = 0.0) -> float:
    """Seconds from the true onset of a distraction of 14 s until it reaches a level."""
    part = {
        State.LOOKING_AWAY: looking(14, yaw_deg=40),
        State.EYES_CLOSED: eyes_closed(14),
        State.PHONE: on_phone(14),
    }[kind]
    analysis = read(f"analysis: {{policy: {preset}}}").settings.analysis
    verdicts = story(attentive(START_S), part, attentive(5), fps=fps, phase_s=phase_s, analysis=analysis)
    return reached(verdicts, kind, level) - START_S


@pytest.mark.parametrize(
    ("kind", "level", "relaxed_s", "normal_s", "strict_s"),
    [
        (State.LOOKING_AWAY, Level.CAUTION, 3.0, 2.0, 2.0),
        (State.LOOKING_AWAY, Level.WARNING, 3.9, 3.5, 2.9),
        (State.LOOKING_AWAY, Level.ALARM, 6.0, 5.0, 4.9),
        (State.EYES_CLOSED, Level.WARNING, 1.9, 1.5, 1.5),
        (State.EYES_CLOSED, Level.ALARM, 3.0, 3.0, 2.9),
        (State.PHONE, Level.CAUTION, 3.0, 2.0, 2.0),
        (State.PHONE, Level.WARNING, 6.0, 4.0, 2.9),
        (State.PHONE, Level.ALARM, 9.9, 8.0, 4.9),
    ],
)
def test_preset_sets_when_each_level_is_reached(
    kind: State, level: Level, relaxed_s: float, normal_s: float, strict_s: float
) -> None:
    for preset, due_s in (("relaxed", relaxed_s), ("normal", normal_s), ("strict", strict_s)):
        assert after_s(preset, kind, level, fps=10.0) == pytest.approx(due_s, abs=0.11), preset


@pytest.mark.parametrize(("preset", "latest_s"), [("relaxed", 4.0), ("normal", 4.0), ("strict", 3.0)])
@pytest.mark.parametrize("fps", [1.0, 2.0, 10.0])
def test_look_aside_warning_keeps_its_bound_at_any_phase_of_the_camera(
    preset: str, latest_s: float, fps: float
) -> None:
    for phase_s in phases(fps):
        assert after_s(preset, State.LOOKING_AWAY, Level.WARNING, fps, phase_s) <= latest_s
