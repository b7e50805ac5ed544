"""The page started by systemd's socket: it ends when idle; without HTTPS, other machines are refused."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from admin.application import create_app
from admin.auth.proxy import is_local
from config import https
from config.paths import Paths
from tests.support.appliance import PATIENCE_S, Browser
from tests.support.process import ROOT

IDLE_S = 1.5


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The socket that systemd holds open between two runs of the page."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held


@contextmanager
def activated(folder: Path, listener: socket.socket, idle_s: str = str(IDLE_S)) -> Iterator[subprocess.Popen[str]]:
    """Start the page with the socket as descriptor 3, and LISTEN_PID the page's own, as systemd gives them."""
    port, held = listener.getsockname()[1], listener.fileno()
    env = {**os.environ, "DRIVEWATCH_DATA": str(folder), "XDG_RUNTIME_DIR": str(folder), "PORT": str(port)}
    env |= {"LISTEN_FDS": "1", "IDLE_S": idle_s}
    start = f"import os, sys; os.dup2({held}, 3); os.putenv('LISTEN_PID', str(os.getpid())); "
    start += "os.execv(sys.argv[1], sys.argv[1:])"
    page = (sys.executable, "-m", "app.service.page", "-c", "admin/gunicorn.conf.py")
    with subprocess.Popen(
        [sys.executable, "-c", start, *page], env=env, cwd=ROOT, pass_fds=[held], text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_page_ends_when_idle_and_is_started_again(tmp_path: Path, listener: socket.socket) -> None:
    browser = Browser(listener.getsockname()[1])
    for _ in range(2):
        with activated(tmp_path, listener) as page:
            assert browser.get("/healthz").status == 200
            assert page.wait(PATIENCE_S) == 0


def test_page_stays_while_it_gets_requests(tmp_path: Path, listener: socket.socket) -> None:
    browser = Browser(listener.getsockname()[1])
    with activated(tmp_path, listener) as page:
        began_s = time.monotonic()
        while time.monotonic() - began_s < 3 * IDLE_S:
            assert browser.get("/healthz").status == 200
            time.sleep(IDLE_S / 5)  # as an open page does
        assert page.poll() is None


def test_page_with_its_own_port_never_ends_when_idle(tmp_path: Path) -> None:
    """Nothing would start it again. LISTEN_PID names another process."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    env = {**os.environ, "DRIVEWATCH_DATA": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    env |= {"PORT": str(port), "IDLE_S": "0.2", "LISTEN_PID": "1", "LISTEN_FDS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "app.service.page", "-c", "admin/gunicorn.conf.py"], env=env, cwd=ROOT
    ) as page:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                page.wait(3.0)
            assert Browser(port).get("/healthz").status == 200
        finally:
            page.terminate()


@pytest.mark.parametrize(
    ("address", "local"),
    [
        *((local, True) for local in ("127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1")),
        *((far, False) for far in ("192.168.1.5", "::ffff:192.168.1.5", "fe80::1", "", None, "unix:")),
    ],
)
def test_local_addresses_are_recognised(address: str | None, local: bool) -> None:
    assert is_local(address) is local


def test_page_without_https_refuses_other_machines(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    for everywhere, status in ((False, 403), (True, 200)):
        https.disable(paths, everywhere=everywhere)
        client = create_app(paths).test_client()
        far = client.get("/login", environ_base={"REMOTE_ADDR": "192.168.1.5"})
        assert far.status_code == status
        assert ("enable-https" in far.text) or everywhere
        assert client.get("/login").status_code == 200
