"""The viewer's role: it changes nothing of the owner's."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.application import create_app
from admin.auth.throttle import FAILURES
from app.telemetry.requests import take
from config import password
from config.paths import Paths
from tests.support.page import OPEN, PASSWORD, VIEWERS_PASSWORD, WRONG, own_parts, post, routes, say, sign_in, token_of

OWNERS = {"account", "viewer", "settings", "api", "actions"}  # blueprints without anything for a viewer
CHANGES = {"login.sign_out"}  # the only request of a viewer that is no GET


def test_s32_a_viewer_opens_all_pages_except_account_settings_and_api(
    app: Flask, viewer: FlaskClient, paths: Paths
) -> None:
    say(paths)
    paths.preview.write_bytes(b"\xff\xd8picture")
    for endpoint, method, path in routes(app):
        if endpoint in OPEN or method != "GET":
            continue
        code = viewer.get(path).status_code
        is_refused = endpoint.partition(".")[0] in OWNERS
        assert (code == 403) == is_refused, f"{endpoint}: {code}; mark it @for_viewers, or name its blueprint here"


def test_s32_a_viewer_changes_nothing(app: Flask, viewer: FlaskClient, paths: Paths) -> None:
    say(paths)
    before = own_parts(viewer).store.load().version
    data = {"csrf_token": token_of(viewer), "what": "mute", "new": "n" * 20, "again": "n" * 20, "old": VIEWERS_PASSWORD}
    tried = 0
    for endpoint, method, path in routes(app):
        if method != "GET" and endpoint not in OPEN | CHANGES:
            tried += 1
            assert viewer.open(path, method=method, data=data).status_code == 403, (method, path)
    assert tried > 10
    assert own_parts(viewer).store.load().version == before and take(paths.run) == []
    assert own_parts(viewer).restarter.progress().phase == "idle"
    assert sign_in(app.test_client()).status_code == 302
    assert viewer.get("/").status_code == 200


def test_s32_pages_of_a_viewer_have_no_form_or_link_that_is_refused(
    app: Flask, viewer: FlaskClient, paths: Paths
) -> None:
    say(paths)
    for endpoint, method, path in routes(app):
        text = viewer.get(path).text if method == "GET" and endpoint not in OPEN else ""
        if not text.startswith("<!doctype html>"):
            continue
        assert set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', text)) <= {"/logout"}, path
        for link in set(re.findall(r'<a[^>]*href="(/[^"#]*)"', text)):
            assert viewer.get(link).status_code != 403, f"{path} leads to {link}"


def test_s32_signing_out_still_needs_the_sessions_token(app: Flask, viewer: FlaskClient, owner: FlaskClient) -> None:
    assert viewer.post("/logout", data={"csrf_token": token_of(owner)}).status_code == 403
    assert post(viewer, "/logout").headers["Location"] == "/login"
    assert viewer.get("/").status_code == 302


def test_s32_each_role_has_its_own_password_and_sessions(app: Flask, viewer: FlaskClient) -> None:
    client = app.test_client()
    assert sign_in(client, VIEWERS_PASSWORD).status_code == 302
    assert client.get("/settings/").status_code == 403
    assert sign_in(client).status_code == 302  # this ends the viewer's session of this browser
    assert client.get("/settings/").status_code == 200
    new = "another horse, another staple"
    assert post(client, "/password", old=VIEWERS_PASSWORD, new=new, again=new).status_code == 403
    assert post(client, "/password", old=PASSWORD, new=VIEWERS_PASSWORD, again=VIEWERS_PASSWORD).status_code == 422
    assert post(client, "/account/viewer", new=PASSWORD, again=PASSWORD).status_code == 422


def test_s32_a_new_password_ends_only_the_sessions_of_its_role(
    app: Flask, owner: FlaskClient, viewer: FlaskClient
) -> None:
    new = "another horse, another staple"
    assert post(owner, "/password", old=PASSWORD, new=new, again=new).status_code == 302
    assert viewer.get("/").status_code == 200
    assert post(owner, "/account/viewer", new="look here, my friend", again="look here, my friend").status_code == 302
    assert viewer.get("/").status_code == 302 and owner.get("/").status_code == 200
    assert sign_in(viewer, VIEWERS_PASSWORD).status_code == 403
    assert sign_in(viewer, "look here, my friend").status_code == 302
    assert post(owner, "/account/viewer/remove").status_code == 302
    assert viewer.get("/").status_code == 302 and owner.get("/").status_code == 200
    assert sign_in(viewer, "look here, my friend").status_code == 403


def test_s32_without_an_owner_password_the_viewers_is_refused(viewer: FlaskClient, paths: Paths) -> None:
    password.remove(paths.admin_password)
    assert viewer.get("/").status_code == 302
    assert sign_in(viewer, VIEWERS_PASSWORD).status_code == 403


def test_s32_the_role_survives_a_restart_and_a_damaged_file_makes_no_owner(viewer: FlaskClient, paths: Paths) -> None:
    cookie = viewer.get_cookie("sid")
    assert cookie is not None

    def codes() -> list[int]:
        after = create_app(paths).test_client()
        after.set_cookie("sid", cookie.value)
        return [after.get(path).status_code for path in ("/", "/account")]

    assert codes() == [200, 403]
    table = json.loads(paths.sessions.read_text())
    ((key, row),) = table["sessions"].items()
    for role in ("owner", "root", "", None, 1, ["viewer"]):
        paths.sessions.write_text(json.dumps({**table, "sessions": {key: [*row[:-1], role]}}))
        assert codes() == [302, 302], role
    paths.sessions.write_text(json.dumps({**table, "sessions": {key: row[:-1]}}))
    assert codes() == [302, 302]


def test_s32_a_viewers_guesses_at_the_owners_password_are_throttled(app: Flask, viewer: FlaskClient) -> None:
    """Signing in with the viewer's password in between resets no count of wrong guesses."""
    client = app.test_client()
    for _ in range(FAILURES):
        assert sign_in(client, VIEWERS_PASSWORD).status_code == 302
        assert sign_in(client, WRONG).status_code == 403
    assert sign_in(client, WRONG).status_code == 429
    assert sign_in(client, PASSWORD).status_code == 429


@pytest.mark.parametrize("role", ("owner", "viewer"))
def test_s33_a_new_password_works_at_once_after_wrong_guesses(
    app: Flask, viewer: FlaskClient, paths: Paths, role: str
) -> None:
    """Root makes the new password in the file, beside the running page."""
    client = app.test_client()
    assert [sign_in(client, WRONG).status_code for _ in range(FAILURES + 1)] == [403] * FAILURES + [429]
    new = "another horse, another staple"
    password.save(paths.admin_password if role == "owner" else paths.viewer_password, new, keep_tokens=True)
    assert sign_in(client, new).status_code == 302
    guesser = app.test_client()
    codes = [sign_in(guesser, WRONG).status_code for _ in range(FAILURES + 1)]
    assert codes == [403] * FAILURES + [429]
    assert sign_in(guesser, PASSWORD if role == "owner" else VIEWERS_PASSWORD).status_code == 429
    restarted = create_app(paths).test_client()  # a restarted worker keeps the counts of wrong guesses
    assert sign_in(restarted, new).status_code == 429
    password.save(paths.admin_password, "a third horse, a third staple")
    again = create_app(paths).test_client()
    assert sign_in(again, "a third horse, a third staple").status_code == 302
