"""The tables of sounds and LED patterns: each is short and distinct, and a tune lasts as long as its beeps."""

from __future__ import annotations

import pytest

from app.alerts.patterns import (
    BY_CUE,
    BY_LEVEL,
    LED_BY_LEVEL,
    LED_BY_STATE,
    TEST_SOUND,
    TUNES_HZ,
    Rhythm,
    led_rhythm,
    pulses_of,
    sound_of,
    tune,
)
from app.events import BLIND, Cue, Level, State
from tests.support.alert_sounds import CUES, length_ms


@pytest.mark.parametrize("rhythm", [*BY_LEVEL.values(), *BY_CUE.values(), TEST_SOUND.rhythm])
def test_sounds_and_their_beeps_are_short(rhythm: Rhythm) -> None:
    assert length_ms(rhythm) < 2500
    assert all(0 < on_ms <= 500 and off_ms >= 50 for on_ms, off_ms in rhythm)


@pytest.mark.parametrize("rhythm", [*LED_BY_LEVEL.values(), *LED_BY_STATE.values()])
def test_the_led_is_never_lit_for_long(rhythm: Rhythm) -> None:
    assert all(0 < on_ms <= 500 and off_ms >= 50 for on_ms, off_ms in rhythm)


def test_warning_and_alarm_sounds_differ_from_each_other() -> None:
    warnings = (State.LOOKING_AWAY, State.EYES_CLOSED, State.DROWSY, State.NO_FACE, State.NO_CAMERA)
    cues = [Cue(state, Level.WARNING) for state in warnings]
    cues += [Cue(state, Level.ALARM) for state in (State.LOOKING_AWAY, State.EYES_CLOSED)]
    assert len({sound_of(cue).rhythm for cue in cues}) == 7


def test_sleep_sounds_longer_than_anything_else() -> None:
    asleep = Cue(State.EYES_CLOSED, Level.ALARM)
    sounding = {cue: sum(on_ms for on_ms, _ in sound_of(cue).rhythm) for cue in CUES}
    assert max(sounding, key=lambda cue: sounding[cue]) == asleep


def test_each_state_has_its_own_tune() -> None:
    assert set(TUNES_HZ) == set(State)
    assert len(set(TUNES_HZ.values())) == len(State)


def test_led_patterns_of_camera_faults_differ_from_those_of_the_driver() -> None:
    blind = {led_rhythm(kind, Level.WARNING) for kind in BLIND}
    assert len(blind) == 2
    assert blind.isdisjoint(LED_BY_LEVEL.values())


def test_a_passive_buzzer_is_driven_at_the_notes_of_its_tune() -> None:
    steps = list(tune(((100, 50), (100, 50)), (500, 1000)))
    assert steps[:2] == [(True, 0.001), (False, 0.001)]
    assert sum(state for state, _ in steps) == 50 + 100
    assert sum(for_s for _, for_s in steps) == pytest.approx(0.3)


@pytest.mark.parametrize("cue", CUES)
def test_a_tune_lasts_as_long_as_its_beeps(cue: Cue) -> None:
    sound = sound_of(cue)
    assert sound.rhythm
    tune_s, beeps_s = (sum(for_s for _, for_s in pulses_of(sound, beep_only)) for beep_only in (False, True))
    assert tune_s == pytest.approx(beeps_s, abs=0.002 * len(sound.rhythm))  # each beep ends with a whole wave
