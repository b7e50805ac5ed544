"""The delay after wrong passwords: it makes guessing hopeless, and one client cannot lock out another."""

from __future__ import annotations

import ipaddress
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from admin.mirror import Mirror

FAILURES, LOCKED_S = 5, 15 * 60.0  # of one client; AdGuard Home's figures
ALL_FAILURES, ALL_WITHIN_S = 30, 60.0  # of all clients: 43,000 guesses a day at most
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
    """Counts by client: an IPv4 address or an IPv6 network of 64 bits, of which one machine has all addresses.

    A client that has signed in is known by its whole address, and waits neither for the limit of all clients nor for
    neighbours in its network: a guesser with many addresses cannot keep the owner out. Times are monotonic seconds.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._file = Mirror(file, FILE_MAX_BYTES)
        table = self._file.read()
        self._clients = _clients(table.get("clients"))
        self._all_s = deque(filter(_is_time, _items(table.get("all_s"))), maxlen=ALL_FAILURES)
        self._known = dict.fromkeys(filter(_is_name, _items(table.get("known"))))

    def wait_s(self, client: str, now_s: float) -> float:
        """The seconds until this address may try again; 0 if it may now."""
        with self._lock:
            name = self._name(client)
            own, wait_s = self._clients.get(name), 0.0
            if own and own.count >= FAILURES:
                wait_s = _left_s(own.last_s, LOCKED_S, now_s)
            if name not in self._known and len(self._all_s) == ALL_FAILURES:
                wait_s = max(wait_s, _left_s(self._all_s[0], ALL_WITHIN_S, now_s))
            return wait_s

    def note_failure(self, client: str, now_s: float) -> None:
        """Count a wrong password."""
        with self._lock:
            name = self._name(client)
            own = self._clients.pop(name, None)
            count = own.count if own and _left_s(own.last_s, LOCKED_S, now_s) else 0
            _make_room(self._clients, CLIENTS)
            self._clients[name] = _Failures(count + 1, now_s)
            self._all_s.append(now_s)
            self._mirror()

    def note_success(self, client: str, now_s: float) -> None:
        """Forget this address's wrong passwords, and count it as known."""
        with self._lock:
            self._clients.pop(self._name(client), None)
            address = _address(client)
            self._known.pop(address, None)
            _make_room(self._known, KNOWN)
            self._known[address] = None
            self._mirror()

    def _name(self, client: str) -> str:
        address = _address(client)
        return address if address in self._known else _network(address)

    def _mirror(self) -> None:
        clients = {name: (own.count, own.last_s) for name, own in self._clients.items()}
        self._file.write({"clients": clients, "all_s": list(self._all_s), "known": list(self._known)})


def _left_s(since_s: float, within_s: float, now_s: float) -> float:
    """The rest of a span that began then; 0 if it begins in the future, as in a damaged file."""
    return since_s + within_s - now_s if 0 <= now_s - since_s < within_s else 0.0


def _address(client: str) -> str:
    """The address in its canonical form, an IPv4-mapped one as IPv4; "" for other text."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _network(address: str) -> str:
    return str(ipaddress.IPv6Network((address, 64), strict=False)) if ":" in address else address


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
