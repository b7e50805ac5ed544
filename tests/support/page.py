"""The page through Flask's test client: fixtures for a stranger, an owner and a viewer, and their requests."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.application import create_app
from admin.parts import NAME, Parts
from app.events import State
from app.telemetry import status
from app.telemetry.run_folder import boot_id
from config import password
from config.paths import Paths
from tests.support.hashes import cheap_scrypt

PASSWORD = "correct horse battery"
VIEWERS_PASSWORD = "looking is free for all"
WRONG = "wrong horse battery"
OPEN = {"static", "login.form", "login.sign_in", "api.healthz"}
ORIGIN = "http://localhost"
START_S = 4000.0  # monotonic


@pytest.fixture(scope="module", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Signing in takes no time; tests/config/test_password.py has the real hashes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hashlib.scrypt", cheap_scrypt)
        yield


@pytest.fixture(scope="module")
def stored(cheap_hashes: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The content of the owner's password file."""
    path = tmp_path_factory.mktemp("password") / "admin-password"
    password.save(path, PASSWORD)
    return path.read_text()


@pytest.fixture(scope="module")
def viewers(cheap_hashes: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The content of the viewer's password file."""
    path = tmp_path_factory.mktemp("viewer") / "admin-viewer-password"
    password.save(path, VIEWERS_PASSWORD, keep_tokens=True)
    return path.read_text()


@pytest.fixture
def paths(tmp_path: Path, stored: str) -> Paths:
    made = Paths(tmp_path / "data", tmp_path / "run", tmp_path / "common")
    made.make()
    made.admin_password.write_text(stored)
    return made


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(paths: Paths) -> Flask:
    return create_app(paths)


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def owner(app: Flask) -> FlaskClient:
    client = app.test_client()
    own = own_parts(client)
    session_id, _ = own.sessions.open("owner", password.fingerprint(own.paths.admin_password))
    client.set_cookie("sid", session_id)
    return client


@pytest.fixture
def viewer(app: Flask, viewers: str) -> FlaskClient:
    client = app.test_client()
    own = own_parts(client)
    own.paths.viewer_password.write_text(viewers)
    session_id, _ = own.sessions.open("viewer", password.fingerprint(own.paths.viewer_password))
    client.set_cookie("sid", session_id)
    return client


def sign_in(client: FlaskClient, word: str = PASSWORD) -> TestResponse:
    return client.post("/login", data={"password": word})


def own_parts(client: FlaskClient) -> Parts:
    parts = client.application.extensions[NAME]
    assert isinstance(parts, Parts)
    return parts


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    assert found
    return found[1]


def post(client: FlaskClient, path: str, **data: str) -> TestResponse:
    return client.post(path, data={"csrf_token": token_of(client), **data})


def say(paths: Paths, **what: object) -> status.Status:
    """Write a status file as a running detector does; returns the status."""
    now_s = time.monotonic()
    latest = status.Status(boot_id=boot_id(), time_s=now_s, started_s=now_s - 60, since_s=now_s - 30)
    latest = replace(latest, state=State.ATTENTIVE, **what)  # type: ignore[arg-type]
    status.write(paths.status, latest)
    return latest


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and an example path of each route."""
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, method, re.sub(r"<[^>]+>", "1", rule.rule)
