"""Which connection is closed when there are too many."""

from __future__ import annotations

import random
import socket

import pytest

from admin.server.connection import Connection
from admin.server.serving import who_gives_way


@pytest.mark.parametrize(
    ("waiting", "gives_way"),
    [
        ([("10.0.0.9", 5.0), *((f"10.0.0.{number}", number / 10) for number in range(1, 9))], ("10.0.0.1", 0.1)),
        ([("10.0.0.9", 0.0), ("10.0.0.1", 1.0), ("10.0.0.1", 2.0)], ("10.0.0.1", 1.0)),
    ],
    ids=("each has one", "one has most"),
)
def test_the_longest_waiting_connection_of_the_busiest_client_is_closed(
    waiting: list[tuple[str, float]], gives_way: tuple[str, float]
) -> None:
    one, other = socket.socketpair()
    with one, other:
        connections = [Connection(one, (client, 1), ("::1", 2), since_s, None) for client, since_s in waiting]
        for seed in range(20):
            random.Random(seed).shuffle(connections)
            found = who_gives_way(connections)
            assert (found.network, found.since_s) == gives_way
