"""A client's connection over a pair of sockets, and which addresses count as one client."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from selectors import EVENT_READ

import pytest

from admin.server.connection import ANSWER_LIMIT_S, KEPT_S, REQUEST_LIMIT_S, Connection, Stage, network

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Connection(ours, ("::1", 1), ("::1", 2), 0.0, None), theirs


def test_slowly_sent_bytes_do_not_extend_the_deadline(pair: tuple[Connection, socket.socket]) -> None:
    connection, client = pair
    for second, byte in enumerate(ASK[:-1]):
        client.send(bytes([byte]))
        assert connection.step(float(second)) == EVENT_READ
        assert connection.deadline_s == REQUEST_LIMIT_S
    client.send(ASK[-1:])
    assert connection.step(50.0) == 0
    assert (connection.stage, connection.request) == (Stage.SERVED, ASK)


def test_a_kept_alive_connection_has_its_own_limits(pair: tuple[Connection, socket.socket]) -> None:
    connection, client = pair
    client.send(ASK)
    connection.step(0.0)
    connection.answer(b"yes", 100.0, is_kept=True)
    assert connection.deadline_s == 100.0 + ANSWER_LIMIT_S
    assert connection.step(101.0) == EVENT_READ
    assert client.recv(9) == b"yes"
    assert connection.deadline_s == 101.0 + KEPT_S
    for second in (102.0, 103.0):
        client.send(b"G")
        connection.step(second)
        assert (connection.is_idle, connection.deadline_s) == (False, 102.0 + REQUEST_LIMIT_S)


def test_a_connection_closed_during_a_request_is_closed_here_too(pair: tuple[Connection, socket.socket]) -> None:
    connection, client = pair
    client.send(ASK[:9])
    client.close()
    assert connection.step(0.0) == 0
    assert connection.stage is Stage.CLOSED


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("192.168.1.7", 1), ("::ffff:192.168.1.7", 2, 0, 0), True),
        (("192.168.1.7", 1), ("192.168.1.8", 1), False),
        (("2001:db8::1", 1, 0, 0), ("2001:db8::ffff:1", 1, 0, 0), True),
        (("2001:db8::1", 1, 0, 0), ("2001:db8:0:1::1", 1, 0, 0), False),
        (("fe80::1", 1, 0, 2), ("fe80::1", 1, 0, 3), False),
        (("fe80::1%eth0", 1, 0, 2), ("fe80::2", 1, 0, 2), True),
    ],
)
def test_addresses_of_one_network_count_as_one_client(one: tuple[str, int], other: tuple[str, int], same: bool) -> None:
    assert (network(*one) == network(*other)) is same
