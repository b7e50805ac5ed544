"""SocketCAN, replaced by a pair of sockets; tests/vm uses a real vcan0."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from socket import CAN_ERR_FLAG

import pytest

from app.vehicle import can_bus
from app.vehicle.can_bus import FILTER, GIVE_UP_S, CanBus, explained
from app.vehicle.obd import FRAME
from app.vehicle.source import VehicleUnavailable


class FakeCanSocket(socket.socket):
    """A datagram socket with a filter that judges as net/can/af_can.c of Linux does."""

    def setsockopt(self, *args: object) -> None:
        packed = args[-1]
        assert isinstance(packed, bytes)
        self.__dict__["filter"] = FILTER.unpack(packed)

    def recv(self, size: int, flags: int = 0) -> bytes:
        wanted, mask = self.__dict__["filter"]
        while True:
            frame = super().recv(size, flags)
            identifier = FRAME.unpack(frame)[0]
            if mask & CAN_ERR_FLAG == 0 and identifier & mask == wanted & mask:
                return frame


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[CanBus, socket.socket]]:
    """The bus as the detector opens it, and the vehicle's end of it."""
    for name in ("ANSWER_S", "WAIT_S"):
        monkeypatch.setattr(can_bus, name, 0.01)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    opened = CanBus("can0", FakeCanSocket(near.family, near.type, fileno=near.detach()))
    far.settimeout(0)
    yield opened, far
    opened.close()
    far.close()


def answer(kmh: int, identifier: int = 0x7E8) -> bytes:
    return FRAME.pack(identifier, 8, bytes((3, 0x41, 0x0D, kmh, 0, 0, 0, 0)))


def test_speed_is_requested_once_a_second(bus: tuple[CanBus, socket.socket]) -> None:
    opened, vehicle = bus
    vehicle.send(answer(50))
    assert [told.speed_kmh for told in opened.poll(0)] == [50]
    assert FRAME.unpack(vehicle.recv(64))[0] == 0x7DF
    assert opened.poll(0.5) == []
    with pytest.raises(BlockingIOError):
        vehicle.recv(64)
    vehicle.send(answer(51))
    assert [told.speed_kmh for told in opened.poll(1.0)] == [51]


def test_without_an_answer_the_other_addresses_are_tried(bus: tuple[CanBus, socket.socket]) -> None:
    opened, vehicle = bus
    assert [told.speed_kmh for told in opened.poll(0)] == [None]
    vehicle.send(answer(88, 0x98DAF110))
    assert [told.speed_kmh for told in opened.poll(1)] == [88]
    vehicle.send(answer(89, 0x98DAF110))
    assert [told.speed_kmh for told in opened.poll(2)] == [89]


def test_disagreeing_control_units_give_no_speed(bus: tuple[CanBus, socket.socket]) -> None:
    opened, vehicle = bus
    vehicle.send(answer(0))
    vehicle.send(answer(100, 0x7E9))
    assert [told.speed_kmh for told in opened.poll(0)] == [None]


def test_requests_stop_after_a_minute_without_an_answer_until_the_bus_wakes(bus: tuple[CanBus, socket.socket]) -> None:
    opened, vehicle = bus
    for second in range(int(GIVE_UP_S)):
        opened.poll(second)
        vehicle.recv(64)
    for second in range(int(GIVE_UP_S), 160):
        assert opened.poll(second) == []
        with pytest.raises(BlockingIOError):
            vehicle.recv(64)
    vehicle.send(FRAME.pack(0x123, 8, bytes(8)))  # the bus wakes
    assert opened.poll(160) == []
    vehicle.send(answer(30))
    told = [*opened.poll(161), *opened.poll(162)]
    assert 30 in [each.speed_kmh for each in told]


@pytest.mark.parametrize(
    ("number", "snap", "words", "remedy"),
    [
        (errno.EACCES, "drivewatch", "can0 is refused", "sudo snap connect drivewatch:can-bus"),
        (errno.ENETDOWN, "", "can0 is down", "sudo ip link set can0 up type can bitrate 500000"),
        (errno.ENODEV, "", "no CAN interface can0", ""),
        (errno.EAFNOSUPPORT, "", "this kernel has no CAN", "sudo modprobe can_raw"),
        (errno.EIO, "", "can0 fails: Input/output error", ""),
    ],
)
def test_each_can_failure_names_its_remedy(number: int, snap: str, words: str, remedy: str) -> None:
    error = explained("can0", OSError(number, "Input/output error"), snap)
    assert words in str(error) and error.remedy == remedy and remedy in str(error)


def test_interface_going_down_is_reported_as_lost(
    bus: tuple[CanBus, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: bytes) -> int:
        raise OSError(errno.ENETDOWN, "Network is down")

    monkeypatch.setattr(bus[0]._socket, "send", down)
    with pytest.raises(VehicleUnavailable, match="can0 is down"):
        bus[0].poll(0)


def test_full_send_buffer_of_a_sleeping_bus_is_not_a_failure(
    bus: tuple[CanBus, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: bytes) -> int:
        raise OSError(errno.ENOBUFS, "No buffer space available")

    monkeypatch.setattr(bus[0]._socket, "send", full)
    assert [told.speed_kmh for told in bus[0].poll(0)] == [None]
