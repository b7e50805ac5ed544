"""The thread that asks the vehicle. It may hang without harm: what it told last grows old, then nothing is known."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path

from app.gpio.lines import GpioUnavailable
from app.vehicle.can_bus import open_can
from app.vehicle.gps import open_gps, ports, ports_like
from app.vehicle.plausible import PlausibleSpeed
from app.vehicle.reading import STALE_S, Vehicle
from app.vehicle.source import Source, Told, VehicleUnavailable

log = logging.getLogger(__name__)

RETRY_S = 5.0  # a receiver that was plugged in, or `snap connect`, is noticed so soon
IGNITION_RETRY_S = 10.0  # an attempt costs 32 failing opens
WAIT_S = 0.5
CLOSE_S = 1.0
SAME_NEWS_S, NEWS_MAX = 600.0, 16  # a loose plug that comes and goes for hours is not logged each time
CAN = re.compile(r"v?can[0-9]{1,2}")
AUTO_CAN = "can0"
HANGS = "the vehicle's device hangs: plug it out and in again"
AUTO_CAN_EVERY = 12  # attempts: to a snap without the plug each is a line in the kernel's log


class VehicleThread:
    """Follows one source of speed and the ignition; `read` gives the newest at any time, without waiting."""

    def __init__(
        self,
        open_source: Callable[[], Source] | None,
        ignition: Callable[[], bool | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """open_source: None where only the ignition is known; ignition: reads its line, may raise GpioUnavailable."""
        self._open, self._ignition, self._clock = open_source, ignition, clock
        self._source: Source | None = None
        self._speed = PlausibleSpeed()
        self._retry_s = self._ignition_retry_s = -inf
        self._stepped_s = inf
        self._logged: deque[tuple[str, float]] = deque(maxlen=NEWS_MAX)
        self._vehicle = Vehicle()  # replaced as a whole, so that no lock is needed
        self._no_source: VehicleUnavailable | None = None
        self._no_ignition: GpioUnavailable | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> VehicleThread:
        self._thread = threading.Thread(target=self._run, name="vehicle", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def read(self) -> Vehicle:
        """What is known of the vehicle. While the thread hangs in a driver the ignition is not, as the speed is old."""
        vehicle = self._vehicle
        if self._clock() - self._stepped_s <= STALE_S:
            return vehicle
        return replace(vehicle, ignition=None, message=vehicle.message or HANGS)

    def step(self) -> None:
        """Look at the ignition and ask the source; waits for half a second at most. The body of the thread."""
        self._stepped_s = self._clock()
        self._look_at_ignition(self._stepped_s)
        source = self._opened()
        if source is None:
            self._closed.wait(WAIT_S)
            return
        try:
            answers = source.poll(self._clock())
        except VehicleUnavailable as error:
            self._lose(error)
        else:
            for told in answers:
                self._take(source.name, told)

    def _look_at_ignition(self, now_s: float) -> None:
        if now_s < self._ignition_retry_s:
            return
        try:
            ignition, error = self._ignition(), None
        except GpioUnavailable as failure:
            ignition, error = None, failure
            self._ignition_retry_s = now_s + IGNITION_RETRY_S
            if str(error) != str(self._no_ignition):
                self._log(logging.WARNING, f"the ignition is not known: {error}")
        self._no_ignition = error
        self._tell(replace(self._vehicle, ignition=ignition))

    def _tell(self, vehicle: Vehicle) -> None:
        """Together with what is missing: the source before the ignition."""
        error = self._no_source or self._no_ignition
        self._vehicle = replace(vehicle, message=str(error or ""), remedy=error.remedy if error else "")

    def _opened(self) -> Source | None:
        now_s = self._clock()
        if self._source is None and self._open is not None and now_s >= self._retry_s:
            self._retry_s = now_s + RETRY_S
            try:
                self._source = self._open()
            except VehicleUnavailable as error:
                self._lose(error)
        return self._source

    def _take(self, source: str, told: Told) -> None:
        now_s = self._clock()
        if not self._vehicle.source:
            self._log(logging.INFO, f"speed from {source}")
            self._no_source = None
            self._tell(replace(self._vehicle, source=source))
        speed_kmh = None if told.speed_kmh is None else self._speed.update(now_s, told.speed_kmh)
        if speed_kmh is not None:
            self._vehicle = replace(self._vehicle, speed_kmh=speed_kmh, speed_s=now_s, utc_s=told.utc_s)

    def _lose(self, error: VehicleUnavailable) -> None:
        if str(error) != str(self._no_source):
            self._log(logging.WARNING, f"no speed: {error}")
        if self._source is not None:
            with suppress(OSError):  # of a device that is gone
                self._source.close()
        self._source, self._speed, self._no_source = None, PlausibleSpeed(), error
        self._tell(Vehicle(ignition=self._vehicle.ignition))

    def _log(self, level: int, news: str) -> None:
        now_s = self._clock()
        if not any(news == logged and now_s - logged_s < SAME_NEWS_S for logged, logged_s in self._logged):
            self._logged.append((news, now_s))
            log.log(level, "%s", news)

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                self.step()
        except Exception:
            log.exception("the vehicle's thread ended: its speed is unknown from now on")
            self._vehicle = Vehicle(message="the vehicle's thread ended: restart drivewatch; the log says why")


def opener(setting: str, snap: str) -> Callable[[], Source] | None:
    """What opens the source that `vehicle.source` names; None for "none"."""
    if setting == "none":
        return None
    if setting == "auto":
        return FirstFound(snap)
    if CAN.fullmatch(setting):
        return lambda: open_can(setting, snap)
    return lambda: open_gps(ports_like(Path(setting)), snap)


class FirstFound:
    """Opens a receiver wherever it is plugged in, else the first CAN interface; each port in its turn."""

    def __init__(self, snap: str) -> None:
        self._snap, self._ports = snap, deque(ports())
        self._attempts = 0

    def __call__(self) -> Source:
        """Raises: VehicleUnavailable of the receiver, as most people have no CAN."""
        self._attempts += 1
        try:
            port = open_gps(self._ports, self._snap, "any USB port")
        except VehicleUnavailable as no_receiver:
            if self._attempts % AUTO_CAN_EVERY != 1:
                raise
            try:
                return open_can(AUTO_CAN, self._snap)
            except VehicleUnavailable:
                raise no_receiver from None
        while str(self._ports[-1]) != port.name:  # should this be a modem, the next one is tried
            self._ports.rotate(-1)
        return port
