"""A push button between a line and ground: short and long presses, without a wakeup while nobody presses."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from time import monotonic

from app.gpio.lines import Gpio, Line

log = logging.getLogger(__name__)

LONG_PRESS_S = 3.0
BOUNCE_S = 0.03  # a push button's contacts settle within 10 ms
RETRY_S = 10.0
WAIT_S = 0.5  # so soon the thread notices that it is to end
EVENTS_MAX_BYTES = 48 * 64  # struct gpio_v2_line_event is 48 bytes long; what it says is read from the line
PRESSES_MAX = 8  # kept until the loop takes them
NOISE_PRESSES, NOISE_S = 8, 10.0  # nobody presses so often
NOISE = "the button presses itself: its wire is loose, or nothing is wired to raspberry_pi.button_pin"


class Press(Enum):
    """What a press asks for."""

    SHORT = "short"
    LONG = "long"


class Presses:
    """Tells presses from the levels of the line. Pure; time is passed in."""

    def __init__(self) -> None:
        self._down_s: float | None = None
        self._is_told = self._was_up = False
        self._changed_s = -BOUNCE_S

    def update(self, time_s: float, is_down: bool) -> Press | None:
        """Take the level now; a long press is told while the button is still held."""
        was_down = self._down_s is not None
        if is_down != was_down:
            if time_s - self._changed_s < BOUNCE_S:
                return None
            self._changed_s = time_s
        if is_down and not was_down:
            self._down_s, self._is_told = time_s, False
        held_s = 0.0 if self._down_s is None else time_s - self._down_s
        if not is_down:
            self._down_s, self._was_up = None, True
        if self._is_told or not was_down:
            return None
        if held_s >= LONG_PRESS_S:
            self._is_told = True
            return Press.LONG if self._was_up else None  # a short circuit must not mute at every start
        return None if is_down else Press.SHORT

    def is_held(self) -> bool:
        """The button is down."""
        return self._down_s is not None

    def may_become_long(self) -> bool:
        """The button is down, and has not been told yet."""
        return self.is_held() and not self._is_told


class Button:
    """Follows the button in a thread; a line that cannot be had is tried again for ever."""

    def __init__(self, gpio: Gpio, find: Callable[[], Line], clock: Callable[[], float] = monotonic) -> None:
        """find: says where the line is; may raise GpioUnavailable."""
        self._gpio, self._find, self._clock = gpio, find, clock
        self._presses = Presses()
        self._told: deque[Press] = deque(maxlen=PRESSES_MAX)
        self._times_s: deque[float] = deque(maxlen=NOISE_PRESSES)
        self._closed = threading.Event()
        self.message = ""

    def __enter__(self) -> Button:
        threading.Thread(target=self._run, name="button", daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closed.set()

    def take(self) -> list[Press]:
        """The presses since the last call."""
        return [self._told.popleft() for _ in range(len(self._told))]

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._follow(self._gpio.request_input(self._find(), edges=True))
            except OSError as error:  # GpioUnavailable is one
                if str(error) != self.message:
                    log.warning("button unavailable: %s", error)
                self.message = str(error)
                self._closed.wait(RETRY_S)

    def _follow(self, line_fd: int) -> None:
        self.message = ""
        self._presses = Presses()
        try:
            while not self._closed.is_set():
                now_s = self._clock()
                press = self._presses.update(now_s, self._gpio.level(line_fd))
                if press is not None and not self._is_noise(now_s):
                    self._told.append(press)
                wait_s = BOUNCE_S if self._presses.may_become_long() else WAIT_S
                if select.select([line_fd], [], [], wait_s)[0]:
                    os.read(line_fd, EVENTS_MAX_BYTES)
        finally:
            os.close(line_fd)

    def _is_noise(self, now_s: float) -> bool:
        is_noise = len(self._times_s) == NOISE_PRESSES and now_s - self._times_s[0] < NOISE_S
        self._times_s.append(now_s)
        if is_noise and not self.message:
            log.warning("%s", NOISE)
        self.message = NOISE if is_noise else ""
        return is_noise


def open_button(pin: int, chip: str) -> Button:
    """The button on this BCM pin, pressed while the line is low."""
    gpio = Gpio()
    return Button(gpio, lambda: gpio.find_line(pin, "button", chip, active_low=True))
