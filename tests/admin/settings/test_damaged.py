"""Settings with a damaged file or disk, and manipulated forms."""

from __future__ import annotations

import errno
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.paths import CONFIG
from config.store import NO_FILE, Store
from tests.support.failing_disk import FailingDisk
from tests.support.settings_form import (
    KEY,
    MINE,
    diff_of,
    preview,
    save,
    send,
    send_text,
    sent,
    shown_after,
)


def test_a_file_that_is_not_yaml_is_repaired_as_text(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("camera: {width: 480\n# mine\n")
    assert client.get("/settings/").headers["Location"] == "/settings/yaml"
    page = client.get("/settings/yaml")
    assert (page.status_code, "is not valid YAML" in page.text, "in force: defaults" in page.text) == (200, True, True)
    save(client, send_text(client, "camera: {width: 480}\n# mine\n"))
    assert store.load().settings.camera.width == 480


def test_a_bad_value_in_the_file_is_repaired_by_the_form(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("# mine\ncamera: {width: wide}\n")
    page = client.get("/settings/")
    assert ("in force:" in page.text, 'value="wide"' in page.text, 'aria-invalid="true"' in page.text) == (True,) * 3
    assert 'id="camera-width-error"' in preview(client, camera__height="480").text
    save(client, preview(client, camera__width="480"))
    assert store.load().text == "# mine\ncamera: {width: 480}\n"


def test_a_section_in_braces_is_left_alone_with_an_explanation(client: FlaskClient, tmp_path: Path) -> None:
    text = "camera: {height: 240}  # mine\n"
    (tmp_path / CONFIG).write_text(text)
    answer = preview(client, camera__width="480")
    assert "has its keys in braces (line 1): write each on a line of its own" in answer.text
    assert (tmp_path / CONFIG).read_text() == text


def test_an_unknown_key_in_the_file_links_to_the_text_editor(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("camera:\n  zoom: 3\n")
    answer = preview(client, camera__width="480")
    assert re.search(r'camera\.zoom: 3 is not a setting.*<a href="/settings/yaml">', html.unescape(answer.text))


def test_typed_values_survive_a_file_damaged_meanwhile(client: FlaskClient, tmp_path: Path) -> None:
    drawn = client.get("/settings/")
    (tmp_path / CONFIG).write_text("{")
    conflict = send(client, "/settings/preview", sent(drawn, "/settings/preview", camera__width="700"))
    assert conflict.status_code == 409
    again = send(client, "/settings/preview", sent(conflict, "/settings/preview"))
    assert "is not valid YAML" in again.text  # the file must be repaired first
    assert 'value="700"' in again.text


DISK_ERRORS = (
    (errno.ENOSPC, "the disk is full"),
    (errno.EDQUOT, "the disk quota is used up"),
    (errno.EROFS, "the disk is read-only"),
    (errno.EIO, "the disk fails"),
)


@pytest.mark.parametrize(("number", "said"), DISK_ERRORS)
def test_a_disk_error_is_explained_and_saving_can_be_repeated(
    client: FlaskClient, store: Store, disk: FailingDisk, number: int, said: str
) -> None:
    store.save(MINE, NO_FILE)
    for review in (preview(client, camera__width="700"), send_text(client, MINE.replace("640", "701"))):
        disk.error = number
        answer = shown_after(client, save(client, review))
        assert (said in answer.text, "Remedy: " in answer.text) == (True, True)
        disk.error = 0
        assert save(client, answer).headers["Location"] == "/settings/"
        assert store.load().text in (MINE.replace("640", "700"), MINE.replace("640", "701"))
        store.save(MINE, store.load().version)


def edit_again(client: FlaskClient, review: TestResponse) -> TestResponse:
    address = re.search(r'<a href="([^"]+)">Edit again</a>', review.text)
    assert address
    return client.get(html.unescape(address[1]))


def test_edit_again_returns_to_the_form_with_the_typed_values(client: FlaskClient) -> None:
    form = edit_again(client, preview(client, camera__width="700"))
    assert ('value="700"' in form.text, '<option value="custom" selected>' in form.text) == (True, True)
    assert "+  width: 700" in diff_of(send(client, "/settings/preview", sent(form, "/settings/preview")))


def test_edit_again_returns_to_the_typed_text(client: FlaskClient) -> None:
    area = edit_again(client, send_text(client, "# new\n"))
    assert ("text", "# new\r\n") in sent(area, "/settings/yaml")


@pytest.mark.parametrize("base", ("", "[]", '{"camera.width": "x"}', "[" * 9000))
def test_a_manipulated_form_overwrites_nothing(client: FlaskClient, store: Store, base: str) -> None:
    version = store.save(MINE, NO_FILE)
    for token in ("", "x" * 2000, "../x", NO_FILE):
        fields = [("version", token), ("base", base), (KEY, "700")]
        assert send(client, "/settings/preview", fields).status_code == 409
        assert "no longer kept" in send(client, "/settings/save", [*fields, ("draft", token)]).text
    assert store.load().version == version


def answers(client: FlaskClient) -> Iterator[TestResponse]:
    for name in ("", "yaml", "history"):
        yield client.get(f"/settings/{name}")
    yield preview(client, camera__width="700")
    yield preview(client, camera__width="wide")
    yield send(client, "/settings/preview", [("version", "old"), (KEY, "700")])
    yield send(client, "/settings/yaml", [("version", "old"), ("text", MINE)])


def test_no_settings_answer_has_inline_script_or_style(client: FlaskClient) -> None:
    for answer in answers(client):
        text = answer.text.replace("https://cars.example", "")  # how a setting is written
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|https?://", text)
        assert len(answer.data) < 80_000
