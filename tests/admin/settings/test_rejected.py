"""Settings that were rolled back or invalid: they are listed and can be edited again."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from admin.settings.history_page import earlier_rows, rejected_rows
from config.paths import CONFIG, LAST_GOOD
from config.release_date import RELEASED_S
from config.settings import Settings
from config.store import NO_FILE, Store
from config.versions import versions
from tests.support.settings_form import MINE, Form, diff_of, preview, save, send, sent, shown_after

REJECTED = MINE.replace("640", "700").replace("480", "500").replace("# mine", "# rejected")


@pytest.fixture
def rejected(store: Store) -> str:
    """The name of a version that was rolled back."""
    store.save(MINE, NO_FILE)
    store.mark_good(store.load())
    store.save(REJECTED, store.load().version)
    assert store.roll_back()
    (name,) = (path.name for path in store._folder.glob(f"{CONFIG}.broken-*"))
    return name


def test_a_rolled_back_version_is_listed_with_its_changes(client: FlaskClient, rejected: str) -> None:
    page = client.get("/settings/history").text
    section = page[page.index('id="rejected-head"') : page.index('id="earlier-head"')]
    assert rejected in section
    assert re.search(r"camera.width</code>: 640 → <strong>700</strong>", section)
    assert re.search(r"camera.height</code>: 480 → <strong>500</strong>", section)


@pytest.mark.parametrize("address", ("/settings/rejected", "/settings/rejected?name={}"))
def test_a_rejected_version_is_edited_again_with_all_its_changes(
    client: FlaskClient, store: Store, rejected: str, address: str
) -> None:
    form = shown_after(client, client.get(address.format(rejected)))
    kept = dict(Form(form.text).fields["/settings/preview"])
    assert (kept["camera.width"], kept["camera.height"]) == ("700", "500")
    review = send(client, "/settings/preview", sent(form, "/settings/preview", camera__width="640"))
    assert diff_of(review) == ["-  height: 480 # tall", "+  height: 500 # tall"]
    save(client, review)
    assert store.load().text == MINE.replace("480", "500")


def test_a_rejected_version_can_be_restored_unchanged(client: FlaskClient, store: Store, rejected: str) -> None:
    save(client, send(client, "/settings/history", [("name", rejected)]))
    assert store.load().text == REJECTED


def test_an_invalid_rejected_version_is_edited_as_text(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("# theirs\ncamera:\n  width: wide\n")
    store.change({"camera.width": 480}, store.load().version)
    area = shown_after(client, client.get("/settings/rejected"))
    assert ("text", "# theirs\r\ncamera:\r\n  width: wide\r\n") in Form(area.text).fields["/settings/yaml"]
    assert "line 3: camera.width: wide must be" in area.text and "This is the rejected version." in area.text
    fixed = sent(area, "/settings/yaml", text="# theirs\ncamera:\n  width: 700\n")
    save(client, send(client, "/settings/yaml", fixed))
    assert store.load().text == "# theirs\ncamera:\n  width: 700\n"


@pytest.mark.parametrize("name", ("", "nothing", CONFIG, "../admin-password"))
def test_only_rejected_and_earlier_versions_are_read(client: FlaskClient, store: Store, name: str) -> None:
    store.save(MINE, NO_FILE)
    assert client.get("/settings/rejected", query_string={"name": name}).status_code == 404
    assert 'value="640"' in client.get("/settings/", query_string={"rejected": name}).text


def test_the_history_shows_time_and_changes_of_each_version(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    store.save(MINE, NO_FILE)
    os.utime(tmp_path / CONFIG, (RELEASED_S, RELEASED_S))
    store.mark_good(store.load())
    save(client, preview(client, camera__width="700"))
    os.utime(tmp_path / CONFIG, (0, 0))  # a Pi without a network
    save(client, preview(client, camera__mirror="true"))
    page = client.get("/settings/history").text
    assert '<time datetime="2026-09-21T14:13:20+00:00">2026-09-21 14:13 UTC</time>' in page
    assert page.count("Date unknown: the clock was not set") == 1
    assert "by this machine's clock, which is wrong while it has no network" in page
    first, second = page.index("mirror</code>: false → <strong>true"), page.index("width</code>: 640 → <strong>700")
    assert first < second < page.index("Nothing older is kept")
    assert page.count("worked for a minute") == 1


def test_each_row_of_the_history_is_compared_with_the_one_before(store: Store, tmp_path: Path) -> None:
    for width in (100, 200, 300):
        store.save(f"camera:\n  width: {width}\n", store.load().version)
    store.save("camera:\n  width: 300 # same\n", store.load().version)
    rows = earlier_rows(versions(tmp_path))
    changed = [None if row.what is None else [(one.before, one.after) for one in row.what] for row in rows]
    assert changed == [[], [("200", "300")], [("100", "200")], None]
    assert [row.is_now for row in rows] == [True, False, False, False]
    assert rejected_rows(versions(tmp_path), Settings()) == []


def test_a_last_good_version_that_is_no_longer_in_the_history_is_listed(store: Store, tmp_path: Path) -> None:
    store.save(MINE, NO_FILE)
    (tmp_path / LAST_GOOD).write_text(REJECTED)
    rows = earlier_rows(versions(tmp_path))
    assert [(row.name, row.is_last_good, row.what) for row in rows] == [
        (CONFIG, False, None),
        (LAST_GOOD, True, None),
    ]
