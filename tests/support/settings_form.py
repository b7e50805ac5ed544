"""The settings' routes over a real store, and helpers that fill in their forms like a browser."""

from __future__ import annotations

import html
import io
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.auth.sessions import Session
from admin.parts import NAME
from admin.settings import settings_page
from admin.settings.drafts import Drafts
from config.paths import Paths
from config.store import Store
from tests.support.failing_disk import FailingDisk

ADMIN = Path(__file__).parents[2] / "admin"
NAV = ("home.show", "health.show", "trips.show", "account.show", "login.sign_out", "restart.show", "banner.part")
KEY = "camera.width"
MINE = "# mine\ncamera:  # the cheap one\n  height: 480 # tall\n  width: 640\n\nprofile: balanced # at the end\n"


class Form(HTMLParser):
    """The fields of a page's forms by action, as a browser sends them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, list[tuple[str, str]]] = {}
        self._action, self._select, self._area = "", "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action = has["action"]
            self.fields.setdefault(self._action, [])
        elif tag == "input" and "name" in has and (has.get("type") not in ("checkbox", "file") or "checked" in has):
            self.fields[self._action].append((has["name"], has.get("value", "")))
        elif tag == "select":
            self._select = has["name"]
        elif tag == "option" and "selected" in has:
            self.fields[self._action].append((self._select, has["value"]))
        elif tag == "textarea":
            self._area = has["name"]

    def handle_data(self, data: str) -> None:
        if self._area:  # a browser drops the first line end, and sends the others as CR LF
            self.fields[self._action].append(
                (self._area, data.removeprefix("\n").replace("\r\n", "\n").replace("\n", "\r\n"))
            )
            self._area = ""


@pytest.fixture
def disk() -> FailingDisk:
    return FailingDisk()


@pytest.fixture
def store(tmp_path: Path, disk: FailingDisk) -> Store:
    return Store(tmp_path, disk)


def bare_app() -> Flask:
    app = Flask("drivewatch", template_folder=str(ADMIN / "templates"), static_folder=str(ADMIN / "static"))
    app.jinja_env.globals.update(csrf_token=lambda: "the-token", may_use=lambda _: True, is_owner=lambda: True)
    app.jinja_env.globals.update(banner=lambda: (), problem_count=lambda: 0)
    app.secret_key = "of a test"
    app.before_request(_sign_in)
    app.register_blueprint(settings_page.routes)
    for endpoint in NAV:
        app.add_url_rule(f"/{endpoint}", endpoint, view_func=str)
    app.testing = True  # exceptions of views are raised in the test
    return app


def _sign_in() -> None:
    g.session = Session("the-token", 0.0, 0.0, "of the owner", "owner")


@pytest.fixture(scope="module")
def app() -> Flask:
    """One app for all tests of a module, as it compiles the templates."""
    return bare_app()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Settings in one folder, all else in another, so that a test can list what was written to the first."""
    return Paths(tmp_path, tmp_path.parent / f"{tmp_path.name}-run", tmp_path)


@pytest.fixture
def client(app: Flask, store: Store, paths: Paths) -> FlaskClient:
    app.extensions[NAME] = SimpleNamespace(
        store=store,
        paths=paths,
        drafts=Drafts(paths.drafts),
        clock=time.monotonic,
        restarter=Mock(),
    )
    return app.test_client()


def sent(answer: TestResponse, action: str, **typed: str) -> list[tuple[str, str]]:
    """The fields of a form with some typed over; two underscores stand for the dot of a key."""
    over = {name.replace("__", "."): text for name, text in typed.items()}
    drawn = [(name, text) for name, text in Form(answer.text).fields[action] if name not in over]
    return [*drawn, *over.items()]


def post(client: FlaskClient, path: str, fields: list[tuple[str, str]], **headers: str) -> TestResponse:
    data: dict[str, list[str]] = {}
    for name, text in fields:
        data.setdefault(name, []).append(text)
    return client.post(path, data=data, headers=headers)


def shown_after(client: FlaskClient, answer: TestResponse) -> TestResponse:
    """The page at the end of the redirects."""
    assert answer.status_code in (302, 303), answer.text
    while answer.status_code in (302, 303):
        answer = client.get(answer.headers["Location"])
    return answer


def preview(client: FlaskClient, **typed: str) -> TestResponse:
    """The page after typing these values and pressing "Review changes"."""
    return send(client, "/settings/preview", sent(client.get("/settings/"), "/settings/preview", **typed))


def send(client: FlaskClient, path: str, fields: list[tuple[str, str]]) -> TestResponse:
    return shown_after(client, post(client, path, fields))


def save(client: FlaskClient, review: TestResponse, **more: str) -> TestResponse:
    """The answer to pressing "Save only"."""
    assert "<h1>Review changes</h1>" in review.text, review.text
    return post(client, "/settings/save", sent(review, "/settings/save", **more))


def send_text(client: FlaskClient, text: str) -> TestResponse:
    return send(client, "/settings/yaml", sent(client.get("/settings/yaml"), "/settings/yaml", text=text))


def upload(client: FlaskClient, data: bytes, name: str = "../../etc/passwd") -> TestResponse:
    return shown_after(client, client.post("/settings/upload", data={"file": (io.BytesIO(data), name)}))


def diff_of(answer: TestResponse) -> list[str]:
    return [html.unescape(line) for line in re.findall(r"<(?:ins|del)>(.*?)</", answer.text)]


def on_disk(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
