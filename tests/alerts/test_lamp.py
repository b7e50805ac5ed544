"""When the infrared lamp is on."""

from __future__ import annotations

import pytest

from app.alerts.lamp import NOBODY_FOR_S, LampRule
from app.events import Motion

DARK, DUSK, BRIGHT = 20.0, 80.0, 160.0


@pytest.fixture
def rule() -> LampRule:
    return LampRule()


def lit(brightness: float | None, seconds: int, rule: LampRule, from_s: int = 0, face: bool = True) -> bool:
    on = False
    for now_s in range(from_s, from_s + seconds):
        on = rule.update(float(now_s), brightness, face, Motion.UNKNOWN)
    return on


def test_lamp_is_on_in_the_dark_and_off_by_day(rule: LampRule) -> None:
    assert not lit(BRIGHT, 60, rule)
    assert lit(DARK, 10, rule, 60)
    assert not lit(BRIGHT, 20, rule, 70)


def test_short_shade_or_light_does_not_switch_the_lamp(rule: LampRule) -> None:
    assert not lit(DARK, 2, rule)
    lit(BRIGHT, 1, rule, 2)
    assert not lit(DARK, 2, rule, 3)
    assert lit(DARK, 10, rule, 5) and lit(BRIGHT, 5, rule, 15)


def test_lamps_own_light_does_not_switch_it_off(rule: LampRule) -> None:
    assert lit(DARK, 10, rule) and lit(DUSK, 600, rule, 10)


def test_lamp_is_off_in_a_parked_vehicle(rule: LampRule) -> None:
    assert lit(DARK, 10, rule)
    assert not rule.update(11, DARK, True, Motion.PARKED)
    assert rule.update(12, DARK, True, Motion.SLOW)


def test_lamp_without_a_face_is_lit_only_now_and_then(rule: LampRule) -> None:
    lit(DARK, 10, rule)
    minutes = [rule.update(10.0 + number, DARK, False, Motion.UNKNOWN) for number in range(int(10 * NOBODY_FOR_S))]
    assert 0.1 < sum(minutes) / len(minutes) < 0.25
    assert rule.update(1e4, DARK, True, Motion.UNKNOWN)


def test_missing_brightness_does_not_switch_the_lamp(rule: LampRule) -> None:
    assert lit(DARK, 10, rule) and lit(None, 60, rule, 10)
