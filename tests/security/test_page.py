"""Rows of the checklist that concern the page."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.auth.roles import fingerprints
from app.service.appliance import first_password
from app.version import VERSION
from config.paths import Paths
from tests.support.page import OPEN, PASSWORD, WRONG, own_parts, post, routes, say, sign_in

STATIC = Path(__file__).parents[2] / "admin/static"
PAGES = ("/", "/memory", "/events", "/settings/", "/settings/yaml", "/settings/history", "/account", "/restart")


def test_s1_two_devices_have_different_first_passwords(tmp_path: Path) -> None:
    files = [tmp_path / name / "admin-password" for name in ("one", "other")]
    made = {first_password(file) for file in files}
    assert len(made) == 2 and all(made)
    assert files[0].read_text() != files[1].read_text()


def test_s7_a_login_replaces_the_former_session(stranger: FlaskClient) -> None:
    stranger.set_cookie("sid", planted := "A" * 43)
    ids = {planted}
    for _ in range(2):
        sign_in(stranger)
        found = stranger.get_cookie("sid")
        assert found is not None and found.value not in ids
        for earlier in ids:
            assert own_parts(stranger).sessions.find(earlier, fingerprints(own_parts(stranger).paths)) is None
        ids.add(found.value)


def test_s7_every_page_has_a_sign_out_button(owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    for page in PAGES:
        assert re.search(r'<form[^>]*action="/logout"', owner.get(page).text), page


def test_s9_get_requests_change_nothing(app: Flask, owner: FlaskClient, paths: Paths) -> None:
    paths.config.write_text("camera: {width: 480}\n")
    say(paths)

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in paths.data.rglob("*") if path.is_file()}

    before, looked = files(), 0
    for _, method, path in routes(app):
        if method == "GET":
            owner.get(path, query_string={"camera.width": "64", "what": "delete-events"}).close()
            looked += 1
    assert looked > 15
    assert files() == before
    assert not paths.requests.exists()


def test_s11_static_files_load_nothing_from_other_hosts() -> None:
    files = [path for path in STATIC.iterdir() if path.suffix in (".js", ".css", ".svg")]
    assert {".js", ".css"} <= {path.suffix for path in files}
    for path in files:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"[\"'(\s]//[a-z]|https?://|@import|\beval\(|new Function", text), path


def test_s16_an_error_page_reveals_no_internals(
    app: Flask,
    owner: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise RuntimeError("secret at /var/secret")

    assert not app.debug
    for endpoint, path in (("memory.show", "/memory"), ("api.api_status", "/api/v1/status")):
        monkeypatch.setitem(app.view_functions, endpoint, fail)
        answer = owner.get(path)
        assert answer.status_code == 500
        assert "its log, under Health, shows why" in answer.text
        assert not re.search(r"secret|Traceback|RuntimeError|\.py|/work|site-packages", answer.text)


def test_s17_security_events_are_logged_without_secrets(
    owner: FlaskClient,
    stranger: FlaskClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(6):
        sign_in(stranger, WRONG)
    elsewhere = {"REMOTE_ADDR": "127.0.0.2"}
    stranger.post("/login", data={"password": PASSWORD}, environ_base=elsewhere)
    made = re.search(r"dw_[\w-]+", post(owner, "/account/tokens", label="the garage", scope="control").text)
    assert made
    (token,) = own_parts(owner).tokens.all()
    bearer = {"Authorization": f"Bearer {made[0]}"}
    assert stranger.patch("/api/v1/settings", json={"camera.width": 400}, headers=bearer).status_code == 200
    post(owner, "/account/tokens/revoke", id=token.id)
    new = "another horse, another staple"
    post(owner, "/password", old=PASSWORD, new=new, again=new)
    post(owner, "/logout")
    said = caplog.messages
    for wanted in (
        "wrong password from 127.0.0.1",
        "too many wrong passwords, the next one from 127.0.0.1 is not looked at",
        "signed in from 127.0.0.2 as owner",
        "token 'the garage', which may control, made from 127.0.0.1",
        "settings saved through the API from 127.0.0.1: camera.width",
        f"token {token.id} revoked from 127.0.0.1",
        "signed out from 127.0.0.1",
    ):
        assert wanted in said, said
    secrets = (PASSWORD, WRONG, new, made[0], token.digest)
    assert not [line for line in said for secret in secrets if secret in line]
    assert all(line.isprintable() for line in said)


def test_s18_a_stranger_learns_no_version_and_no_settings(
    app: Flask,
    stranger: FlaskClient,
    paths: Paths,
) -> None:
    paths.config.write_text("camera: {width: 477}\n")
    say(paths)
    for endpoint, method, path in routes(app):
        with stranger.open(path, method=method) as answer:
            text = "" if endpoint == "static" else answer.get_data(as_text=True)
            assert VERSION not in text and "477" not in text and "low_memory" not in text, path
            assert endpoint in OPEN or len(text) < 400, path


def test_s20_no_download_contains_a_secret(owner: FlaskClient, paths: Paths, stored: str) -> None:
    paths.config.write_text("camera: {width: 480}\n")
    made = own_parts(owner).tokens.make("one", "control")
    (token,) = own_parts(owner).tokens.all()
    salt, digest = stored.strip().split("$")[1:]
    for path in ("/settings/download", "/settings/yaml", "/events.json", "/events.csv", "/account", "/api/v1/settings"):
        text = owner.get(path).text
        assert not [secret for secret in (salt, digest, made, token.digest) if secret in text], path


def test_s26_the_page_says_what_the_camera_does(owner: FlaskClient) -> None:
    text = owner.get("/").text
    assert "Only while you watch, for a minute; nothing is stored." in text
    assert "no picture is ever stored" in (STATIC.parents[1] / "README.md").read_text().replace("\n", " ")
