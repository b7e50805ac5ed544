"""What the driver hears and sees, on gpiozero's mock pins; the time is an argument."""

from __future__ import annotations

import errno
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from gpiozero import LED, Buzzer
from gpiozero.exc import PinFactoryFallback
from gpiozero.pins.mock import MockFactory

from app.alerts.alert import LED_OFF, Alert, open_alert
from app.alerts.output import RETRY_S
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
from app.alerts.pins import GpioRefused, Switch
from app.events import Cue, Level, State
from app.part_status import Availability

BUZZER, LAMP = 17, 27
ROOT = Path(__file__).parents[2]
CUES = [Cue(kind, level) for kind in State for level in Level if level is not Level.NONE]


class Bench:
    """An alert on mock pins whose thread never starts: `run` plays the time."""

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
        """Let the time pass; the pin's levels with their lengths in ms, without the silence at the end."""
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


def length_ms(rhythm: Rhythm) -> int:
    return sum(on_ms + off_ms for on_ms, off_ms in rhythm)


# The tables


@pytest.mark.parametrize("rhythm", [*BY_LEVEL.values(), *BY_CUE.values(), TEST_SOUND.rhythm])
def test_a_sound_is_short_and_so_is_each_beep(rhythm: Rhythm) -> None:
    assert length_ms(rhythm) < 2500
    assert all(0 < on_ms <= 500 and off_ms >= 50 for on_ms, off_ms in rhythm)


@pytest.mark.parametrize("rhythm", [*LED_BY_LEVEL.values(), *LED_BY_STATE.values()])
def test_the_led_is_never_lit_for_long(rhythm: Rhythm) -> None:
    assert all(0 < on_ms <= 500 and off_ms >= 50 for on_ms, off_ms in rhythm)


def test_each_cue_has_a_sound() -> None:
    assert all(sound_of(cue).rhythm for cue in CUES)


def test_a_driver_can_tell_the_sounds_apart() -> None:
    away, microsleep, asleep, drowsy, absent, blind = (
        sound_of(cue).rhythm
        for cue in (
            Cue(State.LOOKING_AWAY, Level.ALARM),
            Cue(State.EYES_CLOSED, Level.WARNING),
            Cue(State.EYES_CLOSED, Level.ALARM),
            Cue(State.DROWSY, Level.WARNING),
            Cue(State.NO_FACE, Level.WARNING),
            Cue(State.NO_CAMERA, Level.WARNING),
        )
    )
    warned = sound_of(Cue(State.LOOKING_AWAY, Level.WARNING)).rhythm
    assert len({warned, away, microsleep, asleep, drowsy, absent, blind}) == 7


def test_sleep_sounds_longer_than_anything_else() -> None:
    asleep = Cue(State.EYES_CLOSED, Level.ALARM)
    sounding = {cue: sum(on_ms for on_ms, _ in sound_of(cue).rhythm) for cue in CUES}
    assert max(sounding, key=lambda cue: sounding[cue]) == asleep


def test_each_kind_has_a_tune_of_its_own() -> None:
    assert set(TUNES_HZ) == set(State)
    assert len(set(TUNES_HZ.values())) == len(State)


def test_the_led_tells_a_lost_camera_from_the_driver() -> None:
    blind = {led_rhythm(kind, Level.WARNING) for kind in (State.NO_CAMERA, State.CAMERA_BLOCKED)}
    assert len(blind) == 2
    assert blind.isdisjoint(LED_BY_LEVEL.values())


# The buzzer


def test_off_at_start_and_silent_without_a_cue() -> None:
    bench = Bench()
    assert bench.run(60) == []
    assert bench.alert.availability.buzzer_ok


@pytest.mark.parametrize("cue", CUES)
def test_a_cue_sounds_once_in_its_own_rhythm(cue: Cue) -> None:
    bench = Bench()
    bench.alert.play(cue)
    assert bench.beeps_ms(60) == [on_ms for on_ms, _ in sound_of(cue).rhythm]


def test_pauses_are_kept() -> None:
    bench = Bench()
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.WARNING))
    assert bench.run(5) == [(True, 150), (False, 100), (True, 150)]


def test_a_louder_cue_interrupts_and_beeps_do_not_run_together() -> None:
    bench = Bench()
    bench.alert.play(Cue(State.EYES_CLOSED, Level.WARNING))
    assert bench.run(0.3) == [(True, 300)]
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    heard = bench.run(5)
    assert heard[0] == (False, 60)
    assert [length for level, length in heard if level] == [500] * 4


def test_a_quieter_cue_waits_for_its_turn() -> None:
    bench = Bench()
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    bench.run(0.2)
    bench.alert.play(Cue(State.NO_CAMERA, Level.WARNING))
    assert bench.beeps_ms(5) == [40, 90, 90, 90, 60, 60, 60]  # 150 + 50 ms of the five had passed


def test_of_two_waiting_cues_the_louder_is_kept() -> None:
    bench = Bench()
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    bench.run(0.2)
    bench.alert.play(Cue(State.NO_FACE, Level.WARNING))
    bench.alert.play(Cue(State.YAWNING, Level.CAUTION))
    assert bench.beeps_ms(5)[-2:] == [80, 350]


def test_attention_regained_silences_what_plays_and_what_waits() -> None:
    bench = Bench()
    bench.alert.show(State.EYES_CLOSED, Level.ALARM)
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    bench.run(0.2)
    bench.alert.play(Cue(State.DROWSY, Level.WARNING))
    bench.alert.show(State.ATTENTIVE, Level.ALARM)
    assert bench.run(5) == []


def test_staying_attentive_cuts_no_sound_short() -> None:
    bench = Bench()
    bench.alert.play(Cue(State.YAWNING, Level.CAUTION))
    bench.run(0.02)
    bench.alert.show(State.ATTENTIVE, Level.NONE)
    assert bench.beeps_ms(1) == [20]


def test_a_cue_that_comes_with_regained_attention_sounds() -> None:
    bench = Bench()
    bench.alert.show(State.LOOKING_AWAY, Level.ALARM)
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    bench.run(0.12)
    bench.alert.show(State.ATTENTIVE, Level.ALARM)
    bench.alert.play(Cue(State.YAWNING, Level.CAUTION))
    assert bench.beeps_ms(5) == [40]


def test_the_test_sounds_and_never_interrupts_a_warning() -> None:
    bench = Bench()
    bench.alert.test()
    assert bench.beeps_ms(5) == [100] * 3
    bench.alert.play(Cue(State.LOOKING_AWAY, Level.WARNING))
    bench.run(0.01)
    bench.alert.test()
    assert bench.beeps_ms(5) == [140, 150, 100, 100, 100]


def test_a_thread_held_up_skips_the_beeps_it_missed() -> None:
    bench = Bench()
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    bench.alert.step(0.0)
    assert bench.is_driven(BUZZER)
    bench.alert.step(30.0)
    assert not bench.is_driven(BUZZER)


def test_a_passive_buzzer_is_driven_at_the_notes_of_its_tune() -> None:
    steps = list(tune(((100, 50), (100, 50)), (500, 1000)))
    assert steps[:2] == [(True, 0.001), (False, 0.001)]
    assert sum(state for state, _ in steps) == 50 + 100
    assert sum(for_s for _, for_s in steps) == pytest.approx(0.3)


@pytest.mark.parametrize("cue", CUES)
def test_a_tune_lasts_as_long_as_its_beeps(cue: Cue) -> None:
    sound = sound_of(cue)
    tune_s, beeps_s = (sum(for_s for _, for_s in pulses_of(sound, beep_only)) for beep_only in (False, True))
    assert tune_s == pytest.approx(beeps_s, abs=0.002 * len(sound.rhythm))  # each beep ends with a whole wave


def test_without_beep_only_the_buzzer_is_driven_by_a_wave() -> None:
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


def test_the_led_is_dark_while_all_is_well() -> None:
    bench = Bench()
    bench.alert.show(State.LOOKING_AWAY, Level.ALARM)
    bench.run(1.0)
    bench.alert.show(State.ATTENTIVE, Level.NONE)
    assert bench.run(60, LAMP) == []


def test_showing_the_same_again_does_not_restart_the_pattern() -> None:
    bench = Bench()
    bench.alert.show(State.LOOKING_AWAY, Level.CAUTION)
    bench.run(0.1)
    bench.alert.show(State.LOOKING_DOWN, Level.CAUTION)
    assert bench.run(1.0, LAMP)[0] == (True, 100)


def test_without_visual_alerts_the_led_is_not_touched_and_not_a_fault() -> None:
    bench = Bench(visual=False)
    bench.alert.show(State.NO_CAMERA, Level.WARNING)
    bench.run(5)
    assert bench.factory.pin(LAMP).function == "input"
    assert (bench.alert.availability.led_ok, bench.alert.availability.led_message) == (True, LED_OFF)


# Faults


class Flaky:
    """A switch that can be refused, lost and hung, and remembers."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.lost = False
        self.opened = self.closed = 0
        self.driven = threading.Event()
        self.free = threading.Event()
        self.free.set()

    def open(self) -> Switch:
        self.opened += 1
        if self.refusal:
            raise GpioRefused(self.refusal)
        return self

    def on(self) -> None:
        self.driven.set()
        self.free.wait(5)
        if self.lost:
            raise OSError(errno.ENODEV, "No such device")

    def off(self) -> None:
        self.driven.clear()

    def close(self) -> None:
        self.off()
        self.closed += 1
        if self.lost:
            raise OSError(errno.ENODEV, "No such device")


def flaky_alert(buzzer: Flaky, open_led: Callable[[], Switch] | None = None) -> Alert:
    return Alert(buzzer.open, open_led, clock=lambda: 0.0)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.INFO]


def test_a_refused_buzzer_is_tried_again_told_once_and_welcomed_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    buzzer = Flaky(refusal="refused: `sudo snap connect drivewatch:gpio-control`")
    alert = flaky_alert(buzzer)
    assert alert.availability == Availability(False, buzzer.refusal, True, LED_OFF)
    for tenth_s in range(600):
        alert.step(tenth_s / 10)
    assert buzzer.opened == 60 / RETRY_S
    buzzer.refusal = ""
    alert.step(60.0)
    assert alert.availability.buzzer_ok
    assert messages(caplog) == [
        "buzzer unavailable: refused: `sudo snap connect drivewatch:gpio-control`",
        "buzzer available",
    ]


def test_a_cue_missed_without_a_buzzer_does_not_sound_late() -> None:
    buzzer = Flaky(refusal="refused")
    alert = flaky_alert(buzzer)
    alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    alert.step(1.0)
    buzzer.refusal = ""
    alert.step(RETRY_S)
    assert alert.availability.buzzer_ok
    assert not buzzer.driven.is_set()


def test_a_buzzer_lost_while_it_sounds_is_given_back_and_found_again() -> None:
    buzzer = Flaky()
    alert = flaky_alert(buzzer)
    buzzer.lost = True
    alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
    alert.step(0.0)
    assert "No such device" in alert.availability.buzzer_message
    assert buzzer.closed == 1
    buzzer.lost = False
    alert.step(RETRY_S)
    assert alert.availability.buzzer_ok


def test_any_error_of_gpiozero_is_a_lost_buzzer_and_not_the_end_of_the_alerts() -> None:
    def open_buzzer() -> Switch:
        raise PinFactoryFallback

    alert = Alert(open_buzzer, None, clock=lambda: 0.0)
    assert alert.availability.buzzer_message == "PinFactoryFallback"


def test_a_missing_led_leaves_the_buzzer_alone() -> None:
    buzzer = Flaky()
    alert = flaky_alert(buzzer, Flaky(refusal="line 27 is in use by somebody").open)
    assert alert.availability.buzzer_ok
    assert not alert.availability.led_ok
    assert alert.availability.led_message == "line 27 is in use by somebody"


def test_this_machine_without_gpio_says_what_to_do() -> None:
    alert = open_alert(17, 27, "/nowhere/gpiochip0")
    assert "there is no GPIO chip /nowhere/gpiochip0" in alert.availability.buzzer_message
    assert alert.availability.led_message == alert.availability.buzzer_message
    alert.close()


# The thread and the end


def test_closing_in_the_middle_of_a_beep_turns_both_off_and_may_be_repeated() -> None:
    bench = Bench()
    bench.alert.show(State.EYES_CLOSED, Level.ALARM)
    bench.alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
    bench.alert.step(0.0)
    assert bench.is_driven(BUZZER)
    assert bench.is_driven(LAMP)
    bench.alert.close()
    bench.alert.close()
    assert [bench.factory.pin(pin).function for pin in (BUZZER, LAMP)] == ["input", "input"]


def test_the_thread_plays_and_leaves_the_buzzer_off() -> None:
    buzzer = Flaky()
    with flaky_alert(buzzer) as alert:
        alert.play(Cue(State.LOOKING_AWAY, Level.ALARM))
        assert buzzer.driven.wait(5)
    assert not buzzer.driven.is_set()
    assert buzzer.closed == 1


def test_a_pin_that_hangs_does_not_hold_up_the_caller() -> None:
    buzzer = Flaky()
    buzzer.free.clear()
    with flaky_alert(buzzer) as alert:
        alert.play(Cue(State.LOOKING_AWAY, Level.WARNING))
        assert buzzer.driven.wait(5)
        for _ in range(1000):  # each would block if it needed the pin
            alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
            alert.show(State.EYES_CLOSED, Level.ALARM)
        buzzer.free.set()
    assert buzzer.closed == 1


DAEMON = """
import signal, sys, time
from app.alerts.alert import Alert
from app.events import Cue, Level, State

class Told:
    def on(self): print("on", flush=True)
    def off(self): print("off", flush=True)
    def close(self): print("closed", flush=True)

signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
alert = Alert(Told, None)
alert.start()
alert.play(Cue(State.EYES_CLOSED, Level.ALARM))
if sys.argv[1:]:
    sys.stdin.read()
"""


@pytest.mark.parametrize("terminated", [False, True], ids=["exit", "SIGTERM"])
def test_the_buzzer_is_given_back_at_exit_and_at_sigterm(terminated: bool) -> None:
    command = [sys.executable, "-c", DAEMON, *["wait"] * terminated]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as daemon:
        assert daemon.stdout
        if terminated:
            assert daemon.stdout.readline() == "on\n"
            daemon.terminate()
        said, complaints = daemon.communicate(timeout=20)
    assert said.splitlines()[-1] == "closed"
    assert complaints.strip() == ("terminated" if terminated else "")


def test_a_pin_that_hangs_at_the_end_is_given_back_when_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.alerts.alert.CLOSE_S", 0.01)
    buzzer = Flaky()
    buzzer.free.clear()
    with flaky_alert(buzzer) as alert:
        alert.play(Cue(State.LOOKING_AWAY, Level.WARNING))
        assert buzzer.driven.wait(5)
    assert buzzer.closed == 0
    buzzer.free.set()
    for thread in threading.enumerate():
        if thread.name == "alert":
            thread.join(5)
    assert buzzer.closed == 1
