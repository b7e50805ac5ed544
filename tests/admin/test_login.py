"""Signing in and out."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.application import create_app
from admin.auth.throttle import FAILURES
from config.paths import Paths
from tests.support.page import PASSWORD, WRONG, post, sign_in


def test_without_a_password_the_page_says_how_to_make_one(stranger: FlaskClient, paths: Paths) -> None:
    paths.admin_password.unlink()
    assert ".venv/bin/python -m app admin-password" in stranger.get("/login").text
    assert sign_in(stranger, "").status_code == 403
    assert sign_in(stranger).status_code == 403


def cookies(answer: TestResponse) -> dict[str, set[str]]:
    """The attributes of each cookie that an answer sets, by its name."""
    found = [header.split("; ") for header in answer.headers.getlist("Set-Cookie")]
    return {pair.partition("=")[0]: set(attributes) for pair, *attributes in found}


@pytest.mark.parametrize(("base_url", "prefix"), [("http://localhost", ""), ("https://localhost", "__Host-")])
def test_no_cookie_is_readable_by_scripts_or_sent_by_other_sites(app: Flask, base_url: str, prefix: str) -> None:
    client = app.test_client()
    met = cookies(client.post("/login", data={"password": PASSWORD}, base_url=base_url))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/", base_url=base_url).text)
    assert token
    for path in ("/ask", "/account/tokens/revoke", "/logout"):  # a notice; a notice; the session's end
        data = {"csrf_token": token[1], "what": "mute"}
        met |= {
            f"{path} {name}": each for name, each in cookies(client.post(path, data=data, base_url=base_url)).items()
        }
        met |= {f"{path} {name}": each for name, each in cookies(client.get("/", base_url=base_url)).items()}
    assert {name.rpartition(" ")[2] for name in met} == {f"{prefix}sid", f"{prefix}notices"}
    for name, attributes in met.items():
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= attributes, name
        assert ("Secure" in attributes) == bool(prefix), name
        assert not [one for one in attributes if one.startswith("Domain")], name


def test_simultaneous_guesses_are_all_counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "werkzeug.security.check_password_hash", lambda stored, word: False
    )  # otherwise the last one may wait too long on a busy machine
    with ThreadPoolExecutor(8) as clients:
        codes = list(clients.map(lambda _: sign_in(app.test_client(), WRONG).status_code, range(8)))
    assert set(codes) == {403, 429}
    assert codes.count(403) <= FAILURES  # fewer if a slow machine refuses some as busy


def test_signing_out_ends_the_session(app: Flask, owner: FlaskClient) -> None:
    cookie = owner.get_cookie("sid")
    assert cookie is not None
    assert post(owner, "/logout").status_code == 302
    owner.set_cookie("sid", cookie.value)
    assert owner.get("/").headers["Location"] == "/login"


def test_a_new_password_ends_all_other_sessions(app: Flask, owner: FlaskClient) -> None:
    elsewhere = app.test_client()
    sign_in(elsewhere)
    new = "another horse, another staple"
    assert post(owner, "/password", old=WRONG, new=new, again=new).status_code == 403
    assert post(owner, "/password", old=PASSWORD, new="short", again="short").status_code == 422
    assert post(owner, "/password", old=PASSWORD, new=new, again=WRONG).status_code == 422
    assert elsewhere.get("/").status_code == 200
    assert post(owner, "/password", old=PASSWORD, new=new, again=new).status_code == 302
    assert elsewhere.get("/").status_code == 302
    assert owner.get("/").status_code == 200
    assert sign_in(elsewhere).status_code == 403
    assert sign_in(elsewhere, new).status_code == 302


def test_a_session_survives_a_restart_of_the_worker(paths: Paths, owner: FlaskClient) -> None:
    cookie = owner.get_cookie("sid")
    assert cookie is not None
    after = create_app(paths).test_client()
    after.set_cookie("sid", cookie.value)
    assert after.get("/").status_code == 200
