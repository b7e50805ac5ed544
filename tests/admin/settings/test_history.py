"""Earlier versions of the settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from config.paths import CONFIG, HISTORY, LAST_GOOD
from config.store import NO_FILE, Store
from tests.support.settings_form import (
    MINE,
    diff_of,
    preview,
    save,
    send,
)


def test_an_earlier_version_can_be_restored_after_a_review(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    save(client, preview(client, camera__width="700"))
    page = client.get("/settings/history").text
    assert re.search(r"Width <code>camera.width</code>: 640 → <strong>700</strong>", page)
    name = re.search(r'name="name" value="(history/[^"]+)"', page)
    assert name
    diff = send(client, "/settings/history", [("name", name[1])])
    assert diff_of(diff) == ["-  width: 700", "+  width: 640"]
    assert store.load().settings.camera.width == 700
    save(client, diff)
    assert store.load().text == MINE


def test_the_last_good_version_can_be_restored(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    store.save(MINE, NO_FILE)
    store.mark_good(store.load())
    (tmp_path / CONFIG).write_text("camera: {width: wide")
    assert f'value="{LAST_GOOD}"' in client.get("/settings/history").text
    save(client, send(client, "/settings/history", [("name", LAST_GOOD)]))
    assert store.load().text == MINE


@pytest.mark.parametrize("left", [None, "", "# nothing\n"])
def test_a_lost_file_is_named_in_the_form_and_can_be_restored(
    client: FlaskClient, store: Store, tmp_path: Path, left: str | None
) -> None:
    store.save(MINE, NO_FILE)
    store.mark_good(store.load())
    (tmp_path / CONFIG).unlink() if left is None else (tmp_path / CONFIG).write_text(left)
    form = client.get("/settings/").text
    assert store.load().problems[0].reason.split(":")[0] in form
    assert 'value="640"' in form
    save(client, send(client, "/settings/history", [("name", LAST_GOOD)]))
    assert (store.load().text, store.load().problems) == (MINE, ())


@pytest.mark.parametrize("name", ("", CONFIG, "../admin-password", "/etc/passwd", f"{HISTORY}/../{CONFIG}", "history"))
def test_only_listed_versions_are_read(client: FlaskClient, store: Store, tmp_path: Path, name: str) -> None:
    store.save(MINE, NO_FILE)
    (tmp_path.parent / "admin-password").write_text("secret: 1")
    assert client.post("/settings/history", data={"name": name}).status_code == 404


def test_an_earlier_version_that_is_no_longer_valid_is_shown_but_not_saved(
    client: FlaskClient, store: Store, tmp_path: Path
) -> None:
    store.save(MINE, NO_FILE)
    (tmp_path / LAST_GOOD).write_text("camera: {zoom: 3}\n")
    assert "Has problems." in client.get("/settings/history").text
    answer = send(client, "/settings/history", [("name", LAST_GOOD)])
    assert "camera.zoom: 3 is not a setting" in answer.text
    assert store.load().text == MINE
