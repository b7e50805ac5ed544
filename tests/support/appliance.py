"""The appliance as `make run` starts it, and a client of its page; also for benchmarks, soak and virtual machine."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from config.https import enable
from config.paths import Paths

ROOT = Path(__file__).parents[2]


PAGE_PSS_MAX_MB = 45.0
PATIENCE_S = 40.0  # an idle machine needs a second or two


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Browser:
    """An HTTP client that keeps cookies."""

    port: int
    cookie: str = ""
    timeout_s: float = 20.0
    tls: ssl.SSLContext | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: str = "") -> Answer:
        with closing(self._connection()) as connection:
            form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, path, body, {**self.headers, **form, "Cookie": self.cookie})
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", ()):
                self._keep(*cookie.partition(";")[0].split("=", 1))
            return Answer(answer.status, dict(answer.headers), answer.read().decode(errors="replace"))

    def _keep(self, name: str, value: str) -> None:
        there = dict(one.split("=", 1) for one in self.cookie.split("; ") if one)
        self.cookie = "; ".join(f"{name}={value}" for name, value in {**there, name: value}.items() if value)

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout_s, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, **data: str) -> Answer:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/").text)
        return self.ask("POST", path, urlencode({"csrf_token": found[1] if found else "", **data}))


@dataclass
class Appliance:
    process: subprocess.Popen[str]
    port: int
    password: str
    tls: ssl.SSLContext | None = None

    def signed_in(self) -> Browser:
        browser = Browser(self.port, tls=self.tls)
        assert browser.ask("POST", "/login", urlencode({"password": self.password})).status == 302
        return browser

    def pids(self, what: str) -> list[int]:
        """The processes of this appliance whose command line contains `what`."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = folder.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = folder.joinpath("environ").read_bytes()
            except OSError:
                continue
            if what in command and f"PORT={self.port}".encode() in environment:
                found.append(int(folder.name))
        return sorted(found)


def wait_for(what: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """True as soon as `what` holds; False when it does not in time."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if what():
            return True
        time.sleep(0.1)  # other processes are waited for
    return False


def answers(port: int, tls: ssl.SSLContext | None = None) -> bool:
    try:
        return Browser(port, tls=tls).get("/healthz").status == 200
    except OSError:
        return False


@contextmanager
def running(folder: Path, *arguments: str, tls: ssl.SSLContext | None = None) -> Iterator[Appliance]:
    """A running appliance with its data and run folder in `folder`, until the end of the block."""
    port = free_port()
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SNAP", "PYTHONDONTWRITE"))}
    env |= {"DRIVEWATCH_DATA": str(folder / "data"), "XDG_RUNTIME_DIR": str(folder / "run"), "PORT": str(port)}
    command = [sys.executable, "-m", "app.service.appliance", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "password" not in said and (line := process.stdout.readline()):
                said += line
            assert f":{port}" in said
            password = re.search(r"password: (\S+)", said)
            assert password, said
            assert wait_for(lambda: answers(port, tls))
            yield Appliance(process, port, password[1], tls)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_S)


def certified(folder: Path) -> str:
    """Turn HTTPS on for an appliance in this folder; returns the certificate's file."""
    return str(enable(Paths(folder / "data", folder / "run", folder / "data"), "self-signed").certificate)


def pss_mb(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    assert found
    return int(found[1]) / 1024
