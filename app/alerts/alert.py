"""Cue -> buzzer, Verdict -> LED. What a driver hears and sees stands in the tables below, nowhere else."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from math import inf

from app.alerts.pins import Switch, open_output
from app.events import Cue, Level, State

log = logging.getLogger(__name__)

Rhythm = tuple[tuple[int, int], ...]  # (on_ms, off_ms) of each beep; none longer than 500 ms, 2.5 s in all
Melody = tuple[int, ...]  # Hz of the beeps in turn
Step = tuple[bool, float]  # the pin's state, and for how many seconds

TICK: Rhythm = ((40, 60),)
BY_LEVEL: dict[Level, Rhythm] = {
    Level.NONE: (),
    Level.CAUTION: TICK,
    Level.WARNING: ((150, 100),) * 2,
    Level.ALARM: ((90, 60),) * 5,
}
CAMERA_LOST: Rhythm = ((60, 400),) * 3  # slow and faint: the driver did nothing wrong
LONG_SHORT_SHORT: Rhythm = ((400, 120), (90, 90), (90, 150))
# Sounds of their own: the eyes' are the longest, as they must wake somebody.
BY_CUE: dict[Cue, Rhythm] = {
    Cue(State.EYES_CLOSED, Level.WARNING): ((500, 100),) * 2,
    Cue(State.EYES_CLOSED, Level.ALARM): ((500, 60),) * 4,
    Cue(State.DROWSY, Level.CAUTION): ((400, 100),),
    Cue(State.DROWSY, Level.WARNING): LONG_SHORT_SHORT,
    Cue(State.DROWSY, Level.ALARM): LONG_SHORT_SHORT * 2,
    Cue(State.NO_FACE, Level.WARNING): ((80, 80), (350, 100)),
    Cue(State.NO_FACE, Level.ALARM): ((80, 80), (350, 100)) * 2,
    **{Cue(kind, level): CAMERA_LOST for kind in (State.NO_CAMERA, State.CAMERA_BLOCKED) for level in Level},
}
# A passive buzzer adds a tune for each kind. Low notes, because software makes them: 0.5 ms an edge at 1 kHz.
TUNES_HZ: dict[State, Melody] = {
    State.ATTENTIVE: (659,),
    State.LOOKING_AWAY: (784,),
    State.LOOKING_DOWN: (784, 587),
    State.DISTRACTED: (659, 784),
    State.EYES_CLOSED: (988, 740),
    State.EYES_UNSEEN: (494,),  # for no cue yet
    State.DROWSY: (880, 698, 523),
    State.YAWNING: (523,),
    State.PHONE: (587, 784, 988),
    State.NO_FACE: (440, 587),
    State.CAMERA_BLOCKED: (523, 494, 440),
    State.NO_CAMERA: (523, 440, 392),
    State.SAVING_MEMORY: (392, 523),  # for no cue yet
}
# The LED repeats its pattern for as long as the state lasts.
LED_BY_LEVEL: dict[Level, Rhythm] = {
    Level.NONE: (),
    Level.CAUTION: ((200, 800),),
    Level.WARNING: ((250, 250),),
    Level.ALARM: ((80, 80),),
}
LED_BY_STATE: dict[State, Rhythm] = {
    State.NO_FACE: ((60, 1940),),
    State.CAMERA_BLOCKED: ((60, 140), (60, 1740)),
    State.NO_CAMERA: ((60, 140), (60, 140), (60, 1540)),
}

RETRY_S = 10.0  # `snap connect` takes effect in a running service, so look again; an attempt costs 32 failing opens
GAP_S = 0.06  # silence that parts two patterns; shorter ones are not heard as a gap on a piezo
LED_OFF = "switched off by alerting.visual_alerts_enabled"
CLOSE_S = 1.0  # what a thread stuck in a pin write may cost at the end; the kernel frees the line with the process


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether the alerts can reach the driver, and otherwise why not and what helps."""

    buzzer_ok: bool
    buzzer_message: str
    led_ok: bool
    led_message: str


@dataclass(frozen=True, slots=True)
class Sound:
    """A pattern to be played once; a louder level interrupts it."""

    level: Level
    rhythm: Rhythm
    melody: Melody


TEST = Sound(Level.NONE, ((100, 100),) * 3, (523, 659, 784))


def sound_of(cue: Cue) -> Sound:
    """Look the cue up in the tables."""
    return Sound(cue.level, BY_CUE.get(cue, BY_LEVEL[cue.level]), TUNES_HZ[cue.kind])


def led_rhythm(state: State, level: Level) -> Rhythm:
    """Look up what the LED repeats."""
    return LED_BY_STATE.get(state, LED_BY_LEVEL[level])


def beeps(rhythm: Rhythm) -> Iterator[Step]:
    """Switch a buzzer that hums by itself, or an LED."""
    for on_ms, off_ms in rhythm:
        yield True, on_ms / 1000
        yield False, off_ms / 1000


def tune(rhythm: Rhythm, melody: Melody) -> Iterator[Step]:
    """Make the wave for a passive buzzer, which only clicks at a steady level; rough, software times it."""
    for (on_ms, off_ms), hz in zip(rhythm, cycle(melody)):
        half_s = 0.5 / hz
        yield from ((True, half_s), (False, half_s)) * (on_ms * hz // 1000)
        yield False, off_ms / 1000


def steps_of(sound: Sound, beep_only: bool) -> Iterator[Step]:
    """Turn the sound into steps of the pin."""
    return beeps(sound.rhythm) if beep_only else tune(sound.rhythm, sound.melody)


class Output:
    """One pin that plays steps against the time; without its device it does so silently and tries again."""

    def __init__(self, name: str, open_device: Callable[[], Switch]) -> None:
        self.message = "not opened yet"  # empty while the device is open
        self._name = name
        self._open_device = open_device
        self._device: Switch | None = None
        self._driven = False
        self._retry_at_s = -inf
        self._steps: Iterator[Step] = iter(())
        self._state, self._until_s = False, inf

    @property
    def idle(self) -> bool:
        """True when nothing is left to play."""
        return self._until_s == inf

    def start(self, steps: Iterable[Step], now_s: float) -> None:
        """Play these steps instead; after a gap if the pin is driven, lest two beeps make one long one."""
        self._steps = iter(steps)
        self._state, self._until_s = False, now_s + GAP_S if self._driven else now_s

    def step(self, now_s: float) -> float:
        """Do what is due and say when to come again. A late step is skipped, never made up for."""
        while self._until_s <= now_s:
            self._state, for_s = next(self._steps, (False, inf))
            self._until_s += for_s
        try:
            self._drive(now_s)
        except Exception as error:  # gpiozero may throw anything, and no buzzer must not mean no detection
            self._lose(str(error) or type(error).__name__, now_s)
        return min(self._until_s, self._retry_at_s)

    def close(self) -> None:
        """Turn it off, give the pin back and try no more."""
        self._retry_at_s = inf
        self._release()

    def _drive(self, now_s: float) -> None:
        if now_s >= self._retry_at_s:
            self._device = self._open_device()
            self.message, self._retry_at_s = "", inf
            log.info("%s available", self._name)
        if self._device is not None and self._state != self._driven:
            (self._device.on if self._state else self._device.off)()
            self._driven = self._state

    def _lose(self, reason: str, now_s: float) -> None:
        if reason != self.message:
            log.warning("%s unavailable: %s", self._name, reason)
        self.message, self._retry_at_s = reason, now_s + RETRY_S
        self._release()

    def _release(self) -> None:
        device, self._device, self._driven = self._device, None, False
        if device is not None:
            with suppress(Exception):  # of a device that is gone
                device.close()


class Alert:
    """Buzzer and LED, driven by a thread of their own so that no pin can hold up detection.

    They are first tried at once, so `availability` is known before `start`. `close` may be called twice, from any
    thread, and is called at exit; a handler of SIGTERM must lead there (by SystemExit or a flag), not call it itself.
    """

    def __init__(
        self,
        open_buzzer: Callable[[], Switch],
        open_led: Callable[[], Switch] | None,
        *,
        beep_only: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buzzer = Output("buzzer", open_buzzer)
        self._led = None if open_led is None else Output("LED", open_led)
        self._beep_only = beep_only
        self._clock = clock
        self._lock = threading.Lock()  # for what the caller hands over; never held while a pin is written
        self._waiting: Sound | None = None
        self._hushed = False
        self._shown = (State.ATTENTIVE, Level.NONE)
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
        """Say which of the two can reach the driver."""
        buzzer = self._buzzer.message
        if self._led is None:
            return Availability(not buzzer, buzzer, True, LED_OFF)
        return Availability(not buzzer, buzzer, not self._led.message, self._led.message)

    def busy_s(self, now_s: float) -> float:
        """For how long its thread has been at work on the pins, 0 while it waits: a write takes microseconds."""
        since_s = self._busy_since_s
        return 0.0 if since_s is None else now_s - since_s

    def play(self, cue: Cue) -> None:
        """Sound the cue: at once if it is louder than what plays, else after it."""
        self._offer(sound_of(cue))

    def test(self) -> None:
        """Sound the page's test, after whatever plays."""
        self._offer(TEST)

    def show(self, state: State, level: Level) -> None:
        """Show the verdict on the LED; attention regained silences the buzzer, so call this before `play`."""
        with self._lock:
            if (state, level) == self._shown:
                return  # its thread need not wake
            if state is State.ATTENTIVE and self._shown[0] is not State.ATTENTIVE:
                self._hushed, self._waiting = True, None
            self._shown = state, level
        self._wake.set()

    def start(self) -> None:
        """Start the thread that plays."""
        atexit.register(self.close)
        self._thread = threading.Thread(target=self._run, name="alert", daemon=True)
        self._thread.start()

    def step(self, now_s: float) -> float:
        """Do what is due on both pins and say when to come again: the body of the thread."""
        self._buzzer.step(now_s)
        hushed, sound, shown = self._take()
        if hushed:
            self._buzzer.start((), now_s)
        if sound is not None:
            self._playing = sound.level
            self._buzzer.start(steps_of(sound, self._beep_only), now_s)
        return min(self._buzzer.step(now_s), self._step_led(led_rhythm(*shown), now_s))

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

    def _offer(self, sound: Sound) -> None:
        with self._lock:
            if self._waiting is None or sound.level >= self._waiting.level:
                self._waiting = sound
        self._wake.set()

    def _take(self) -> tuple[bool, Sound | None, tuple[State, Level]]:
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
        for output in (self._buzzer, self._led):
            if output is not None:
                output.close()


def open_alert(
    buzzer_pin: int, led_pin: int, gpio_chip: str = "auto", *, beep_only: bool = True, visual: bool = True
) -> Alert:
    """Open buzzer and LED on this machine's GPIO, both off; what cannot be had is tried again for ever."""
    open_led = partial(open_output, "led", led_pin, gpio_chip) if visual else None
    return Alert(partial(open_output, "buzzer", buzzer_pin, gpio_chip), open_led, beep_only=beep_only)
