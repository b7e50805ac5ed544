"""Password and tokens on the page."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.auth.tokens import Tokens
from config import password
from config.paths import Paths
from tests.support.page import PASSWORD, WRONG, own_parts, post, token_of

NEW = "another horse, another staple"


def cells(page: str) -> list[str]:
    """The cells of the first row of the token table."""
    row = re.search(r"<tbody>\s*<tr>(.*?)</tr>", page, re.S)
    assert row
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row[1], re.S)]


def test_a_token_is_listed_with_scope_creation_and_last_use(app: Flask, owner: FlaskClient, paths: Paths) -> None:
    tokens = Tokens(paths.admin_tokens, wall_clock=lambda: 1_790_000_000.0)
    made = tokens.make("grafana", "read")
    assert cells(owner.get("/account").text) == ["grafana", "read", "2026-09-21 14:13 UTC", "not yet", "Revoke"]
    found = tokens.find(made)
    assert found is not None
    tokens.note_use(found)
    assert cells(owner.get("/account").text)[3] == "2026-09-21"
    app.test_client().get("/api/v1/settings", headers={"Authorization": f"Bearer {made}"})
    assert cells(owner.get("/account").text)[3] > "2026-09-21"


def test_a_token_of_an_older_release_is_listed_with_a_note(owner: FlaskClient, paths: Paths) -> None:
    row = {"id": "0123abcd", "label": "old", "made_s": 1.7e9, "digest": "a" * 64}
    paths.admin_tokens.write_text(json.dumps({"tokens": [row]}))
    assert cells(owner.get("/account").text)[:2] == ["old", "control, as it is of a release that knew no other"]


def test_the_token_form_requires_a_scope_and_offers_read_first(owner: FlaskClient) -> None:
    page = owner.get("/account").text
    assert re.findall(r'<option value="(\w+)"', page) == ["read", "control"]
    assert "choose what the token may do: read or control" in post(owner, "/account/tokens", label="x").text
    assert own_parts(owner).tokens.all() == ()


@pytest.mark.parametrize(("kept", "left"), [({}, 0), ({"keep_tokens": "1"}, 1)])
def test_a_new_password_revokes_the_tokens_unless_they_are_kept(
    owner: FlaskClient, kept: dict[str, str], left: int
) -> None:
    tokens = own_parts(owner).tokens
    made = tokens.make("x", "control")
    post(owner, "/password", old=WRONG, new=NEW, again=NEW)
    post(owner, "/password", old=PASSWORD, new="short", again="short")
    assert tokens.find(made), "a refused password must not revoke tokens"
    post(owner, "/password", old=PASSWORD, new=NEW, again=NEW, **kept)
    assert len(tokens.all()) == left
    text = owner.get("/account").text
    assert ("your other sessions and all tokens are ended" in text) == (not left)


def test_no_token_is_made_if_the_password_changed_during_the_request(
    owner: FlaskClient, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request was authorised, waited for the file, and then finds another password."""
    csrf, parse = token_of(owner), Tokens.make

    def overtaken(*arguments: object) -> str:
        password.save(paths.admin_password, NEW)
        return parse(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Tokens, "make", overtaken)
    answer = owner.post("/account/tokens", data={"csrf_token": csrf, "label": "x", "scope": "control"})
    assert "the password was changed meanwhile" in answer.text
    assert Tokens(paths.admin_tokens).all() == ()
