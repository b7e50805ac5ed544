"""The API: tokens, settings, and bad bodies."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.home.verdict import SILENT
from config.paths import Paths
from tests.support.page import own_parts, post, routes, say


def machine(client: FlaskClient, scope: str = "control") -> dict[str, str]:
    made = re.search(r"<code>(dw_[^<]+)</code>", post(client, "/account/tokens", label="fleet", scope=scope).text)
    assert made
    return {"Authorization": f"Bearer {made[1]}"}


def test_a_token_opens_only_the_api_until_it_is_revoked(app: Flask, owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    headers, client = machine(owner), app.test_client()
    assert client.get("/api/v1/status").status_code == 401
    assert client.get("/api/v1/status", headers=headers).get_json()["status"]["state"] == "attentive"
    assert client.get("/metrics", headers=headers).text.startswith("# HELP drivewatch_up")
    assert client.get("/", headers=headers).status_code == 302
    assert client.get("/api/v1/status", headers={"Authorization": "Bearer dw_x"}).status_code == 401
    token_id = re.search(r'name="id" value="([^"]+)"', owner.get("/account").text)
    assert token_id
    post(owner, "/account/tokens/revoke", id=token_id[1])
    assert client.get("/api/v1/status", headers=headers).status_code == 401


def test_the_api_says_when_the_detector_is_silent(app: Flask, owner: FlaskClient) -> None:
    answer = app.test_client().get("/api/v1/status", headers=machine(owner))
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert SILENT in answer.get_json()["detail"]


def test_settings_are_changed_all_together_or_not_at_all(app: Flask, owner: FlaskClient) -> None:
    headers, client = machine(owner), app.test_client()
    read = client.get("/api/v1/settings", headers=headers)
    changed = client.patch("/api/v1/settings", headers=headers, json={"camera.width": 480, "camera.height": 360})
    assert changed.get_json()["settings"]["camera.width"] == 480
    both = {"camera.width": 640, "camera.height": -1}
    refused = client.patch("/api/v1/settings", headers=headers, json=both)
    assert (refused.status_code, "camera.height" in refused.get_json()["problems"][0]) == (422, True)
    assert client.get("/api/v1/settings", headers=headers).get_json()["settings"]["camera.width"] == 480
    stale = client.patch(
        "/api/v1/settings", headers={**headers, "If-Match": read.headers["ETag"]}, json={"camera.width": 320}
    )
    assert stale.status_code == 412


HOSTILE = (
    (b"{", 400),
    (b"[]", 400),
    (b"{}", 400),
    (b"\xff\xfe", 400),
    (b"[" * 20_000, 400),
    (b'{"camera.width": NaN}', 422),
    (b'{"camera.width": "480"}', 422),
    (b'{"camera.width": [1]}', 422),
    (b'{"camera": {"width": 480}}', 422),
    (b'{"no.such": 1}', 422),
    (b'{"camera.width": ' + b"9" * 5000 + b"}", 400),
)


@pytest.mark.parametrize(("body", "code"), HOSTILE)
def test_a_bad_body_is_refused_and_changes_nothing(app: Flask, owner: FlaskClient, body: bytes, code: int) -> None:
    before = own_parts(owner).store.load().version
    answer = app.test_client().patch(
        "/api/v1/settings", headers=machine(owner), data=body, content_type="application/json"
    )
    assert (answer.status_code, answer.mimetype) == (code, "application/problem+json")
    assert own_parts(owner).store.load().version == before


def test_a_body_that_is_too_large_is_refused(app: Flask, owner: FlaskClient) -> None:
    answer = app.test_client().patch(
        "/api/v1/settings", headers=machine(owner), data=b" " * 200_000, content_type="application/json"
    )
    assert answer.status_code == 413


def test_every_described_path_exists_and_every_api_route_is_described(app: Flask, owner: FlaskClient) -> None:
    described = {
        (path, method.upper())
        for path, methods in owner.get("/api/v1/openapi.json").get_json()["paths"].items()
        for method in methods
    }
    machines = {(path, method) for endpoint, method, path in routes(app) if endpoint.startswith("api.")}
    assert described == machines
