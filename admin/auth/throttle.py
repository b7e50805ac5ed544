"""The delay after wrong passwords: it slows guessing down, and one client cannot lock out another."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from typing import TypeGuard

from admin.addresses import address_in, network_of
from admin.mirror import Mirror

FAILURES, LOCKED_S = 5, 15 * 60.0  # of one address; AdGuard Home's figures
NETWORK_S = 10.0  # between two guesses from a network that has used up its five: 8,640 a day
CLIENTS, KNOWN = 256, 16  # one more replaces the one that failed, or signed in, longest ago
FILE_MAX_BYTES = 32 * 1024  # 256 clients take about 18
FOREVER_S = 1e12  # more than any monotonic clock shows
NAME_MAX = 60  # characters; an IPv6 address with its interface has 55 at most


@dataclass(frozen=True, slots=True)
class _Failures:
    """How many in a row, the last one at a monotonic time; 15 minutes after it they are forgotten."""

    count: int
    last_s: float


class Throttle:
    """Counts by address, and for IPv6 by network of 64 bits too, of which one machine has all addresses.

    An address with five wrong passwords waits for 15 minutes. Where a network has used up five, its other addresses,
    which may be other people's, are slowed down: their guesses must be 10 s apart. An address that has signed in does
    not wait for its network. Link-local addresses are of all machines of a link, so each counts for itself.

    There is no limit for all clients together, as it would lock out those who did not guess. Guesses from many
    addresses are limited by their cost: passwords are checked one at a time. Times are monotonic seconds.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._file = Mirror(file, FILE_MAX_BYTES)
        table = self._file.read()
        self._passwords = table.get("passwords")
        self._clients = _clients(table.get("clients"))
        self._known = dict.fromkeys(filter(_is_name, _items(table.get("known"))))

    def follow(self, passwords: str) -> None:
        """Forget all wrong guesses at other passwords than these, given by a name of their hashes.

        Nobody has guessed at the new ones yet, and only an owner can make them.
        """
        with self._lock:
            if self._passwords == passwords:
                return
            if self._passwords is not None:
                self._clients = {}
            self._passwords = passwords
            self._mirror()

    def wait_s(self, client: str, now_s: float) -> float:
        """The seconds until this address may try again; 0 if it may now."""
        with self._lock:
            address, network = self._names(client)
            if self._count(address, now_s) >= FAILURES:
                return _left_s(self._clients[address].last_s, LOCKED_S, now_s)
            if self._count(network, now_s) >= FAILURES:
                return _left_s(self._clients[network].last_s, NETWORK_S, now_s)
            return 0.0

    def is_spared(self, client: str, now_s: float) -> bool:
        """Whether its password is looked at although it should wait: the first one after those of its neighbours."""
        with self._lock:
            address, network = self._names(client)
            return self._count(address, now_s) < FAILURES and self._count(network, now_s) == FAILURES

    def note_failure(self, client: str, now_s: float) -> None:
        """Count a wrong password."""
        with self._lock:
            for name in dict.fromkeys(self._names(client)):
                count = self._count(name, now_s)
                self._clients.pop(name, None)
                _make_room(self._clients, CLIENTS)
                self._clients[name] = _Failures(count + 1, now_s)
            self._mirror()

    def note_success(self, client: str, now_s: float) -> None:
        """Forget this address's wrong passwords, and count it as known."""
        with self._lock:
            address = _address(client)
            self._clients.pop(address, None)
            self._known.pop(address, None)
            _make_room(self._known, KNOWN)
            self._known[address] = None
            self._mirror()

    def _names(self, client: str) -> tuple[str, str]:
        """The address, and the network that it counts for as well; the address itself where there is no such."""
        address = _address(client)
        return address, address if address in self._known else _network(address)

    def _count(self, name: str, now_s: float) -> int:
        own = self._clients.get(name)
        return own.count if own and _left_s(own.last_s, LOCKED_S, now_s) else 0

    def _mirror(self) -> None:
        clients = {name: (own.count, own.last_s) for name, own in self._clients.items()}
        self._file.write({"clients": clients, "known": list(self._known), "passwords": self._passwords})


def _left_s(since_s: float, within_s: float, now_s: float) -> float:
    """The rest of a span that began then; 0 if it begins in the future, as in a damaged file."""
    return since_s + within_s - now_s if 0 <= now_s - since_s < within_s else 0.0


def _address(client: str) -> str:
    """The address in its canonical form, an IPv4-mapped one as IPv4; "" for other text."""
    return str(address_in(client[:NAME_MAX]) or "")


def _network(address: str) -> str:
    found = address_in(address)
    return network_of(found) if isinstance(found, IPv6Address) and not found.is_link_local else address


def _make_room(table: dict[str, _Failures] | dict[str, None], most: int) -> None:
    while len(table) >= most:
        del table[next(iter(table))]  # the oldest: a client that comes again is put at the end


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and abs(value) < FOREVER_S


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= NAME_MAX


def _clients(rows: object) -> dict[str, _Failures]:
    """The well-formed rows of a file."""
    found: dict[str, _Failures] = {}
    for name, row in rows.items() if isinstance(rows, dict) else ():
        count, last_s, *_ = [*_items(row), None, None]
        if _is_name(name) and isinstance(count, int) and _is_time(last_s):
            found[name] = _Failures(count, last_s)
    return found
