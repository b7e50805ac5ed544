"""Host names and proxies through which the page may be opened; no look-up leaves this machine."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.application import create_app
from admin.auth.hosts import Hosts
from admin.server.redirect import redirect
from config.admin import Admin
from config.check import accept
from config.paths import Paths
from config.settings import DECLARATIONS
from tests.support.page import PASSWORD

VIA = {"X-Forwarded-For": "203.0.113.9, 203.0.113.7", "Host": "127.0.0.1:8080"}


@pytest.fixture(autouse=True)
def _hostname(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Car")


def hosts(look_up: dict[str, set[str]] | None = None, **settings: str) -> Hosts:
    return Hosts(lambda: Admin(**settings), lambda: 0.0, lambda name: (look_up or {}).get(name, set()))


@pytest.mark.parametrize(
    "host",
    (
        "car",
        "CAR.lan:8443",
        "car.home.arpa",
        "car.fritz.box.",
        "car.ts.net",
        "car.tail1a-b.ts.net",
        "car.local",
        "[::1]:1",
        "cars.example",
        "pi.other.example:8443",
        "alias",
    ),
)
def test_s10_own_host_names_are_accepted(host: str) -> None:
    assert hosts({"alias": {"127.0.0.1"}}, hostnames="Cars.example, pi.other.example").is_known(host)


@pytest.mark.parametrize(
    "host",
    (
        "evil.lan",
        "car.evil.lan",
        "evil.ts.net",
        "car.a.b.ts.net",
        "evil.car.ts.net",
        "car.lan.evil.example",
        "x.cars.example",
        "dotless",
        "away",
        "any",
        "",
        "[",
        "a b",
        "car\n",
        "car.lan..",
        "car.lan:no",
        "car.lan:0",
        "car.lan:99999",
        "x" * 300,
    ),
)
def test_s10_other_host_names_are_refused(host: str) -> None:
    look_up = {"away": {"192.0.2.1"}, "any": {"0.0.0.0", "::"}, "evil.lan": {"127.0.0.1"}}
    assert not hosts(look_up, hostnames="cars.example").is_known(host)


def test_s10_a_hanging_look_up_does_not_block_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin.auth.hosts.LOOK_UP_LIMIT_S", 0.01)
    over, asked = threading.Event(), []

    def hang(name: str) -> set[str]:
        asked.append(name)
        over.wait(30)
        return {"127.0.0.1"}

    found = Hosts(Admin, lambda: 0.0, hang)
    assert not any(found.is_known(f"name{number}") for number in range(100))
    assert asked == ["name0"]
    over.set()


def test_s10_the_refusal_names_the_setting_and_not_the_host(stranger: FlaskClient) -> None:
    answer = stranger.get("/login", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "admin.hostnames" in answer.text and "evil" not in answer.text


@pytest.fixture
def behind(paths: Paths) -> Flask:
    paths.config.write_text("admin: {behind_proxy: 'https://cars.example/drivewatch'}\n")
    return create_app(paths)


@pytest.mark.parametrize("path", ("/login", "/drivewatch/login"))
def test_s31_behind_the_proxy_links_and_cookies_use_its_address(
    behind: Flask, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client = behind.test_client()
    assert 'action="/drivewatch/login"' in client.get(path, headers=VIA).text
    sent = {**VIA, "Origin": "https://cars.example"}
    answer = client.post(path, data={"password": PASSWORD}, headers=sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/drivewatch/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Secure-sid=") and {"Secure", "Path=/drivewatch"} <= set(cookie.split("; "))
    assert "signed in from 203.0.113.7 as owner" in caplog.messages
    assert client.post(path, headers={**sent, "Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.168.1.9", {**VIA, "Host": "192.168.1.7"}),
        ("127.0.0.1", {"Host": "127.0.0.1"}),
    ],
)
def test_s31_direct_requests_ignore_the_proxy_setting(
    behind: Flask, monkeypatch: pytest.MonkeyPatch, peer: str, headers: dict[str, str]
) -> None:
    monkeypatch.setattr("admin.auth.guard.LOOPBACK", "")
    text = behind.test_client().get("/login", headers=headers, environ_base={"REMOTE_ADDR": peer}).text
    assert 'action="/login"' in text


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("198.51.100.1, 203.0.113.7:5678", "203.0.113.7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::1,[2001:DB8::7]:443", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, unknown", "127.0.0.1"),
        ("[203.0.113.7", "127.0.0.1"),
    ],
)
def test_s31_the_client_is_the_last_hop_in_each_notation(
    behind: Flask, said: str, client: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = {**VIA, "X-Forwarded-For": said, "Host": "CARS.example:443"}
    behind.test_client().post("/login", data={"password": "wrong"}, headers=sent)
    assert f"wrong password from {client}" in caplog.messages


def test_s31_a_foreign_host_name_is_refused_through_the_proxy(behind: Flask) -> None:
    assert behind.test_client().get("/login", headers={**VIA, "Host": "evil.example"}).status_code == 400


def test_s31_without_a_proxy_forwarded_headers_are_ignored(
    stranger: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/x", "X-Forwarded-Host": "evil.example"}
    answer = stranger.post("/login", data={"password": "wrong"}, headers={**forged, "X-Forwarded-For": "203.0.113.7"})
    assert "wrong password from 127.0.0.1" in caplog.messages
    assert "/x/" not in answer.text and "evil" not in answer.text


@pytest.mark.parametrize(
    "text",
    (
        "ftp://a",
        "https://",
        "https://a b",
        "https://a/../b",
        "https://a/b?c",
        "https://a:99999",
        "https://a:0",
        "https://a 999",
        "https://a 10.0.0.256",
    ),
)
def test_s10_an_invalid_proxy_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        accept(DECLARATIONS["admin.behind_proxy"], text)


def test_s10_a_token_cannot_add_host_names(app: Flask, owner: FlaskClient) -> None:
    made = app.extensions["drivewatch"].tokens.make("one", "control")
    bearer = {"Authorization": f"Bearer {made}"}
    for key, value in (("admin.hostnames", "evil.example"), ("admin.behind_proxy", "https://evil.example")):
        assert owner.patch("/api/v1/settings", json={key: value}, headers=bearer).status_code == 422


@pytest.mark.parametrize(
    ("said", "code", "location"),
    [
        (b"GET /events?first=3 HTTP/1.1\r\nHost: car.lan:8443\r\n\r\n", b"307", b"https://car.lan:8443/events?first=3"),
        (b"HEAD / HTTP/1.0\r\nhost:127.0.0.1\r\n\r\n", b"307", b"https://127.0.0.1/"),
        (b"POST /login HTTP/1.1\r\nHost: car\r\nContent-Length: 10\r\n\r\npassword=x", b"400", b""),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"400", b""),
        (b"GET / HTTP/1.1\r\nHost: car\r\nHost: evil.example\r\n\r\n", b"400", b""),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: car\r\n\r\n", b"400", b""),
        (b"GET /\nSet-Cookie:evil HTTP/1.1\r\nHost: car\r\n\r\n", b"400", b""),
        (b"SSH-2.0-evil\r\n\r\n", b"400", b""),
    ],
)
def test_s31_plain_http_redirects_to_https_only_for_own_names(said: bytes, code: bytes, location: bytes) -> None:
    answer = redirect(said, hosts().is_known)
    assert answer.startswith(b"HTTP/1.1 " + code)
    assert (b"\r\nLocation: " + location + b"\r\n" in answer) if location else b"Location" not in answer
    assert b"evil" not in answer and b"password" not in answer
    assert answer.endswith(b"\r\n\r\n") == said.startswith(b"HEAD")
