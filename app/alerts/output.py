"""One pin of the alerts: it plays a pattern, and is opened again after it was lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from math import inf

from app.alerts.patterns import Pulse
from app.alerts.pins import Switch
from app.gpio.lines import GpioUnavailable

log = logging.getLogger(__name__)

RETRY_S = 10.0  # `snap connect` takes effect in a running service, so look again; an attempt costs 32 failing opens
GAP_S = 0.06  # of silence between two patterns; a shorter one is not heard as a gap on a piezo


class Output:
    """One pin that plays pulses in time; without its device it stays silent and tries to open it again."""

    def __init__(self, name: str, open_device: Callable[[], Switch]) -> None:
        self.message, self.remedy = "not opened yet", ""  # both empty while the device is open
        self._name = name
        self._open_device = open_device
        self._device: Switch | None = None
        self._driven = False
        self._retry_at_s = -inf
        self._pulses: Iterator[Pulse] = iter(())
        self._state, self._until_s = False, inf

    @property
    def idle(self) -> bool:
        """True when nothing is left to play."""
        return self._until_s == inf

    def start(self, pulses: Iterable[Pulse], now_s: float) -> None:
        """Play these pulses instead; after a gap if the pin is driven, so that two beeps do not sound as one."""
        self._pulses = iter(pulses)
        self._state, self._until_s = False, now_s + GAP_S if self._driven else now_s

    def step(self, now_s: float) -> float:
        """Do what is due; returns when to call again. A pulse that is late is skipped."""
        while self._until_s <= now_s:
            self._state, for_s = next(self._pulses, (False, inf))
            self._until_s += for_s
        try:
            self._drive(now_s)
        except Exception as error:  # gpiozero may raise anything, and detection goes on without a buzzer
            self._lose(error, now_s)
        return min(self._until_s, self._retry_at_s)

    def close(self) -> None:
        """Turn it off, give the pin back and do not try again."""
        self._retry_at_s = inf
        self._release()

    def _drive(self, now_s: float) -> None:
        if now_s >= self._retry_at_s:
            self._device = self._open_device()
            self.message, self.remedy, self._retry_at_s = "", "", inf
            log.info("%s available", self._name)
        if self._device is not None and self._state != self._driven:
            (self._device.on if self._state else self._device.off)()
            self._driven = self._state

    def _lose(self, error: Exception, now_s: float) -> None:
        reason = str(error) or type(error).__name__
        if reason != self.message:
            log.warning("%s unavailable: %s", self._name, reason)
        self.message, self._retry_at_s = reason, now_s + RETRY_S
        self.remedy = error.remedy if isinstance(error, GpioUnavailable) else ""
        self._release()

    def _release(self) -> None:
        device, self._device, self._driven = self._device, None, False
        if device is not None:
            with suppress(Exception):  # of a device that is gone
                device.close()
