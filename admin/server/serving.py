"""gunicorn's threaded worker, whose main loop reads the requests and sends the answers: slow clients hold no thread.

A thread gets a request when its last byte is there, and leaves the whole answer to the main loop. Where connections run
short, the client that has most of them loses one; a client with its share of the threads waits for one of them.
"""

from __future__ import annotations

import ssl
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from types import SimpleNamespace
from typing import TYPE_CHECKING

from gunicorn import sock as gunicorn_sock  # type: ignore[import-untyped]
from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from admin.headers import bare_answer, page_failed
from admin.server.connection import Connection, Stage

if TYPE_CHECKING:
    import socket
    from concurrent.futures import Future

    from gunicorn.http.message import Request  # type: ignore[import-untyped]

SHARE = 8  # of the 16 threads, for one address
ANSWER_MAX_BYTES = 8 * 1024 * 1024  # more than the largest picture, which may have 4 MiB
CODES = {
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
    errors.InvalidHTTPVersion: 505,
}


class Received:
    """A whole request in the place of a socket: gunicorn's parser reads it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def recv(self, size: int) -> bytes:
        """The next bytes, b"" at the end."""
        part, self._data = self._data[:size], self._data[size:]
        return part


class Answer(bytearray):
    """A whole answer in the place of a socket: gunicorn's response writes it."""

    def __init__(self, client: tuple[str, int]) -> None:
        super().__init__()
        self._client = client

    def getpeername(self) -> tuple[str, int]:
        """The client's address as `accept` gives it; auth/client.py asks for its interface."""
        return self._client

    def sendall(self, data: bytes) -> None:
        """Append. Raises: OSError if the answer is too large."""
        if len(self) + len(data) > ANSWER_MAX_BYTES:
            raise OSError("the answer is too large")
        self.extend(data)

    def send(self, data: bytes) -> int:
        """Nothing: gunicorn says "100 Continue" so, which the connection has said."""
        return len(data)

    def shutdown(self, how: int) -> None:
        """An answer that breaks off is not sent. Raises: OSError."""
        raise OSError

    def close(self) -> None:
        """Nothing."""


def who_gives_way(waiting: list[Connection]) -> Connection:
    """The one that has waited longest, of the networks that have most connections."""
    counts = Counter(conn.network for conn in waiting)
    return min(waiting, key=lambda conn: (-counts[conn.network], conn.since_s))


def lacks_host(request: Request) -> bool:
    """Whether it names no host, which only HTTP/1.0 allows (RFC 9112, 3.2)."""
    return request.version > (1, 0) and all(name != "HOST" for name, _ in request.headers)


class Worker(ThreadWorker):  # type: ignore[misc]
    """worker.py sets `redirect`, which answers plain HTTP where HTTPS is spoken, and `sweep`, called every second."""

    redirect: Callable[[bytes], bytes] = staticmethod(lambda request: bare_answer(400))
    sweep: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._connections: set[Connection] = set()
        self._ready: list[Connection] = []
        self._busy: Counter[str] = Counter()

    def accept(self, listener: socket.socket) -> None:
        """Take another connection, for which the one that has waited longest may have to give way."""
        with suppress(OSError):
            sock, client = listener.accept()
            wrap = self._wrap if self.cfg.is_ssl else None
            new = Connection(sock, client, listener.getsockname(), time.monotonic(), wrap)
            self._connections.add(new)
            self.poller.register(new.fd, EVENT_READ, partial(self._go_on, new))
            if len(self._connections) >= self.worker_connections:
                self._make_room()
            self.nr_conns = len(self._connections)

    def handle(self, conn: Connection) -> tuple[bytes | bytearray, bool]:
        """Answer a request, in a thread: the answer, and whether the connection is kept."""
        if conn.is_plain:
            return self.redirect(conn.request), False
        request, answer = None, Answer(conn.client)
        try:
            parser = RequestParser(self.cfg, source := Received(conn.request), conn.client)
            request = next(parser)
            if lacks_host(request):
                return bare_answer(400), False
            exchange = SimpleNamespace(sock=answer, client=conn.client, server=conn.server)
            is_kept = self.handle_request(request, exchange) and parser.finish_body()
            is_read = not source.recv(1) and not parser.unreader.take_buffered()
            return answer, is_kept and is_read and conn.is_clear
        except (StopIteration, errors.NoMoreData):
            return answer, False
        except errors.ParseException as error:
            self.log.warning("a malformed request from %s: %s", conn.client[0], type(error).__name__)
            return bare_answer(CODES.get(type(error), 400)), False
        except Exception:
            self.log.exception("a request could not be answered: %s", getattr(request, "path", ""))
            return bare_answer(500, page_failed()), False

    def murder_pending(self) -> None:
        """Close who is late; called by the main loop every second or more often."""
        now_s = time.monotonic()
        for conn in list(self._connections):
            if conn.stage is not Stage.SERVED and (now_s >= conn.deadline_s or (conn.is_idle and not self.alive)):
                self._forget(conn)
        self.sweep()

    def _wrap(self, sock: socket.socket) -> ssl.SSLSocket:
        return gunicorn_sock.ssl_wrap_socket(sock, self.cfg)  # type: ignore[no-any-return]

    def _go_on(self, conn: Connection, ready: object = None) -> None:
        """Let a registered connection take its next step."""
        if conn not in self._connections:  # closed since the main loop was told of it
            return
        if wanted := conn.step(time.monotonic()):
            self.poller.modify(conn.fd, wanted, partial(self._go_on, conn))
        elif conn.stage is Stage.SERVED:
            self.poller.unregister(conn.fd)
            self._ready.append(conn)
            self._hand_out()
        else:
            self._forget(conn)

    def _hand_out(self) -> None:
        """Give ready requests to threads; who has a share of them already, waits."""
        for conn in list(self._ready):
            if self._busy[conn.network] < SHARE:
                self._ready.remove(conn)
                self._busy[conn.network] += 1
                done = self.tpool.submit(self.handle, conn)
                done.add_done_callback(partial(self.method_queue.defer, self._finish, conn))

    def _finish(self, conn: Connection, done: Future[tuple[bytes | bytearray, bool]]) -> None:
        """Send what a thread has answered."""
        self._busy[conn.network] -= 1
        self._busy += Counter()  # without those that have none
        self._hand_out()
        if done.exception():
            self._forget(conn)
            return
        answer, is_kept = done.result()
        conn.answer(answer, time.monotonic(), is_kept=is_kept and self.alive)
        self.poller.register(conn.fd, EVENT_READ, partial(self._go_on, conn))
        self._go_on(conn)

    def _make_room(self) -> None:
        waiting = [conn for conn in self._connections if conn.stage is not Stage.SERVED]
        if waiting:
            self._forget(who_gives_way(waiting))

    def _forget(self, conn: Connection) -> None:
        with suppress(KeyError, ValueError):
            self.poller.unregister(conn.fd)
        conn.close()
        self._connections.discard(conn)
        self.nr_conns = len(self._connections)
