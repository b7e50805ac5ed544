"""The vehicle's control units on SocketCAN, asked for the speed through the OBD-II socket."""

from __future__ import annotations

import errno
import socket
import struct
import time
from itertools import islice

from app.vehicle.obd import FRAME, LONG, STANDARD, Addressing, agreed_kmh, answer_in, request_of
from app.vehicle.source import Told, VehicleUnavailable, is_refused
from config.commands import connect_command

ASK_EVERY_S = 1.0
ANSWER_S = 0.3  # control units answer within 50 ms (ISO 15765-4)
FRAMES_MAX = 256  # looked at for one question: a flood must not hold the thread
# A control unit that is asked for ever stays awake and empties the battery
GIVE_UP_S = 60.0
WAIT_S = 0.5
FILTER = struct.Struct("=II")  # identifier, mask
EVERYTHING = FILTER.pack(0, 0)
ERROR_FLAG = 0x20000000  # CAN_ERR_FLAG: a mask that has it asks the kernel for error frames, and for nothing else


class CanBus:
    """One CAN interface. Asks once a second; after a minute without an answer it only listens until the bus speaks."""

    def __init__(self, name: str, opened: socket.socket, snap: str = "") -> None:
        """opened: a raw CAN socket of that interface, which is closed with this. Raises: OSError."""
        self.name, self._snap = name, snap
        self._socket = opened
        self._addressing = STANDARD
        self._asked_s: float | None = None
        self._answered_s: float | None = None  # or when the bus was heard again
        self._listen_to(self._addressing)

    def poll(self, now_s: float) -> list[Told]:
        """The answer to a question, where one was due. Raises: VehicleUnavailable: the interface is down or gone."""
        try:
            return self._poll(now_s)
        except OSError as error:
            raise explained(self.name, error, self._snap) from error

    def _poll(self, now_s: float) -> list[Told]:
        self._answered_s = now_s if self._answered_s is None else self._answered_s
        if now_s - self._answered_s >= GIVE_UP_S:
            self._wait_for_traffic(now_s)
            return []
        rest_s = 0.0 if self._asked_s is None else self._asked_s + ASK_EVERY_S - now_s
        if rest_s > 0:
            time.sleep(min(WAIT_S, rest_s))
            return []
        self._asked_s = now_s
        speed_kmh = agreed_kmh(self._ask())
        if speed_kmh is not None:
            self._answered_s = now_s
            return [Told(speed_kmh)]
        self._listen_to(LONG if self._addressing is STANDARD else STANDARD)
        return [Told(None)]

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _ask(self) -> list[int]:
        try:
            self._socket.send(request_of(self._addressing))
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # nobody acknowledges: the vehicle sleeps, or the cable is off
                raise
        until_s = time.monotonic() + ANSWER_S
        frames = iter(lambda: self._receive(until_s - time.monotonic()), None)
        answers = (answer_in(frame, self._addressing) for frame in islice(frames, FRAMES_MAX))
        return [answer for answer in answers if answer is not None]

    def _receive(self, wait_s: float) -> bytes | None:
        self._socket.settimeout(max(0.0, wait_s))
        try:
            return self._socket.recv(FRAME.size)
        except (TimeoutError, BlockingIOError):
            return None

    def _wait_for_traffic(self, now_s: float) -> None:
        self._socket.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, EVERYTHING)
        if self._receive(WAIT_S) is not None:
            self._answered_s = now_s
            self._listen_to(self._addressing)

    def _listen_to(self, addressing: Addressing) -> None:
        self._addressing = addressing
        packed = FILTER.pack(addressing.answer, addressing.mask & ~ERROR_FLAG)
        self._socket.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, packed)


def open_can(name: str, snap: str) -> CanBus:
    """The interface. Raises: VehicleUnavailable."""
    opened = None
    try:
        opened = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        opened.bind((name,))
        return CanBus(name, opened, snap)
    except OSError as error:
        if opened is not None:
            opened.close()
        raise explained(name, error, snap) from error


def explained(name: str, error: OSError, snap: str) -> VehicleUnavailable:
    """What is wrong with the interface, and what helps."""
    if is_refused(error):
        remedy = connect_command("can-bus", snap)
        return VehicleUnavailable(f"{name} is refused: `{remedy}`" if remedy else f"{name} is refused", remedy)
    if error.errno == errno.ENETDOWN:
        remedy = f"sudo ip link set {name} up type can bitrate 500000"
        return VehicleUnavailable(f"{name} is down: `{remedy}`", remedy)
    if error.errno in (errno.ENODEV, errno.ENXIO):
        return VehicleUnavailable(f"there is no CAN interface {name}: `ip link` lists those there are")
    if error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT):
        return VehicleUnavailable("this kernel has no CAN: `sudo modprobe can_raw`", "sudo modprobe can_raw")
    return VehicleUnavailable(f"{name} fails: {error.strerror or error}")
