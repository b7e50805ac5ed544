"""A session that ends while the owner types: the text is back after signing in, and only for that owner."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.application import create_app
from admin.auth.sessions import IDLE_S, LIFE_S
from config import password
from config.paths import Paths
from tests.support.page import PASSWORD, VIEWERS_PASSWORD, Clock, own_parts, token_of
from tests.support.settings_form import post, sent

TYPED = {"camera__width": "640", "raspberry_pi__compression_quality": "many"}
NEW_PASSWORD = "another horse battery"


@pytest.fixture
def app(paths: Paths, clock: Clock) -> Flask:
    return create_app(paths, clock)


def typed(client: FlaskClient) -> list[tuple[str, str]]:
    return sent(client.get("/settings/"), "/settings/preview", **TYPED)


def then_of(answer: TestResponse) -> str:
    """The address to which the login form leads after signing in, "" if it has none."""
    address = urlsplit(answer.headers["Location"])
    assert address.path == "/login"
    return parse_qs(address.query).get("then", [""])[0]


def sign_in(client: FlaskClient, answer: TestResponse, word: str = PASSWORD) -> TestResponse:
    """Load the login form, fill it in and send it, as a browser does."""
    page = client.get(answer.headers["Location"])
    found = re.search(r'name="then" value="([^"]*)"', page.text)
    then = found[1].replace("&amp;", "&") if found else ""
    return client.post("/login", data={"password": word, "then": then})


def test_typed_settings_are_restored_after_signing_in(owner: FlaskClient, clock: Clock) -> None:
    fields = typed(owner)
    clock.now_s += IDLE_S
    answer = post(owner, "/settings/preview", fields)
    assert "what you typed is here again" in owner.get(answer.headers["Location"]).text
    form = owner.get(sign_in(owner, answer).headers["Location"]).text
    assert 'name="camera.width" value="640"' in form
    assert 'name="raspberry_pi.compression_quality" value="many"' in form
    assert 'id="raspberry_pi-compression_quality-error"' in form
    assert own_parts(owner).store.load().settings.camera.width == 320


def test_typed_settings_survive_a_wrong_password(owner: FlaskClient, clock: Clock) -> None:
    fields = typed(owner)
    clock.now_s += LIFE_S
    answer = post(owner, "/settings/preview", fields)
    again = owner.post("/login", data={"password": "wrong", "then": then_of(answer)})
    assert f'name="then" value="{then_of(answer)}"' in again.text
    assert 'value="640"' in owner.get(sign_in(owner, answer).headers["Location"]).text


def test_a_typed_text_is_restored_after_signing_in(owner: FlaskClient, clock: Clock) -> None:
    fields = sent(owner.get("/settings/yaml"), "/settings/yaml", text="# half a tho")
    clock.now_s += IDLE_S
    page = owner.get(sign_in(owner, post(owner, "/settings/yaml", fields)).headers["Location"])
    assert "# half a tho</textarea>" in page.text


def test_a_review_is_restored_after_signing_in_and_can_be_saved(owner: FlaskClient, clock: Clock) -> None:
    fields = sent(owner.get("/settings/"), "/settings/preview", camera__width="640")
    review = owner.get(post(owner, "/settings/preview", fields).headers["Location"])
    saving = sent(review, "/settings/save")
    clock.now_s += IDLE_S
    again = owner.get(sign_in(owner, post(owner, "/settings/save", saving)).headers["Location"])
    assert "<h1>Review changes</h1>" in again.text
    post(owner, "/settings/save", sent(again, "/settings/save"))
    assert own_parts(owner).store.load().settings.camera.width == 640


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("old.yaml", b"camera:\n  width: 640\n", "+  width: 640"),
        ("a.png", b"\x89PNG\xff", "a.png cannot be used: line 1"),
    ],
)
def test_an_upload_is_restored_after_signing_in(
    owner: FlaskClient, clock: Clock, name: str, data: bytes, said: str
) -> None:
    token = token_of(owner)
    clock.now_s += IDLE_S
    answer = owner.post("/settings/upload", data={"csrf_token": token, "file": (io.BytesIO(data), name)})
    assert said in owner.get(sign_in(owner, answer).headers["Location"]).text
    assert own_parts(owner).store.load().settings.camera.width == 320


def test_typed_settings_survive_a_restart_of_the_worker(owner: FlaskClient, clock: Clock, paths: Paths) -> None:
    """In the snap the worker ends after two minutes without a request."""
    fields, cookie = typed(owner), owner.get_cookie("sid")
    assert cookie
    clock.now_s += IDLE_S
    own_parts(owner).sessions.open(
        "owner", password.fingerprint(paths.admin_password)
    )  # another session, which drops the expired one
    later = create_app(paths, clock).test_client()
    later.set_cookie("sid", cookie.value)
    answer = post(later, "/settings/preview", fields)
    last = create_app(paths, clock).test_client()
    assert 'value="640"' in last.get(sign_in(last, answer).headers["Location"]).text


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_a_request_from_another_origin_leaves_no_draft(
    owner: FlaskClient, clock: Clock, headers: dict[str, str]
) -> None:
    fields = typed(owner)
    clock.now_s += IDLE_S
    assert post(owner, "/settings/preview", fields, **headers).status_code == 403


def test_without_the_sessions_csrf_token_no_draft_is_kept(
    owner: FlaskClient, app: Flask, clock: Clock, paths: Paths
) -> None:
    fields = typed(owner)
    wrong = [(name, "x" * 43 if name == "csrf_token" else text) for name, text in fields]
    stranger = app.test_client()
    clock.now_s += IDLE_S
    assert then_of(post(owner, "/settings/preview", wrong)) == ""
    assert then_of(post(stranger, "/settings/preview", fields)) == ""
    assert not paths.drafts.exists()


def test_after_signing_out_no_draft_is_kept(owner: FlaskClient) -> None:
    fields, cookie = typed(owner), owner.get_cookie("sid")
    assert cookie
    owner.post("/logout", data={"csrf_token": token_of(owner)})
    owner.set_cookie("sid", cookie.value)
    assert then_of(post(owner, "/settings/preview", fields)) == ""


def test_after_a_password_change_no_draft_is_restored(owner: FlaskClient, clock: Clock, paths: Paths) -> None:
    fields = typed(owner)
    clock.now_s += IDLE_S
    answer = post(owner, "/settings/preview", fields)
    password.save(paths.admin_password, NEW_PASSWORD)
    assert then_of(post(owner, "/settings/preview", fields)) == ""
    shown = owner.get(sign_in(owner, answer, NEW_PASSWORD).headers["Location"], follow_redirects=True)
    assert 'value="640"' not in shown.text
    assert "no longer kept" in shown.text


def test_a_viewer_who_signs_in_after_an_owner_is_sent_home(
    owner: FlaskClient, viewer: FlaskClient, clock: Clock, app: Flask
) -> None:
    fields = typed(owner)
    clock.now_s += IDLE_S
    answer = post(owner, "/settings/preview", fields)
    at_the_same_browser = app.test_client()
    assert sign_in(at_the_same_browser, answer, VIEWERS_PASSWORD).headers["Location"] == "/"
    assert at_the_same_browser.get(then_of(answer)).status_code == 403


def test_an_expired_viewer_session_keeps_no_draft(viewer: FlaskClient, clock: Clock, paths: Paths) -> None:
    fields = [("csrf_token", token_of(viewer)), ("version", "none"), ("camera.width", "640")]
    clock.now_s += IDLE_S
    assert then_of(post(viewer, "/settings/preview", fields)) == ""
    assert not paths.drafts.exists()


ELSEWHERE = (
    "//evil.example/settings/", "https://evil.example/", "/\\evil.example", "/%5cevil.example", "/settings/\r\nX: y",
    "javascript:alert(1)", "/nowhere", "/logout", "/settings/save", "settings/", "", "/" + "x" * 600, "/settings//../x",
    "//settings/", "/login/../..//evil.example", "http:/settings/", "/settings/@evil.example",
)  # fmt: skip


@pytest.mark.parametrize("then", ELSEWHERE)
def test_signing_in_redirects_only_to_own_pages(stranger: FlaskClient, then: str) -> None:
    answer = stranger.post("/login", data={"password": PASSWORD, "then": then})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_signing_in_returns_to_the_requested_page(stranger: FlaskClient, tmp_path: Path) -> None:
    answer = stranger.get("/settings/?q=pin", headers={"Accept": "text/html,*/*;q=0.8"})
    assert then_of(answer) == "/settings/?q=pin"
    assert sign_in(stranger, answer).headers["Location"] == "/settings/?q=pin"
    another = stranger.application.test_client()
    assert then_of(another.get("/preview.jpg", headers={"Accept": "image/png,image/*;q=0.8"})) == ""
