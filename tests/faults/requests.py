"""Malformed and hostile requests to a real gunicorn beside a real detector.

A request is survived when an answer below 500 or a closed connection comes in time. 501 and 505 refuse a coding or a
version of HTTP; 503 is right where there is no picture yet, or while the detector is late on a busy machine: in the
end it must have caught up. Each is accepted only where it can be meant.
"""

from __future__ import annotations

import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from app.native_words import no_native_words
from config.settings import DECLARATIONS
from tests.faults.scratch import in_memory
from tests.faults.tally import Count, Row
from tests.support.appliance import Appliance, running, wait_for

REQUESTS, LONG_REQUESTS = 6_000, 8_000  # to one appliance; at 10,000 its worker is renewed
LONG_APPLIANCES = 10
ANSWER_S = 20.0
ANSWER_MAX_BYTES = 1 << 20
METHODS = (*("GET", "POST") * 9, "HEAD", "OPTIONS", "PUT", "PATCH", "PATCH", "DELETE", "TRACE", "get", "\x00", "G" * 99)
VERSIONS = (*("HTTP/1.1",) * 30, "HTTP/1.0", "HTTP/2.0", "HTTP/9", "")
PATHS = """
    / /login /healthz /memory /memory/part /status/part /status/verdict /events /events.csv /events.json /events/delete
    /settings/
    /settings/preview /settings/review/none /settings/save /settings/cancel /settings/rejected /settings/yaml
    /settings/upload /settings/reset /settings/history
    /settings/download /account /account/tokens /account/tokens/revoke /preview.jpg /restart/part /ask /metrics
    /api/v1/status /api/v1/events /api/v1/settings /api/v1/openapi.json /static/page.css /static/../guard.py
    /static/%2e%2e/%2e%2e/config.yaml //etc/passwd /%00 /%ff http://other/ * /nowhere
""".split()  # noqa: SIM905  a list with a path a line would fill the screen
MAY_BE_LATE = (b"preview.jpg", b"api/v1/status")
NEVER = re.compile(rb"/(restart(?!/part)|logout|password)")  # requests that would end the session or the detector
PIECES = [b"\0", b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b";", b"%", b"\xff\xfe", b"\r\n\r\n", b"0" * 40, b"a" * 5000]
FORM, JSON, FILE = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b"
ODD_HEADERS = (
    "Content-Length: -1", "Content-Length: 99", "Content-Length: 1e3", "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Expect: 100-continue", "Connection: upgrade",
    "Host: other", "Host: localhost:99999", "Host: [", "Range: bytes=0-", "If-Match: \"", "X-Forwarded-For: ::1",
    "X-CSRF-Token: \xff", "Authorization: Bearer", "Authorization: Basic =", "Cookie: sid", "Cookie: =;=;sid=\"",
    "Accept: *;q=nan", "If-Modified-Since: Thu, 99 Foo", "Origin: null", "Content-Encoding: br", " folded: 1",
)  # fmt: skip


def rows(is_long: bool) -> Iterator[Row]:
    """One row, for requests from a stranger and from the owner."""
    count = Count("random and malformed requests to a real gunicorn")
    for number in range(LONG_APPLIANCES if is_long else 1):
        with in_memory() as place, no_native_words(), running(Path(place), "--camera", "fake:attentive") as appliance:
            _besiege(appliance, count, LONG_REQUESTS if is_long else REQUESTS, random.Random(number))
    yield count.row


def _besiege(appliance: Appliance, count: Count, requests: int, chance: random.Random) -> None:
    owner = appliance.signed_in()
    pages = appliance.pids("gunicorn")
    token = re.search(r'name="csrf_token" value="([^"]+)"', owner.get("/").text)
    assert token and len(pages) == 2
    for _ in range(requests):
        while not (said := request(chance, f"Cookie: {owner.cookie}", token[1])):
            pass
        wrong = _wrong(said, _answered(appliance.port, said))
        count.add(f"{wrong}: {said[:200]!r}" if wrong else "")
    began_s = time.monotonic()
    served = all(owner.get(path).status == 200 for path in ("/healthz", "/settings/")) and wait_for(
        lambda: owner.get("/api/v1/status").status == 200
    )
    dead = appliance.pids("gunicorn") != pages
    count.add("a worker died" if dead else "" if served else "it serves no more", dead, time.monotonic() - began_s)


def request(chance: random.Random, cookie: str, token: str) -> bytes:
    """A request: valid, with nonsense in its fields, or with bytes mixed up; b"" if it must not be sent."""
    body, kind = chance.choice(BODIES)(chance, token)
    path = chance.choice(PATHS)
    if chance.random() < 0.4:
        path += "?" + quote(_text(chance), safe="&=%") + f"&kind={quote(_text(chance))}&first={chance.choice(NUMBERS)}"
    headers = [f"Content-Type: {kind}", f"Content-Length: {len(body)}"] if body else []
    headers += [cookie] if chance.random() < 0.7 else []
    headers += [f"X-CSRF-Token: {token}"] if chance.random() < 0.3 else []
    headers += chance.sample(ODD_HEADERS, chance.choice((0, 0, 0, 1, 2)))
    lines = [f"{chance.choice(METHODS)} {path} {chance.choice(VERSIONS)}", "Host: localhost", *headers, "", ""]
    data = bytearray("\r\n".join(lines).encode("latin-1", errors="replace") + body)
    for _ in range(chance.choice((*(0,) * 7, 1, 3, 8))):
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.choice((0, 0, 1, 20))] = chance.choice(PIECES)
    return bytes(data) if not NEVER.search(data) else b""


NUMBERS = ("0", "-1", "1e9", "9" * 30, "NaN", "", "\u0663")


def _text(chance: random.Random) -> str:
    return "".join(
        chr(chance.choice((32, 38, 61, 65, 0, 10, 13, 255, 0x202E, 0x1F600))) for _ in range(chance.randrange(30))
    )


def _form(chance: random.Random, token: str) -> tuple[bytes, str]:
    names = [
        *DECLARATIONS,
        "version",
        "base",
        "text",
        "what",
        "label",
        "scope",
        "id",
        "name",
        "resolution",
        "back",
        "password",
    ]
    fields = [f"{chance.choice(names)}={quote(_text(chance), safe='&=%')}" for _ in range(chance.randrange(8))]
    return "&".join([*fields, f"csrf_token={token}"]).encode(), FORM


def _json(chance: random.Random, token: str) -> tuple[bytes, str]:
    key = chance.choice([*DECLARATIONS, "", "x"])
    value = chance.choice(
        ("1", "1e999", "NaN", "null", "[]", "{}", '"\\ud800"', "true", "9" * 5000, '"' + "a" * 99 + '"')
    )
    whole = chance.choice(('{"%s": %s}', '[{"%s": %s}]', '{"%s": %s', '{"%s": {"a": %s}}', "[" * 3000 + "%s%s"))
    return (whole % (key, value)).encode(), JSON


def _file(chance: random.Random, token: str) -> tuple[bytes, str]:
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    file = part % (b"file", b'; filename="../x\0"', chance.randbytes(chance.randrange(400)))
    whole = part % (b"csrf_token", b"", token.encode()) + file * chance.choice((1, 1, 300)) + b"--b--\r\n"
    return whole[: chance.choice((len(whole), len(whole) // 2))], FILE


def _nothing(chance: random.Random, token: str) -> tuple[bytes, str]:
    return b"", ""


def _noise(chance: random.Random, token: str) -> tuple[bytes, str]:
    return chance.randbytes(chance.choice((1, 99, 3000, 120_000))), chance.choice((FORM, JSON, FILE, "text/plain", "/"))


BODIES: list[Callable[[random.Random, str], tuple[bytes, str]]] = [
    _nothing,
    _nothing,
    _form,
    _form,
    _json,
    _file,
    _noise,
]


def _answered(port: int, said: bytes) -> bytes | None:
    """The answer up to the end of the connection; None if it did not end in time."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as client:
        try:
            client.sendall(said)
            client.shutdown(socket.SHUT_WR)
        except TimeoutError:
            return None
        except OSError:  # the server may answer and close before it has read everything
            pass
        try:
            while len(answer) < ANSWER_MAX_BYTES and (part := client.recv(65536)):
                answer += part
        except TimeoutError:
            return None
        except ConnectionError:
            pass
        return answer


def _wrong(said: bytes, answer: bytes | None) -> str:
    if answer is None:
        return "no end in time"
    for code in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", answer, re.M):
        # 501 and 505 are gunicorn's own: codings and versions that it does not know
        meant = code in (b"501", b"505") or (code == b"503" and any(page in said for page in MAY_BE_LATE))
        if code >= b"500" and not meant:
            return f"answered with {code.decode()}"
    return ""
