"""The appliance as `make run` starts it: a real detector on the fake driver and a real gunicorn."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import threading
import time
import warnings
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.support.appliance import (
    PAGE_PSS_MAX_MB,
    Appliance,
    Browser,
    answers,
    certified,
    pss_mb,
    running,
    wait_for,
)

HALF_A_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"  # of 512 bytes of TLS's first message


def test_page_with_https_refuses_plain_http_and_old_tls(tmp_path: Path) -> None:
    certificate = certified(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate)
    with running(tmp_path, "--camera", "fake:attentive", tls=trusting) as secure:
        assert secure.signed_in().cookie.startswith("__Host-sid=")
        answer = Browser(secure.port, tls=trusting).get("/login")
        assert (
            "Strict-Transport-Security" not in answer.headers
        )  # no browser trusts the certificate, so none would return
        with socket.create_connection(("127.0.0.1", secure.port), timeout=10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert plain.recv(1000).startswith(b"HTTP/1.1 307 ")
        old = ssl.create_default_context(cafile=certificate)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError, match="version"):
            Browser(secure.port, tls=old).get("/login")


@pytest.fixture
def owner(appliance: Appliance) -> Browser:
    return appliance.signed_in()


def test_page_shows_the_detectors_status(owner: Browser) -> None:
    assert wait_for(lambda: "<strong>attentive</strong>" in owner.get("/").text)
    text = owner.get("/status/part").text
    assert "live: fake:attentive, 320 \u00d7 240" in text
    assert re.search(r"<dt>Head</dt><dd>\d+° (left|right)", text)


def test_page_shows_the_preview(owner: Browser) -> None:
    assert wait_for(lambda: owner.get("/preview.jpg").status == 200)
    assert owner.get("/preview.jpg").headers["Content-Type"] == "image/jpeg"


def test_memory_of_the_page_is_bounded(appliance: Appliance, owner: Browser) -> None:
    for path in ("/", "/memory", "/settings/", "/events", "/memory/part") * 20:
        assert owner.get(path).status == 200
    pages = appliance.pids("gunicorn")
    assert len(pages) == 2  # the master and one worker
    assert sum(map(pss_mb, pages)) < PAGE_PSS_MAX_MB


def test_first_view_is_small(owner: Browser) -> None:
    whole = sum(len(owner.get(path).text) for path in ("/", "/memory", "/static/page.css", "/static/live.js"))
    assert whole < 60_000


def is_soon_answered(owner: Browser) -> bool:
    began_s = time.monotonic()
    return owner.get("/settings/").status == 200 and time.monotonic() - began_s < 10


@pytest.mark.parametrize("is_secure", (False, True))
def test_slow_and_idle_clients_do_not_block_the_owner(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], is_secure: bool
) -> None:
    """There are as many of them as the page has threads. They leave no traceback in its log."""
    tls = ssl.create_default_context(cafile=certified(tmp_path)) if is_secure else None
    with running(tmp_path, "--camera", "fake:attentive", tls=tls) as appliance, ExitStack() as clients:
        owner = appliance.signed_in()
        for said in [HALF_A_REQUEST] * 12 + [b""] * 4:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", appliance.port)))
            if tls:
                client = clients.enter_context(tls.wrap_socket(client, server_hostname="127.0.0.1"))
            client.sendall(said)
        assert is_soon_answered(owner)
        for _ in range(16 if tls else 0):
            clients.enter_context(socket.create_connection(("127.0.0.1", appliance.port))).sendall(HALF_A_HELLO)
        assert is_soon_answered(owner)
    assert "Traceback" not in capfd.readouterr().err


def test_ten_open_pages_and_a_stalled_download_do_not_block_the_owner(appliance: Appliance, owner: Browser) -> None:
    over, answered = threading.Event(), []

    def watch() -> None:
        page = Browser(appliance.port, owner.cookie)
        while not over.is_set():  # ten without a pause ask more than two hundred pages would
            answered.append(page.get("/status/part").status)
            answered.append(page.get("/preview.jpg").status)

    watchers = [threading.Thread(target=watch) for _ in range(10)]
    with socket.create_connection(("127.0.0.1", appliance.port)) as download:
        download.sendall(f"GET /events.csv HTTP/1.1\r\nHost: localhost\r\nCookie: {owner.cookie}\r\n\r\n".encode())
        for watcher in watchers:
            watcher.start()
        try:
            began_s = time.monotonic()
            assert [owner.get("/settings/").status for _ in range(5)] == [200] * 5
            assert time.monotonic() - began_s < 10
        finally:
            over.set()
            for watcher in watchers:
                watcher.join()
    assert {200} <= set(answered) <= {200, 503}  # 503: the picture comes with the next frame


def test_hostile_requests_are_refused_and_the_page_survives(appliance: Appliance) -> None:
    for said in (
        b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /static/../parts.py HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /static/%2e%2e/parts.py HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", appliance.port), timeout=15) as client:
            client.sendall(said)
            assert re.match(rb"HTTP/1.1 (3|4)\d\d ", client.recv(100)), said
    assert answers(appliance.port)


def test_a_restart_brings_a_new_detector(appliance: Appliance, owner: Browser) -> None:
    (before,) = appliance.pids("app run")
    assert owner.post("/restart").status == 302
    assert wait_for(lambda: before not in appliance.pids("app run") and len(appliance.pids("app run")) == 1)
    assert wait_for(lambda: "Running with the" in owner.get("/restart/part").text)


def replaced(appliance: Appliance, what: str, pid: int) -> bool:
    pids = appliance.pids(what)
    return bool(pids) and pid not in pids


def test_crashed_detector_and_page_are_started_again(appliance: Appliance, owner: Browser) -> None:
    for what in ("app run", "gunicorn"):
        before = appliance.pids(what)
        os.kill(before[0], signal.SIGKILL)
        assert wait_for(partial(replaced, appliance, what, before[0]))
    assert wait_for(lambda: not any(map(psutil.pid_exists, before)))  # a worker without its master answers for a moment
    assert wait_for(lambda: answers(appliance.port))
    assert wait_for(lambda: "<strong>attentive</strong>" in owner.get("/").text)  # the session lives on
