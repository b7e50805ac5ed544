"""What the driver hears and sees, on gpiozero's mock pins; the time is an argument."""

from __future__ import annotations

from itertools import groupby

import pytest
from gpiozero import LED, Buzzer
from gpiozero.pins.mock import MockFactory

from app.alerts.alert import LED_OFF, Alert
from app.alerts.patterns import TEST_SOUND, led_rhythm, sound_of
from app.events import Cue, Level, State
from tests.support.alert_sounds import CUES, length_ms

BUZZER, LAMP = 17, 27


class Bench:
    """An alert on mock pins. Its thread never starts: `run` steps through the time."""

    def __init__(self, *, beep_only: bool = True, visual: bool = True) -> None:
        self.factory = MockFactory()
        self.now_s = 0.0
        self.alert = Alert(
            lambda: Buzzer(BUZZER, pin_factory=self.factory),
            (lambda: LED(LAMP, pin_factory=self.factory)) if visual else None,
            beep_only=beep_only,
            clock=lambda: self.now_s,
        )

    def is_driven(self, pin: int) -> bool:
        return bool(self.factory.pin(pin).state)

    def run(self, for_s: float, pin: int = BUZZER) -> list[tuple[bool, int]]:
        """Let the time pass and return the pin's levels with their lengths in ms, without the final silence."""
        end_s, levels = self.now_s + for_s, []
        while self.now_s < end_s:
            due_s = min(self.alert.step(self.now_s), end_s)
            levels.append((self.is_driven(pin), due_s - self.now_s))
            self.now_s = due_s
        self.alert.step(self.now_s)
        merged = [
            (level, round(1000 * sum(length for _, length in same)))
            for level, same in groupby(levels, key=lambda entry: entry[0])
        ]
        return merged[: len(merged) - (not merged[-1][0])]

    def beeps_ms(self, for_s: float, pin: int = BUZZER) -> list[int]:
        return [length for level, length in self.run(for_s, pin) if level]


@pytest.fixture
def bench() -> Bench:
    return Bench()


# The buzzer


def test_buzzer_is_silent_without_a_cue(bench: Bench) -> None:
    assert bench.run(60) == []
    assert bench.alert.availability.buzzer_ok


@pytest.mark.parametrize("cue", CUES)
def test_each_cue_sounds_its_rhythm_once(bench: Bench, cue: Cue) -> None:
    bench.alert.play(cue)
    assert bench.beeps_ms(60) == [on_ms for on_ms, _ in sound_of(cue).rhythm]


def test_rhythm_includes_the_pauses_between_beeps(bench: Bench) -> None:
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.WARNING))
    assert bench.run(5) == [(True, 150), (False, 100), (True, 150)]


def test_louder_cue_interrupts_after_a_short_pause(bench: Bench) -> None:
    bench.alert.play(Cue(State.EYES_CLOSED, Level.WARNING))
    assert bench.run(0.3) == [(True, 300)]
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    heard = bench.run(5)
    assert heard[0] == (False, 60)
    assert [length for level, length in heard if level] == [500] * 4


def test_a_quieter_cue_waits_for_its_turn(bench: Bench) -> None:
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    bench.run(0.2)
    bench.alert.play(Cue(State.NO_CAMERA, Level.WARNING))
    assert bench.beeps_ms(5) == [40, 90, 90, 90, 60, 60, 60]  # 150 + 50 ms of the five had passed


def test_louder_of_two_waiting_cues_is_kept(bench: Bench) -> None:
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    bench.run(0.2)
    bench.alert.play(Cue(State.NO_FACE, Level.WARNING))
    bench.alert.play(Cue(State.YAWNING, Level.CAUTION))
    assert bench.beeps_ms(5)[-2:] == [80, 350]


def test_regained_attention_silences_playing_and_waiting_cues(bench: Bench) -> None:
    bench.alert.show(State.EYES_CLOSED, Level.ALARM)
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    bench.run(0.2)
    bench.alert.play(Cue(State.DROWSY, Level.WARNING))
    bench.alert.show(State.ATTENTIVE, Level.ALARM)
    assert bench.run(5) == []


def test_staying_attentive_does_not_cut_a_sound_short(bench: Bench) -> None:
    bench.alert.play(Cue(State.YAWNING, Level.CAUTION))
    bench.run(0.02)
    bench.alert.show(State.ATTENTIVE, Level.NONE)
    assert bench.beeps_ms(1) == [20]


def test_a_cue_that_comes_with_regained_attention_sounds(bench: Bench) -> None:
    bench.alert.show(State.LOOKING_AWAY, Level.ALARM)
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    bench.run(0.12)
    bench.alert.show(State.ATTENTIVE, Level.ALARM)
    bench.alert.play(Cue(State.YAWNING, Level.CAUTION))
    assert bench.beeps_ms(5) == [40]


def test_test_sound_never_interrupts_a_warning(bench: Bench) -> None:
    bench.alert.sound(TEST_SOUND)
    assert bench.beeps_ms(5) == [100] * 3
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.WARNING))
    bench.run(0.01)
    bench.alert.sound(TEST_SOUND)
    assert bench.beeps_ms(5) == [140, 150, 100, 100, 100]


def test_delayed_thread_skips_the_beeps_it_missed(bench: Bench) -> None:
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    bench.alert.step(0.0)
    assert bench.is_driven(BUZZER)
    bench.alert.step(30.0)
    assert not bench.is_driven(BUZZER)


def test_without_beep_only_the_buzzer_gets_a_square_wave() -> None:
    bench = Bench(beep_only=False)
    bench.alert.play(Cue(State.DROWSY, Level.WARNING))
    assert len(bench.run(10)) > 500


# The LED


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (State.LOOKING_AWAY, Level.CAUTION),
        (State.LOOKING_AWAY, Level.ALARM),
        (State.NO_FACE, Level.NONE),
        (State.NO_CAMERA, Level.WARNING),
    ],
)
def test_the_led_repeats_the_pattern_of_the_state(state: State, level: Level) -> None:
    bench, rhythm = Bench(), led_rhythm(state, level)
    bench.alert.show(state, level)
    period_s = length_ms(rhythm) / 1000
    assert bench.beeps_ms(period_s * 3 - 0.01, LAMP) == [on_ms for on_ms, _ in rhythm] * 3


def test_led_is_off_while_the_driver_is_attentive(bench: Bench) -> None:
    bench.alert.show(State.LOOKING_AWAY, Level.ALARM)
    bench.run(1.0)
    bench.alert.show(State.ATTENTIVE, Level.NONE)
    assert bench.run(60, LAMP) == []


def test_showing_the_same_level_again_does_not_restart_the_pattern(bench: Bench) -> None:
    bench.alert.show(State.LOOKING_AWAY, Level.CAUTION)
    bench.run(0.1)
    bench.alert.show(State.LOOKING_DOWN, Level.CAUTION)
    assert bench.run(1.0, LAMP)[0] == (True, 100)


def test_disabled_led_is_not_opened_and_not_reported_as_a_fault() -> None:
    bench = Bench(visual=False)
    bench.alert.show(State.NO_CAMERA, Level.WARNING)
    bench.run(5)
    assert bench.factory.pin(LAMP).function == "input"
    assert (bench.alert.availability.led_ok, bench.alert.availability.led_message) == (True, LED_OFF)


# The thread and the end


def test_closing_during_a_beep_turns_both_outputs_off(bench: Bench) -> None:
    bench.alert.show(State.EYES_CLOSED, Level.ALARM)
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    bench.alert.step(0.0)
    assert bench.is_driven(BUZZER)
    assert bench.is_driven(LAMP)
    bench.alert.close()
    bench.alert.close()
    assert [bench.factory.pin(pin).function for pin in (BUZZER, LAMP)] == ["input", "input"]
