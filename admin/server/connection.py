"""One client's connection, read and written without waiting: a thread gets whole requests and leaves whole answers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from ipaddress import IPv6Address
from selectors import EVENT_READ, EVENT_WRITE
from typing import ClassVar

from admin.addresses import address_in, network_of
from admin.headers import bare_answer
from admin.server.framing import Frame, Refused, frame, waits_to_be_asked

REQUEST_LIMIT_S = 10.0  # from connecting to the last byte of the request, a TLS handshake included
KEPT_S = 3.0  # until the next request begins; an open page asks every two to ten seconds
ANSWER_LIMIT_S = 30.0  # the largest, 200 KB of events, then needs 7 KB/s
GOODBYE_S = 2.0  # to read what the client still sends: closed at once, it would lose the end of the answer
GOODBYE_MAX_BYTES = 64 * 1024
READ_BYTES = WRITE_BYTES = 16 * 1024  # the most that TLS sends at once
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SAID = {413: "This is too large. A settings file has 16 KiB at most: go back and choose another. Nothing was changed."}
TLS_HANDSHAKE = b"\x16"  # the first byte of every TLS connection, and of no HTTP request


class Stage(Enum):
    """What a connection waits for; SERVED: a thread."""

    GREETING = auto()
    HANDSHAKE = auto()
    REQUEST = auto()
    SERVED = auto()
    ANSWER = auto()
    GOODBYE = auto()
    CLOSED = auto()


class Connection:
    """Belongs to the worker's main thread; while SERVED, `request` may be read by another. Times are monotonic seconds.

    is_plain: HTTP where HTTPS is spoken. network: the client's IPv4 address, or IPv6 network of 64 bits, of which one
    machine has all addresses.
    """

    def __init__(
        self,
        sock: socket.socket,
        client: tuple[str, int],
        server: tuple[str, int],
        now_s: float,
        wrap: Callable[[socket.socket], ssl.SSLSocket] | None,
    ) -> None:
        self.sock, self.client, self.server = sock, client, server
        self.fd = sock.fileno()  # stays when the socket is wrapped
        self.network = network(*client)
        self.stage, self.since_s, self.deadline_s = Stage.GREETING, now_s, now_s + REQUEST_LIMIT_S
        self.is_plain = False
        self.request, self.is_clear = b"", False
        self._wrap = wrap
        self._inbox, self._outbox = bytearray(), bytearray()
        self._frame: Frame | None = None
        self._is_kept, self._drained = False, 0
        sock.setblocking(False)

    @property
    def is_idle(self) -> bool:
        """Whether the client has asked for nothing that it waits for."""
        return self.stage in (Stage.GREETING, Stage.REQUEST) and not self._inbox

    def step(self, now_s: float) -> int:
        """Go on as far as possible without waiting; the selector's event to wait for, 0 if SERVED or CLOSED."""
        try:
            while self.stage not in (Stage.SERVED, Stage.CLOSED):
                self._STEPS[self.stage](self, now_s)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            return EVENT_READ if isinstance(error, ssl.SSLWantReadError) else EVENT_WRITE
        except BlockingIOError:
            return EVENT_WRITE if self.stage is Stage.ANSWER else EVENT_READ
        except Refused as refused:
            self.answer(bare_answer(refused.code, SAID.get(refused.code, "")), now_s, is_kept=False)
            return self.step(now_s)
        except OSError:  # it has gone, or speaks no TLS
            self.close()
        return 0

    def answer(self, data: bytes | bytearray, now_s: float, *, is_kept: bool) -> None:
        """Begin to send the answer, then wait for another request or close."""
        self._outbox += data
        self._is_kept = is_kept
        self._enter(Stage.ANSWER, now_s, ANSWER_LIMIT_S)

    def close(self) -> None:
        """End it at once."""
        self.stage = Stage.CLOSED
        with suppress(OSError):
            self.sock.close()

    def _enter(self, stage: Stage, now_s: float, limit_s: float) -> None:
        self.stage, self.since_s, self.deadline_s = stage, now_s, now_s + limit_s

    def _greet(self, now_s: float) -> None:
        if not (first := self.sock.recv(1, socket.MSG_PEEK)):
            self.close()
        elif self._wrap and first == TLS_HANDSHAKE:
            self.sock, self.stage = self._wrap(self.sock), Stage.HANDSHAKE
        else:
            self.is_plain, self.stage = self._wrap is not None, Stage.REQUEST

    def _shake_hands(self, now_s: float) -> None:
        assert isinstance(self.sock, ssl.SSLSocket)
        self.sock.do_handshake()
        self.stage = Stage.REQUEST

    def _read(self, now_s: float) -> None:
        if self._has_whole_request():
            self.stage = Stage.SERVED
            return
        if not (data := self.sock.recv(READ_BYTES)):
            self.close()
            return
        if not self._inbox and self._is_kept:  # another request of a kept connection begins
            self._enter(Stage.REQUEST, now_s, REQUEST_LIMIT_S)
        self._inbox += data

    def _has_whole_request(self) -> bool:
        if self._frame is None and (found := frame(self._inbox)):
            self._frame = found
            if len(self._inbox) < found.size and waits_to_be_asked(self._inbox[: found.head]):
                self.sock.send(CONTINUE)  # the first bytes that it sends: there is room for them
        if self._frame is None or len(self._inbox) < self._frame.size:
            return False
        self.request, self.is_clear = bytes(self._inbox[: self._frame.size]), self._frame.is_clear
        del self._inbox[: self._frame.size]
        self._frame = None
        return True

    def _write(self, now_s: float) -> None:
        while self._outbox:
            del self._outbox[: self.sock.send(self._outbox[:WRITE_BYTES])]
        if self._is_kept:
            self._enter(Stage.REQUEST, now_s, REQUEST_LIMIT_S if self._inbox else KEPT_S)
        else:
            self.sock.shutdown(socket.SHUT_WR)
            self._enter(Stage.GOODBYE, now_s, GOODBYE_S)

    def _drain(self, now_s: float) -> None:
        while data := self.sock.recv(READ_BYTES):
            self._drained += len(data)
            if self._drained > GOODBYE_MAX_BYTES:
                break
        self.close()

    _STEPS: ClassVar[dict[Stage, Callable[[Connection, float], None]]] = {
        Stage.GREETING: _greet,
        Stage.HANDSHAKE: _shake_hands,
        Stage.REQUEST: _read,
        Stage.ANSWER: _write,
        Stage.GOODBYE: _drain,
    }


def network(address: str, port: int, flow: int = 0, interface: int = 0) -> str:
    """What counts as one client, of a socket's address: an IPv4 address, or an IPv6 network of 64 bits at an interface.

    Each interface has link-local addresses of its own; it is 0 for all others.
    """
    found = address_in(address.partition("%")[0])
    return f"{network_of(found)}%{interface}" if isinstance(found, IPv6Address) else str(found or address)
