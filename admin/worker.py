"""The process that serves the page: how it begins, with little memory, and how it ends. server/ has its worker.

gunicorn.conf.py names what is here to gunicorn, which calls the hooks by what they are called.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import ssl
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from admin.server.log_limit import limit_log
from admin.server.redirect import redirect
from app.memory.file_pages import release_file_pages
from app.telemetry.log_file import LogFile
from app.version import VERSION
from config.https import certificate
from config.openssl import HttpsError
from config.paths import Paths

if TYPE_CHECKING:
    from admin.server.serving import Worker

DAY_S = 86400.0
RESTART_LOOK_S = 1.0
# New objects, and collections of the younger ones, before a collection. With Python's 700, 10, 10 the garbage of many
# requests is scattered between live objects: 0.8 MB more after ten thousand requests, by `make bench-page`
GARBAGE_THRESHOLDS = 200, 5, 5


def ssl_context(config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """TLS 1.2 or newer."""
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def when_ready(server: object) -> None:
    """In the master, before the worker is forked: keep what both share shared.

    A garbage collection writes to every object that it looks at, and a memory page that is written to is no longer
    shared: 2.2 MB.
    """
    gc.collect()
    gc.freeze()
    release_file_pages()


class Hooks:
    """What the worker does at its start and at each request. Made in the master."""

    def __init__(self, paths: Paths, *, has_certificate: bool) -> None:
        self._paths, self._has_certificate = paths, has_certificate
        self._master = os.getpid()
        # Only where systemd holds the port may the page end: nobody else would start it again
        is_activated = os.environ.get("LISTEN_PID") == str(self._master)
        self._idle_limit_s = float(os.environ.get("IDLE_S", 0)) if is_activated else 0.0
        self._used_s = 0.0

    def post_fork(self, server: object, worker: object) -> None:
        """Log to stderr, and keep the newest lines for the page's Health."""
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
        handler = LogFile(self._paths.page_log)
        handler.keep(f"INFO page {VERSION} starts, process {os.getpid()}")
        for name in (None, "gunicorn.error"):
            logging.getLogger(name).addHandler(handler)

    def post_worker_init(self, worker: Worker) -> None:
        """Keep little that is not needed, renew the certificate, and end when nobody asks."""
        from admin.parts import NAME  # late: it loads Flask, which the master does not need

        gc.set_threshold(*GARBAGE_THRESHOLDS)
        worker.sweep = limit_log().tell
        hosts = worker.wsgi.extensions[NAME].hosts
        worker.redirect = lambda request: redirect(request, hosts.is_known)
        release_file_pages()
        if self._has_certificate:
            threading.Thread(target=self._renew_daily, daemon=True).start()
        if self._idle_limit_s:
            self.pre_request(worker, None)
            threading.Thread(target=self._end_when_idle, args=(worker,), daemon=True).start()

    def pre_request(self, worker: object, request: object) -> None:
        """Note that somebody asks: an open page does every two to ten seconds."""
        self._used_s = time.monotonic()

    def _end_when_idle(self, worker: object) -> None:
        """End with status 0; systemd holds the port and starts the page for the next request.

        Not in the middle of a restart of the detector: nobody else would put the last good settings back.
        """
        from admin.parts import NAME  # with Flask, which the master does not load

        restarter = worker.wsgi.extensions[NAME].restarter  # type: ignore[attr-defined]
        while (left_s := self._used_s + self._idle_limit_s - time.monotonic()) > 0 or restarter.is_under_way:
            time.sleep(max(left_s, RESTART_LOOK_S))
        if os.getppid() == self._master:
            os.kill(self._master, signal.SIGTERM)

    def _renew_daily(self) -> None:
        while True:
            time.sleep(DAY_S)
            try:
                certificate(self._paths)
            except HttpsError as error:
                logging.getLogger(__name__).warning("%s", error)
