"""By which names the page may be opened: DNS rebinding needs a name that is not this machine's."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from admin.addresses import address_in
from admin.auth.proxy import Proxy, proxy_from
from config.settings import Admin

READ_AGAIN_S = 2.0  # after which changed settings hold
OWN_ENDINGS = (".local", ".lan", ".home.arpa", ".fritz.box", ".ts.net")  # mDNS, and what routers and Tailscale add
TAILNET = re.compile(r"[a-z0-9-]{1,63}\.ts\.net")
DOTLESS = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LOOK_UP_LIMIT_S = 1.0  # for a request to wait; the C library may take 30 s where no server answers
OWN_KEPT_S, OTHER_KEPT_S = 600.0, 30.0
NAMES_MAX = 32  # kept of either kind


class Hosts:
    """Judges Host headers. settings: reads those in force; clock: monotonic seconds; look_up: a name's addresses."""

    def __init__(
        self,
        settings: Callable[[], Admin],
        clock: Callable[[], float],
        look_up: Callable[[str], set[str]] | None = None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._read_s, self._said = -READ_AGAIN_S, (frozenset[str](), proxy_from(""))
        self._dns = _Dns(clock, look_up or addresses_of)

    def is_known(self, host: str) -> bool:
        """Whether a Host header names an address, this machine, or what `admin.hostnames` lists."""
        name = name_in(host)
        if not name:
            return False
        if address_in(name) or name in own_names() or _is_in_tailnet(name) or name in self._now()[0]:
            return True
        return bool(DOTLESS.fullmatch(name)) and self._dns.is_own(name)

    @property
    def proxy(self) -> Proxy | None:
        """What `admin.behind_proxy` says, None where it is not set."""
        return self._now()[1]

    def _now(self) -> tuple[frozenset[str], Proxy | None]:
        """Names and proxy by the settings in force."""
        now_s = self._clock()
        if not 0 <= now_s - self._read_s < READ_AGAIN_S:
            said = self._settings()
            names = frozenset(filter(None, re.split(r"[ ,]+", said.hostnames.lower())))
            self._read_s, self._said = now_s, (names, proxy_from(said.behind_proxy))
        return self._said


class _Dns:
    """Whether a name without a dot leads to this machine: one look-up at a time, and none holds a request up long."""

    def __init__(self, clock: Callable[[], float], look_up: Callable[[str], set[str]]) -> None:
        self._clock, self._look_up = clock, look_up
        self._lock, self._running = threading.Lock(), threading.Lock()
        self._until_s: dict[bool, dict[str, float]] = {True: {}, False: {}}

    def is_own(self, name: str) -> bool:
        """By what is kept, else by a look-up; False as long as another one runs."""
        for is_own, names in self._until_s.items():
            if names.get(name, 0.0) > self._clock():
                return is_own
        if not self._running.acquire(blocking=False):
            return False
        looked_up = threading.Thread(target=self._find, args=(name,), daemon=True)
        looked_up.start()
        looked_up.join(LOOK_UP_LIMIT_S)
        return self._until_s[True].get(name, 0.0) > self._clock()

    def _find(self, name: str) -> None:
        try:
            is_own = any(map(is_own_address, self._look_up(name)))
        except (OSError, UnicodeError):
            is_own = False
        finally:
            self._running.release()
        with self._lock:
            for names in self._until_s.values():
                names.pop(name, None)
            names = self._until_s[is_own]
            while len(names) >= NAMES_MAX:
                del names[next(iter(names))]
            names[name] = self._clock() + (OWN_KEPT_S if is_own else OTHER_KEPT_S)


def name_in(host: str) -> str:
    """The name or address in a Host header, in lower case without port and last dot; "" for what is none."""
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]_-]{1,255}", host):
        return ""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").removesuffix(".") if parts.port != 0 else ""
    except ValueError:  # among others of a port that is none
        return ""


def own_names() -> set[str]:
    """The hostname, its first label, and that label with the endings that are added on the way; none else of theirs."""
    own = socket.gethostname().lower()
    label = own.partition(".")[0]
    return {"localhost", *((own, label, *(label + ending for ending in OWN_ENDINGS)) if label else ())}


def _is_in_tailnet(name: str) -> bool:
    label, _, rest = name.partition(".")
    return label == socket.gethostname().lower().partition(".")[0] and bool(TAILNET.fullmatch(rest))


def addresses_of(name: str) -> set[str]:
    """What the system's resolver has for a name. Raises: OSError."""
    return {str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)}


def is_own_address(address: str) -> bool:
    """Whether this machine has it: only then can a socket be bound to it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.is_unspecified or found.is_multicast:
        return False
    try:
        with socket.socket(socket.AF_INET6 if found.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as tried:
            tried.bind((str(found), 0))
    except OSError:
        return False
    return True
