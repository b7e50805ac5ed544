"""gunicorn for the page: one worker, in threads. config/https.py says where it listens; PORT chooses another port."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from app.memory.allocator import limit_malloc_arenas
from app.memory.core_dumps import no_core_dumps
from app.memory.file_pages import release_file_pages
from config.https import HttpsError, certificate, listening
from config.paths import Paths, private_folder

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_DAY_S = 86400.0
_RECEIVE_S, _SEND_S = 5, 10  # half a request, or nobody reading the answer, holds a thread no longer than this
_RECORD_BYTES = 1 << 14  # the most that TLS sends at once
# New objects, and collections of the younger ones, before a collection. With Python's 700, 10, 10 the garbage of many
# requests lies about between live objects: 0.8 MB more after ten thousand requests, by `make bench-page`
_GARBAGE_MAX = 200, 5, 5

_master = os.getpid()
# Where systemd holds the port, the page need not run while nobody asks; else there would be nobody to start it again
_idle_s = float(os.environ.get("IDLE_S", 0)) if os.environ.get("LISTEN_PID") == str(_master) else 0.0
_used_s = 0.0


class _Worker(ThreadWorker):  # type: ignore[misc]
    """Waits for clients that do not close their connection in threads, as gunicorn's own keeps all others waiting."""

    def handle(self, conn: TConn) -> object:
        goes_on = super().handle(conn)
        if not goes_on:
            with suppress(OSError):
                conn.close(graceful=True)
            conn.close = lambda graceful=False: None  # the loop would close it once more
        return goes_on


class _Impatient(ssl.SSLSocket):
    """Never waits without an end: where Python sets no limit, its TLS takes the kernel's for a reason to try again."""

    def settimeout(self, value: float | None, /) -> None:
        super().settimeout(_RECEIVE_S if value is None else value)

    def setblocking(self, flag: bool, /) -> None:
        self.settimeout(None if flag else 0.0)

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """A part of it, as the limit is for what one call sends, and a slow network may need longer for all."""
        return super().send(memoryview(data)[:_RECORD_BYTES], flags)


no_core_dumps()
limit_malloc_arenas()  # one heap for 16 threads, before there are any
_paths = Paths.from_environment()
_where = listening(_paths)

wsgi_app = "admin.application:create_app()"
bind = _where.bind
if _where.certificate:
    certfile, keyfile = str(_where.certificate.certificate), str(_where.certificate.key)
workers = 1
worker_class = _Worker
threads = 16  # made as they are needed: ten open pages and slow clients leave some free
worker_connections = 64
backlog = 32
keepalive = 3
timeout = 30
graceful_timeout = 5
max_requests = 10_000
max_requests_jitter = 500
worker_tmp_dir = str(private_folder(_paths.run))  # in memory, and allowed in a strict snap
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
limit_request_line = 1024
limit_request_fields = 40
limit_request_field_size = 4096
forwarded_allow_ips = ""  # no proxy stands in front
umask = 0o077


def ssl_context(config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """TLS 1.2 or newer, for slow clients too."""
    context = default()
    context.sslsocket_class = _Impatient
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def post_worker_init(worker: object) -> None:
    """Keep little that is not needed, look once a day after the certificate, and end when nobody asks."""
    gc.set_threshold(*_GARBAGE_MAX)
    logging.getLogger("gunicorn.error").addFilter(_is_news)
    release_file_pages()
    if _where.certificate:
        threading.Thread(target=_renew, daemon=True).start()
    if _idle_s:
        pre_request(worker, None)
        threading.Thread(target=_end_when_idle, daemon=True).start()


def _is_news(record: logging.LogRecord) -> bool:
    """Not that a client was too slow: anybody could fill the log with the stack traces."""
    is_slow = record.exc_info and isinstance(record.exc_info[1], (TimeoutError, BlockingIOError))
    return not (is_slow and record.msg == "Socket error processing request.")


def pre_request(worker: object, request: object) -> None:
    """Note that somebody asks: an open page does every two to ten seconds."""
    global _used_s
    _used_s = time.monotonic()


def _end_when_idle() -> None:
    """End with status 0; systemd holds the port and starts the page for the next request.

    A restart of the detector that the page began is over by then, or goes on with the page's next start.
    """
    while (left_s := _used_s + _idle_s - time.monotonic()) > 0:
        time.sleep(left_s)
    if os.getppid() == _master:
        os.kill(_master, signal.SIGTERM)


def _renew() -> None:
    while True:
        time.sleep(_DAY_S)
        try:
            certificate(_paths)
        except HttpsError as error:
            logging.getLogger(__name__).warning("%s", error)


def when_ready(server: object) -> None:
    """Before the worker is forked: keep its collector off what it shares with the master, and slow clients off threads.

    A collection writes to every object that it looks at, and a page written to is no longer shared: 2.2 MB.
    """
    gc.collect()
    gc.freeze()
    release_file_pages()
    for listener in server.LISTENERS:  # type: ignore[attr-defined]
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _RECEIVE_S, 0))
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_S, 0))
