"""Slow, silent and hostile clients of a real gunicorn block nobody and fill neither log nor memory."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from admin.headers import HEADERS
from tests.support.appliance import PAGE_PSS_MAX_MB, Appliance, Browser, certified, pss_mb, running, wait_for

TABLE = 64  # connections that gunicorn.conf.py allows
ANSWER_S = 5.0  # 0.2 s on an idle machine
FORM = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module", params=(False, True), ids=("http", "https"))
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    folder = tmp_path_factory.mktemp("page")
    tls = ssl.create_default_context(cafile=certified(folder)) if request.param else None
    with running(folder, "--camera", "fake:attentive", tls=tls) as appliance:
        yield appliance


@pytest.fixture(scope="module")
def owner(page: Appliance) -> Browser:
    return page.signed_in()


def connected(page: Appliance) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", page.port), timeout=20)
    return page.tls.wrap_socket(client, server_hostname="127.0.0.1") if page.tls else client


def answer_to(page: Appliance, said: bytes) -> bytes:
    """The whole answer until the page closes the connection."""
    with connected(page) as client:
        client.sendall(said)
        answer = b""
        while part := client.recv(65536):
            answer += part
    return answer


@contextmanager
def clients(page: Appliance, count: int, begin: Callable[[socket.socket], None], again_with: bytes) -> Iterator[None]:
    """Clients that send `again_with` now and then, and connect again when they were closed."""
    over = threading.Event()

    def drive() -> None:
        with ExitStack() as held:
            lines: list[socket.socket] = []
            while not over.wait(0.05):
                if len(lines) < count:
                    lines.append(held.enter_context(connected(page)))
                    begin(lines[-1])
                for line in list(lines):
                    try:
                        line.sendall(again_with)
                    except OSError:
                        lines.remove(line)

    driver = threading.Thread(target=drive)
    driver.start()
    try:
        yield
    finally:
        over.set()
        driver.join()


def slowest_answer_s(owner: Browser) -> float:
    slowest_s = 0.0
    for _ in range(40):
        began_s = time.monotonic()
        assert owner.get("/settings/").status == 200
        slowest_s = max(slowest_s, time.monotonic() - began_s)
        time.sleep(0.05)  # the clients connect during this time
    return slowest_s


@pytest.mark.parametrize(
    "begun", (FORM, FORM + b"Content-Length: 90000\r\n\r\n", b""), ids=("head", "body", "first byte")
)
def test_clients_that_send_slowly_do_not_block_others(page: Appliance, owner: Browser, begun: bytes) -> None:
    """There are more of them than the page keeps connections, all from the owner's address."""
    with clients(page, TABLE + 20, lambda client: client.sendall(begun), b"x"):
        assert slowest_answer_s(owner) < ANSWER_S


def test_clients_that_do_not_read_do_not_block_others(page: Appliance, owner: Browser) -> None:
    """Each asks for more than the kernel buffers for a client, and reads nothing."""
    ask = f"GET /settings/ HTTP/1.1\r\nHost: localhost\r\nCookie: {owner.cookie}\r\n\r\n".encode()

    def begin(client: socket.socket) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.sendall(ask * 100)

    with clients(page, 24, begin, b""):
        assert slowest_answer_s(owner) < ANSWER_S
    assert sum(map(pss_mb, page.pids("gunicorn"))) < PAGE_PSS_MAX_MB


def test_endless_request_is_closed(page: Appliance) -> None:
    with connected(page) as client:
        began_s = time.monotonic()
        try:
            client.sendall(FORM)
            while time.monotonic() - began_s < 20:
                client.sendall(b"x")
                time.sleep(0.5)  # far less than any limit for one byte
        except OSError:
            pass
        assert time.monotonic() - began_s < 15


REFUSED = (
    (b"NONSENSE\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505),
    (b"GET /login HTTP/1.1\r\nX: forged\r\n\r\n", 400),
    (b"GET /forged" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: forged" + b"a" * 9000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nX: forged" + b"a" * 40_000, 431),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nfor ged: 1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n forged\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: forged\r\n\r\n", 417),
    (FORM + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (FORM + b"Content-Length: 999999999\r\n\r\n", 413),
    (FORM + b"Transfer-Encoding: chunked\r\n\r\n", 411),
)


@pytest.mark.parametrize(("said", "code"), REFUSED)
def test_refusal_by_gunicorn_has_the_headers_of_all_pages(page: Appliance, said: bytes, code: int) -> None:
    head, _, body = answer_to(page, said).decode().partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {code} ")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    assert HEADERS.items() <= headers.items()
    assert headers["Cache-Control"] == "no-store"
    assert not re.search(r"forged|gunicorn|Python|\d\.\d", body + head.partition("\r\n")[2])


def test_expect_100_continue_is_answered_once(page: Appliance) -> None:
    with connected(page) as client:
        client.sendall(FORM + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"password=x")
        assert client.recv(100).startswith(b"HTTP/1.1 403 ")


def test_pipelined_requests_are_answered_in_order(page: Appliance) -> None:
    ask = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    answer = answer_to(
        page, ask % (b"healthz", b"") + ask % (b"nowhere", b"") + ask % (b"healthz", b"Connection: close\r\n")
    )
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"200", b"404", b"200"]


def has_begun(said: list[str], more: str) -> bool:
    """Whether the detector has logged the lines of its start."""
    said.append(more)
    return all(words in "".join(said) for words in ("buzzer ", "watching;", "camera live"))


def test_refused_requests_log_at_most_ten_short_lines(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path, "--camera", "fake:attentive") as page:
        said_first: list[str] = []  # by the detector, not by the clients
        assert wait_for(lambda: has_begun(said_first, capfd.readouterr().err))
        for said, _ in REFUSED * 30:
            answer_to(page, said)
        for _ in range(20):
            Browser(page.port).ask("POST", "/login", "password=wrong")
        lines = capfd.readouterr().err.splitlines()
    assert 0 < len(lines) <= 10
    assert max(map(len, lines)) <= 200
    assert all(map(str.isprintable, lines))
