"""The guard: logins, CSRF tokens, origins, host names and content policy."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.paths import Paths
from tests.support.page import OPEN, ORIGIN, own_parts, routes, say, token_of


def test_every_route_except_the_open_ones_needs_a_login(app: Flask, stranger: FlaskClient) -> None:
    walked = set()
    for endpoint, method, path in routes(app):
        answer = stranger.open(path, method=method)
        if endpoint not in OPEN:
            walked.add(endpoint)
            assert answer.status_code in (302, 401), (method, path)
            assert answer.headers.get("Location", "/login") == "/login"
    assert len(walked) > 15


def test_every_change_needs_the_sessions_token(app: Flask, owner: FlaskClient) -> None:
    before = own_parts(owner).store.load().version
    for endpoint, method, path in routes(app):
        if method != "GET" and endpoint not in OPEN:
            assert owner.open(path, method=method).status_code == 403, (method, path)
            assert owner.open(path, method=method, data={"csrf_token": "x"}).status_code == 403
    assert own_parts(owner).store.load().version == before


def test_a_request_from_another_origin_is_refused(owner: FlaskClient) -> None:
    token = token_of(owner)
    for origin, code in (("http://evil.example", 403), ("null", 403), (ORIGIN, 302)):
        answer = owner.post("/ask", data={"csrf_token": token, "what": "mute"}, headers={"Origin": origin})
        assert answer.status_code == code


@pytest.mark.parametrize(
    "host", ("evil.example", "192.168.0.1.evil.example", "localhost.evil.example", "a b", "x" * 300)
)
def test_a_foreign_host_name_is_refused_on_every_route(app: Flask, owner: FlaskClient, host: str) -> None:
    for _, method, path in routes(app):
        assert owner.open(path, method=method, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "host", ("127.0.0.1:8080", "192.168.1.7", "[::1]:8080", "localhost", "pi", "Pi.local:8443", "pi.garage.example")
)
def test_addresses_and_own_names_are_accepted(
    stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Pi.garage.example")
    assert stranger.get("/login", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ("other.local", "pi.evil.local", "evil-pi.local", "pi.local.local", ".local", "local"))
@pytest.mark.parametrize("hostname", ("pi", "pi.garage.example", ""))
def test_only_this_machines_name_in_local_is_accepted(
    stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch, hostname: str, host: str
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: hostname)
    assert stranger.get("/login", headers={"Host": host}).status_code == 400


def test_every_answer_forbids_foreign_content_and_framing(app: Flask, owner: FlaskClient) -> None:
    paths = [path for _, method, path in routes(app) if method == "GET"]
    for path in (*paths, "/nowhere", "/static/page.css", "/static/nothing.js"):
        with owner.get(path) as answer:  # a file is sent as it is read
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_contains_what_its_content_policy_refuses(app: Flask, owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    for _, method, path in routes(app):
        text = owner.get(path).text if method == "GET" and "static" not in path else ""
        text = text.replace("https://cars.example", "")  # how a setting is written
        text = re.sub(r"http://127\.0\.0\.1:\d+", "", text)  # where the page is, in words
        if text.startswith("<!doctype html>"):
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|https?://", text), path
