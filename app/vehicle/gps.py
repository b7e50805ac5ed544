"""A GPS receiver on a serial port, such as a USB stick: /dev/ttyACM0 or /dev/ttyUSB0."""

from __future__ import annotations

import os
import re
import select
import termios
import time
import tty
from collections.abc import Iterable
from pathlib import Path

from app.vehicle.nmea import Fix, Sentences, fix_in
from app.vehicle.source import Told, VehicleUnavailable, is_refused
from config.commands import grant

PORTS_MAX = 4  # of each kind; asking by number needs no right to list /dev
WAIT_S = 0.5
USB_PORT = re.compile(r"(ttyACM|ttyUSB)[0-9]{1,2}")
# What many receivers are set to, the most usual first; over USB the rate means nothing
RATES = (termios.B9600, termios.B115200, termios.B38400, termios.B4800)
SILENT_S = 5.0  # a receiver sends once a second, so this rate is wrong, or this is no receiver
FROZEN_S = 3.0  # receivers of ten fixes a second repeat the whole second; one that hangs repeats its last for ever
READ_MAX_BYTES, PAUSE_S = 4096, 0.25  # more than a receiver sends at 115,200 baud; a flood is dropped


class GpsPort:
    """An open serial port that a receiver may be on; the rate is found by trying."""

    def __init__(self, path: Path, pause_s: float = PAUSE_S) -> None:
        """pause_s: between two reads. Raises: OSError."""
        self.name = str(path)
        self._fd = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._pause_s = pause_s
        self._sentences = Sentences()
        self._rate = 0
        self._heard_s: float | None = None
        self._told: tuple[object, float] = None, 0.0  # what the newest fix was known by, and when that was new
        try:
            self._set_rate()
        except termios.error as error:
            self.close()
            raise OSError(*error.args) from error

    def poll(self, now_s: float) -> list[Told]:
        """What RMC sentences said since. Raises: VehicleUnavailable where it is gone, or sends no NMEA at any rate."""
        self._heard_s = now_s if self._heard_s is None else self._heard_s
        sentences = list(self._sentences.feed(self._read()))
        if sentences:
            self._heard_s = now_s
        elif now_s - self._heard_s >= SILENT_S:
            self._try_next_rate(now_s)
        found = ((sentence, fix_in(sentence)) for sentence in sentences)
        return [self._told_by(sentence, fix, now_s) for sentence, fix in found if fix is not None]

    def _told_by(self, sentence: bytes, fix: Fix, now_s: float) -> Told:
        """Nothing where the time stands still: that fix is the last of a receiver that hangs."""
        known_by = sentence if fix.utc_s is None else fix.utc_s
        if known_by != self._told[0]:
            self._told = known_by, now_s
        is_frozen = now_s - self._told[1] > FROZEN_S
        return Told(None) if is_frozen else Told(fix.speed_kmh, fix.utc_s)

    def close(self) -> None:
        """Give the port back."""
        os.close(self._fd)

    def _read(self) -> bytes:
        try:
            if not select.select([self._fd], [], [], WAIT_S)[0]:
                return b""
            data = os.read(self._fd, READ_MAX_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise VehicleUnavailable(f"{self.name} is lost: {error.strerror}") from error
        if not data:
            raise VehicleUnavailable(f"{self.name} is lost: plug it in again")
        time.sleep(self._pause_s)
        return data

    def _try_next_rate(self, now_s: float) -> None:
        self._rate += 1
        if self._rate == len(RATES):
            raise VehicleUnavailable(
                f"{self.name} sends no NMEA sentences: is it a GPS receiver, and does no other program read it?"
            )
        self._heard_s = now_s
        try:
            self._set_rate()
        except termios.error as error:
            raise VehicleUnavailable(f"{self.name} is lost: {error.args[-1]}") from error

    def _set_rate(self) -> None:
        tty.setraw(self._fd, termios.TCSANOW)
        attributes = termios.tcgetattr(self._fd)
        attributes[2] |= termios.CLOCAL | termios.CREAD  # without waiting for a modem's carrier
        attributes[2] &= ~termios.CRTSCTS
        attributes[4] = attributes[5] = RATES[self._rate]
        termios.tcsetattr(self._fd, termios.TCSANOW, attributes)


def ports(dev: Path = Path("/dev")) -> list[Path]:
    """The serial ports that USB receivers get, whether they are there or not."""
    return [dev / f"{kind}{number}" for kind in ("ttyACM", "ttyUSB") for number in range(PORTS_MAX)]


def ports_like(path: Path) -> list[Path]:
    """This port, then those that the same USB receiver may have after it was plugged in again."""
    kind = USB_PORT.fullmatch(path.name)
    return [path] + [port for port in ports(path.parent) if kind and port.name.startswith(kind[1]) and port != path]


def open_gps(candidates: Iterable[Path], snap: str, where: str = "") -> GpsPort:
    """The first port that opens; where: the candidates in words, the first unless given. Raises: VehicleUnavailable."""
    refused: Path | None = None
    wanted = list(candidates)
    for path in wanted:
        try:
            return GpsPort(path)
        except OSError as error:
            refused = path if refused is None and is_refused(error) else refused
    if refused is not None:
        plug = "raw-usb" if USB_PORT.fullmatch(refused.name) else "serial-port"
        remedy, then = grant(plug, "dialout", snap)
        raise VehicleUnavailable(f"{refused} is refused: `{remedy}`{then}", remedy)
    raise VehicleUnavailable(f"no GPS receiver at {where or wanted[0]}: plug it in, `sudo dmesg | tail` names its port")
