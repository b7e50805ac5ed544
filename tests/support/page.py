"""The page through Flask's test client, and what a running detector would have left for it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.parts import NAME, Parts
from app.events import State
from app.telemetry import status
from config.paths import Paths

PASSWORD = "correct horse battery"


WRONG = "wrong horse battery"


OPEN = {"static", "login.form", "login.sign_in", "api.healthz"}


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
    """Leave a status file as a running detector would."""
    now_s = time.monotonic()
    latest = status.Status(boot_id=status.boot_id(), time_s=now_s, started_s=now_s - 60, since_s=now_s - 30)
    latest = replace(latest, state=State.ATTENTIVE, **what)  # type: ignore[arg-type]
    status.write(paths.status, latest)
    return latest


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and a path of each route."""
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, method, re.sub(r"<[^>]+>", "x", rule.rule)
