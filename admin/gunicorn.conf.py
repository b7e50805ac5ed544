"""gunicorn for the page: one worker, in threads. config/https.py says where it listens; PORT chooses another port."""

from __future__ import annotations

import gc
import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable

from app.memory import calm_allocator, no_core_dumps
from config.https import HttpsError, certificate, listening
from config.paths import Paths, private_folder

_DAY_S = 86400.0
_RECEIVE_S, _SEND_S = 5, 10  # half a request, or nobody reading the answer, holds a thread no longer than this
# New objects, and collections of the younger ones, before a collection. With Python's 700, 10, 10 the garbage of many
# requests lies about between live objects: 0.8 MB more after ten thousand requests, by `make bench-page`
_GARBAGE_MAX = 200, 5, 5

no_core_dumps()
calm_allocator()  # one heap for 16 threads, before there are any
_paths = Paths.from_environment()
_where = listening(_paths)

bind = _where.bind
if _where.certificate:
    certfile, keyfile = str(_where.certificate.certificate), str(_where.certificate.key)
workers = 1
worker_class = "gthread"
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
    """TLS 1.2 or newer."""
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def post_worker_init(worker: object) -> None:
    """Collect garbage while it is little, and look once a day after the certificate: the page may run for years."""
    gc.set_threshold(*_GARBAGE_MAX)
    if _where.certificate:
        threading.Thread(target=_renew, daemon=True).start()


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
    for listener in server.LISTENERS:  # type: ignore[attr-defined]
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _RECEIVE_S, 0))
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_S, 0))
