"""The wall clock and who vouches for it. A Pi has no clock of its own, so it may show any date."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import NamedTuple

from app.events import ClockQuality
from app.vehicle.reading import Vehicle
from config.release_date import RELEASED_S

# A GPS receiver's week number begins again after 1024 weeks, so one that did tells a day before the release
BELIEVED_UNTIL_S = RELEASED_S + 1024 * 7 * 86400
AGREEING_S = 2.0  # two sentences of a receiver; one alone may be garbled
TIME_ERROR = 5  # adjtimex(2): no time server keeps the clock, or none has for 9 hours
# Made once, as each makes a class, which only the garbage collection removes
_libc = ctypes.CDLL(None)
_Timex = ctypes.c_char * 512  # struct timex has 208 bytes; all zero asks and changes nothing


class Stamp(NamedTuple):
    """A Unix time, and who vouches for it."""

    wall_s: float
    clock: ClockQuality


class KernelClock:
    """Asks the kernel whether a time server keeps its clock, which needs no rights."""

    def __init__(self, ask: Callable[[], int] | None = None) -> None:
        """ask: as adjtimex(2) answers."""
        self._ask = ask or _adjtimex
        self._is_refused = False

    def is_synchronised(self) -> bool | None:
        """None where it does not say: a strict snap refuses the call, and logs each refusal, so one is enough."""
        state = -1 if self._is_refused else self._ask()
        self._is_refused = state < 0
        return None if self._is_refused else state != TIME_ERROR


def _adjtimex() -> int:
    return int(_libc.adjtimex(_Timex()))


def is_believable(wall_s: float) -> bool:
    """Whether this version may run at that time."""
    return RELEASED_S <= wall_s < BELIEVED_UNTIL_S


class WallClock:
    """Tells the time by the best that was known since the start: monotonic seconds carry it on."""

    def __init__(self, wall: Callable[[], float], is_synchronised: Callable[[], bool | None]) -> None:
        self._wall, self._is_synchronised = wall, is_synchronised
        self._told: tuple[float, float] | None = None  # when a satellite told the time, and its offset to monotonic
        self._known: tuple[float, ClockQuality] | None = None

    def hear(self, vehicle: Vehicle) -> None:
        """Take the time that a satellite told with a speed."""
        if vehicle.utc_s is None or vehicle.speed_s is None or not is_believable(vehicle.utc_s):
            return
        offset_s = vehicle.utc_s - vehicle.speed_s
        told, self._told = self._told, (vehicle.speed_s, offset_s)
        if told is not None and told[0] < vehicle.speed_s and abs(told[1] - offset_s) <= AGREEING_S:
            self._known = offset_s, ClockQuality.GPS

    def read(self, now_s: float) -> Stamp:
        """The time at this monotonic second."""
        wall_s = self._wall()
        if is_believable(wall_s) and self._is_synchronised():
            self._known = wall_s - now_s, ClockQuality.SYNCED
        if self._known is None:
            return Stamp(wall_s, ClockQuality.GUESS)
        offset_s, clock = self._known
        return Stamp(now_s + offset_s, clock)
