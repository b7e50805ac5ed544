"""The alerts: a thread that plays each cue on the buzzer and shows each verdict on the LED."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from math import inf

from app.alerts.output import Output
from app.alerts.patterns import Rhythm, Sound, beeps, led_rhythm, pulses_of, sound_of
from app.alerts.pins import Switch, open_output
from app.events import Cue, Level, State
from app.part_status import Availability
from config.settings import Settings

log = logging.getLogger(__name__)

LED_OFF = "switched off by alerting.visual_alerts_enabled"
CLOSE_S = 1.0  # to wait for a thread that hangs in a pin write; the kernel frees the line with the process


class Alert:
    """Buzzer and LED, driven by their own thread, so that no pin can delay detection.

    They are first tried at once, so `availability` is known before `start`. `close` may be called twice, from any
    thread, and is called at exit; a handler of SIGTERM must lead there (by SystemExit or a flag), not call it itself.
    """

    def __init__(
        self,
        open_buzzer: Callable[[], Switch],
        open_led: Callable[[], Switch] | None,
        open_lamp: Callable[[], Switch] | None = None,
        *,
        beep_only: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buzzer = Output("buzzer", open_buzzer)
        self._led = None if open_led is None else Output("LED", open_led)
        self._lamp = None if open_lamp is None else Output("lamp", open_lamp)
        self._is_lit = self._was_lit = False
        self._beep_only = beep_only
        self._clock = clock
        self._lock = threading.Lock()  # for what the caller hands over; never held while a pin is written
        self._waiting: Sound | None = None
        self._hushed = False
        self._shown = (State.ATTENTIVE, Level.NONE, False)
        self._playing = Level.NONE
        self._flashing: Rhythm = ()
        self._wake = threading.Event()
        self._closed = False
        self._busy_since_s: float | None = None
        self._thread: threading.Thread | None = None
        self.step(clock())

    def __enter__(self) -> Alert:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def availability(self) -> Availability:
        """Which of the two can reach the driver."""
        buzzer, led = self._buzzer, self._led
        led_ok, led_message = (True, LED_OFF) if led is None else (not led.message, led.message)
        return Availability(not buzzer.message, buzzer.message, led_ok, led_message, buzzer.remedy)

    def busy_s(self, now_s: float) -> float:
        """For how long its thread has been writing to the pins, which takes microseconds; 0 while it waits."""
        since_s = self._busy_since_s
        return 0.0 if since_s is None else now_s - since_s

    def play(self, cue: Cue) -> None:
        """Sound the cue, as `sound` does."""
        self.sound(sound_of(cue))

    def sound(self, sound: Sound) -> None:
        """Play it: at once if it is louder than what plays, else after it."""
        with self._lock:
            if self._waiting is None or sound.level >= self._waiting.level:
                self._waiting = sound
        self._wake.set()

    def show(self, state: State, level: Level, *, is_well: bool = False) -> None:
        """Show the verdict on the LED; attention regained silences the buzzer, so call this before `play`.

        is_well: nothing is wrong with the detector, which the LED's heartbeat tells.
        """
        with self._lock:
            if (state, level, is_well) == self._shown:
                return  # its thread need not wake
            if state is State.ATTENTIVE and self._shown[0] is not State.ATTENTIVE:
                self._hushed, self._waiting = True, None
            self._shown = state, level, is_well
        self._wake.set()

    def light(self, is_lit: bool) -> None:
        """Switch the lamp."""
        if is_lit != self._is_lit:
            self._is_lit = is_lit
            self._wake.set()

    def start(self) -> None:
        """Start the thread that plays."""
        atexit.register(self.close)
        self._thread = threading.Thread(target=self._run, name="alert", daemon=True)
        self._thread.start()

    def step(self, now_s: float) -> float:
        """Do what is due on both pins; returns when to call again. The body of the thread."""
        self._buzzer.step(now_s)
        hushed, sound, (state, level, is_well) = self._take()
        if hushed:
            self._buzzer.start((), now_s)
        if sound is not None:
            self._playing = sound.level
            self._buzzer.start(pulses_of(sound, self._beep_only), now_s)
        rhythm = led_rhythm(state, level, is_well=is_well)
        return min(self._buzzer.step(now_s), self._step_led(rhythm, now_s), self._step_lamp(now_s))

    def close(self) -> None:
        """End both patterns, turn both pins off and give them back."""
        atexit.unregister(self.close)
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)
            if self._thread.is_alive():
                log.warning("a write to the buzzer or LED pin does not return; the pins are freed with the process")
                return
        self._close_outputs()

    def _take(self) -> tuple[bool, Sound | None, tuple[State, Level, bool]]:
        with self._lock:
            hushed, self._hushed = self._hushed, False
            sound = self._waiting
            if sound is None or not (hushed or self._buzzer.idle or sound.level > self._playing):
                return hushed, None, self._shown
            self._waiting = None
            return hushed, sound, self._shown

    def _step_led(self, rhythm: Rhythm, now_s: float) -> float:
        if self._led is None:
            return inf
        if rhythm != self._flashing:
            self._flashing = rhythm
            self._led.start(cycle(beeps(rhythm)), now_s)
        return self._led.step(now_s)

    def _step_lamp(self, now_s: float) -> float:
        if self._lamp is None:
            return inf
        if self._is_lit != self._was_lit:
            self._was_lit = self._is_lit
            self._lamp.start(((True, inf),) if self._is_lit else (), now_s)
        return self._lamp.step(now_s)

    def _run(self) -> None:
        try:
            while not self._closed:
                self._busy_since_s = now_s = self._clock()
                due_s = self.step(now_s)
                self._busy_since_s = None
                self._wake.wait(min(max(0.0, due_s - self._clock()), threading.TIMEOUT_MAX))
                self._wake.clear()
        finally:
            self._close_outputs()

    def _close_outputs(self) -> None:
        for output in (self._buzzer, self._led, self._lamp):
            if output is not None:
                output.close()


def open_alert(settings: Settings) -> Alert:
    """Open buzzer and LED on this machine's GPIO, both off; what cannot be opened is tried again for ever."""
    pi, alerting = settings.raspberry_pi, settings.alerting
    chip = pi.gpio_chip
    open_buzzer = partial(open_output, "buzzer", pi.buzzer_pin, chip, active_low=pi.buzzer_active_low)
    led = partial(open_output, "led", pi.led_pin, chip, active_low=pi.led_active_low)
    open_lamp = partial(open_output, "lamp", pi.lamp_pin, chip) if pi.lamp_pin else None
    open_led = led if alerting.visual_alerts_enabled else None
    return Alert(open_buzzer, open_led, open_lamp, beep_only=alerting.use_beep_only)
