"""The process that serves the page: gunicorn's threaded worker, with time limits for slow clients and little memory.

gunicorn.conf.py names what is here to gunicorn, which calls the hooks by what they are called.
"""

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

from app.memory.file_pages import release_file_pages
from config.certificates import HttpsError
from config.https import certificate
from config.paths import Paths

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DAY_S = 86400.0
# No longer than this, half a request, or a client that does not read the answer, holds a thread
RECEIVE_LIMIT_S, SEND_LIMIT_S = 5, 10
TLS_RECORD_BYTES = 1 << 14  # the most that TLS sends at once
# New objects, and collections of the younger ones, before a collection. With Python's 700, 10, 10 the garbage of many
# requests is scattered between live objects: 0.8 MB more after ten thousand requests, by `make bench-page`
GARBAGE_THRESHOLDS = 200, 5, 5


class Worker(ThreadWorker):  # type: ignore[misc]
    """Waits in threads for clients that do not close their connection; gunicorn's own keeps all others waiting."""

    def handle(self, conn: TConn) -> object:
        """Serve a request; whether the connection is kept."""
        is_kept = super().handle(conn)
        if not is_kept:
            with suppress(OSError):
                conn.close(graceful=True)
            conn.close = lambda graceful=False: None  # the main loop would close it a second time
        return is_kept


class ImpatientSocket(ssl.SSLSocket):
    """A TLS socket that always has a time limit: without one, Python retries where the kernel's limit is reached."""

    def settimeout(self, value: float | None, /) -> None:
        """Limit the waiting, also where no limit is asked for."""
        super().settimeout(RECEIVE_LIMIT_S if value is None else value)

    def setblocking(self, flag: bool, /) -> None:
        """As `settimeout`."""
        self.settimeout(None if flag else 0.0)

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """Send a part of it: the limit is for one call, and a slow network may need longer for all of it."""
        return super().send(memoryview(data)[:TLS_RECORD_BYTES], flags)


def ssl_context(config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """TLS 1.2 or newer, with limits for slow clients."""
    context = default()
    context.sslsocket_class = ImpatientSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def when_ready(server: object) -> None:
    """In the master, before the worker is forked: keep what both share shared, and limit the waiting for clients.

    A garbage collection writes to every object that it looks at, and a memory page that is written to is no longer
    shared: 2.2 MB.
    """
    gc.collect()
    gc.freeze()
    release_file_pages()
    for listener in server.LISTENERS:  # type: ignore[attr-defined]
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", RECEIVE_LIMIT_S, 0))
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_LIMIT_S, 0))


class Hooks:
    """What the worker does at its start and at each request. Made in the master."""

    def __init__(self, paths: Paths, *, has_certificate: bool) -> None:
        self._paths, self._has_certificate = paths, has_certificate
        self._master = os.getpid()
        # Only where systemd holds the port may the page end: nobody else would start it again
        is_activated = os.environ.get("LISTEN_PID") == str(self._master)
        self._idle_limit_s = float(os.environ.get("IDLE_S", 0)) if is_activated else 0.0
        self._used_s = 0.0

    def post_worker_init(self, worker: object) -> None:
        """Keep little that is not needed, renew the certificate, and end when nobody asks."""
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        logging.getLogger("gunicorn.error").addFilter(_is_news)
        release_file_pages()
        if self._has_certificate:
            threading.Thread(target=self._renew_daily, daemon=True).start()
        if self._idle_limit_s:
            self.pre_request(worker, None)
            threading.Thread(target=self._end_when_idle, daemon=True).start()

    def pre_request(self, worker: object, request: object) -> None:
        """Note that somebody asks: an open page does every two to ten seconds."""
        self._used_s = time.monotonic()

    def _end_when_idle(self) -> None:
        """End with status 0; systemd holds the port and starts the page for the next request.

        A restart of the detector that the page began is over by then, or goes on with the page's next start.
        """
        while (left_s := self._used_s + self._idle_limit_s - time.monotonic()) > 0:
            time.sleep(left_s)
        if os.getppid() == self._master:
            os.kill(self._master, signal.SIGTERM)

    def _renew_daily(self) -> None:
        while True:
            time.sleep(DAY_S)
            try:
                certificate(self._paths)
            except HttpsError as error:
                logging.getLogger(__name__).warning("%s", error)


def _is_news(record: logging.LogRecord) -> bool:
    """False for clients that were too slow: anybody could fill the log with the stack traces."""
    is_slow = record.exc_info and isinstance(record.exc_info[1], (TimeoutError, BlockingIOError))
    return not (is_slow and record.msg == "Socket error processing request.")
