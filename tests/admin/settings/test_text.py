"""The settings file as text, as an upload and as a download."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from config.document import MAX_BYTES
from config.reference import config_yaml
from config.store import NO_FILE, Store
from tests.support.settings_form import (
    MINE,
    save,
    send,
    send_text,
    sent,
    upload,
)


def test_a_text_is_saved_exactly_as_typed(client: FlaskClient, store: Store) -> None:
    text = "# \N{DEGREE SIGN} <b> &amp;\ncamera: {width: 480}\n\n\n# end"
    diff = send_text(client, text)
    assert "<b>" not in diff.text
    save(client, diff)
    assert store.load().text == text


@pytest.mark.parametrize("line_end", ("\n", "\r\n"))
def test_the_files_line_ends_are_kept_whatever_the_browser_sends(
    client: FlaskClient, store: Store, line_end: str
) -> None:
    text = MINE.replace("\n", line_end)
    store.save(text, NO_FILE)
    drawn = sent(client.get("/settings/yaml"), "/settings/yaml")
    assert "\r\n" in dict(drawn)["text"]
    assert "No changes." in send(client, "/settings/yaml", drawn).text
    save(client, send_text(client, MINE.replace("640", "600").replace("\n", "\r\n")))
    assert store.load().text == text.replace("640", "600")


HOSTILE = (
    ("camera:\n  width: wide\n", "line 2: camera.width: wide must be"),
    ("camera:\n  width: " + "9" * 5000, "line 2"),
    ("camera:\n\twidth: 5\n", "line 2"),
    ("a: &a [x]\nb: [*a, *a]\n", "line 1: the file must not use anchors"),
    ("camera:\n  widht: 480\n", "did you mean camera.width?"),
    ("[" * 9000, "nested too deeply"),
    ("\x00", "a character that YAML does not allow"),
    ("#" * (MAX_BYTES + 1), "larger than"),
    ("profile: <script>alert(1)</script>\n", "line 1"),
)


@pytest.mark.parametrize(("text", "said"), HOSTILE)
def test_an_invalid_text_is_refused_with_its_line_and_kept(
    client: FlaskClient, store: Store, text: str, said: str
) -> None:
    answer = send_text(client, text)
    assert said in html.unescape(answer.text)
    assert "<script>alert" not in answer.text
    assert html.escape(text.strip("\n")[:50], quote=False) in answer.text.replace("&#39;", "'").replace("&#34;", '"')
    assert store.load().version == NO_FILE


@pytest.mark.parametrize(("text", "said"), HOSTILE)
def test_an_invalid_upload_is_refused_with_its_line(client: FlaskClient, store: Store, text: str, said: str) -> None:
    answer = upload(client, text.encode())
    assert said in html.unescape(answer.text)
    assert "<h1>Review changes</h1>" not in answer.text
    assert store.load().version == NO_FILE


def test_the_offending_line_is_quoted(client: FlaskClient) -> None:
    answer = send_text(client, "camera:\n  height: 240\n  width: wide  # too\n")
    assert re.search(r"line 3: .*\n?.*<code>width: wide  # too</code>", answer.text)


NOT_TEXT = "cannot be used: line 1: the file is not UTF-8 text"
NO_SETTINGS = (
    ("holiday.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0camera:\n", f"holiday.jpg {NOT_TEXT}"),
    ("config.yaml", "camera:\n".encode("utf-16"), f"config.yaml {NOT_TEXT}"),
    ("config.yaml", b"camera:\n  width: \xff\xfe\n", "config.yaml cannot be used: line 2: the file is not UTF-8 text"),
    ("config.yaml", b"", "config.yaml is empty"),
    ("../../etc/<b>.gif", b"GIF89a\xff\0", f"<b>.gif {NOT_TEXT}"),
    ("x" * 300, b"\x1f\x8b\xff", "x" * 60 + "\N{HORIZONTAL ELLIPSIS} " + NOT_TEXT),
)


@pytest.mark.parametrize(("name", "data", "said"), NO_SETTINGS)
def test_an_upload_that_is_no_text_is_refused_by_its_name(
    client: FlaskClient, store: Store, name: str, data: bytes, said: str
) -> None:
    store.save(MINE, NO_FILE)
    answer = upload(client, data, name)
    assert said in html.unescape(answer.text)
    assert "<b>" not in answer.text
    assert "the cheap one" not in answer.text  # nothing of the current file is shown
    assert said not in html.unescape(client.get("/settings/history").text)
    assert store.load().text == MINE


def test_an_upload_without_a_file_is_refused(client: FlaskClient) -> None:
    assert "No file was chosen" in send(client, "/settings/upload", []).text


def test_an_upload_with_a_mistake_quotes_its_own_line(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    answer = upload(client, b"profile: balanced\ncamera:\n  width: wide  # theirs\n", "old.yaml")
    assert "old.yaml cannot be used" in answer.text
    assert re.search(r"line 3: .*\n?.*<code>width: wide  # theirs</code>", answer.text)
    assert "the cheap one" not in answer.text


def test_a_download_can_be_uploaded_again_byte_for_byte(client: FlaskClient, store: Store) -> None:
    text = "\ufeff# \N{DEGREE SIGN}\r\ncamera: {width: 500}\r\n# mixed\n"
    store.save(text, NO_FILE)
    kept = client.get("/settings/download")
    assert kept.data == text.encode()
    assert kept.headers["Content-Disposition"] == 'attachment; filename="config.yaml"'
    store.save("", store.load().version)
    save(client, upload(client, kept.data))
    assert store.load().text == text


def test_without_a_file_the_download_is_the_commented_defaults(client: FlaskClient) -> None:
    assert client.get("/settings/download").text == config_yaml()
