"""Pins that are refused, lost or hang, and the end of the process: the buzzer is never left on."""

from __future__ import annotations

import errno
import logging
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from gpiozero.exc import PinFactoryFallback

from app.alerts.alert import LED_OFF, Alert, open_alert
from app.alerts.output import RETRY_S
from app.alerts.pins import Switch
from app.events import Cue, Level, State
from app.gpio.lines import GpioRefused
from app.part_status import Availability
from config.settings import Alerting, RaspberryPi, Settings
from tests.support.process import ROOT


class Flaky:
    """A switch that can be refused, lost or hung, and counts how often it was opened and closed."""

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


def test_refused_buzzer_is_retried_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
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
    assert caplog.messages == [
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


def test_buzzer_lost_while_sounding_is_closed_and_reopened() -> None:
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


def test_gpiozero_error_makes_the_buzzer_unavailable_without_raising() -> None:
    def open_buzzer() -> Switch:
        raise PinFactoryFallback

    alert = Alert(open_buzzer, None, clock=lambda: 0.0)
    assert alert.availability.buzzer_message == "PinFactoryFallback"


def test_missing_led_does_not_affect_the_buzzer() -> None:
    buzzer = Flaky()
    alert = flaky_alert(buzzer, Flaky(refusal="line 27 is in use by somebody").open)
    assert alert.availability.buzzer_ok
    assert not alert.availability.led_ok
    assert alert.availability.led_message == "line 27 is in use by somebody"


def test_missing_gpio_chip_is_named_in_the_availability() -> None:
    pi, alerting = RaspberryPi(gpio_chip="/nowhere/gpiochip0"), Alerting(visual_alerts_enabled=True)
    alert = open_alert(Settings(raspberry_pi=pi, alerting=alerting))
    assert "there is no GPIO chip /nowhere/gpiochip0" in alert.availability.buzzer_message
    assert alert.availability.led_message == alert.availability.buzzer_message
    alert.close()


def test_alert_thread_plays_a_cue_and_closes_the_buzzer() -> None:
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
def test_buzzer_is_closed_at_exit_and_at_sigterm(terminated: bool) -> None:
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


def test_pin_that_hangs_during_closing_is_closed_when_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
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
