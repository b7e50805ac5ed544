"""Two people who change the settings at the same time."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient

from admin.parts import NAME
from config.paths import CONFIG
from config.store import NO_FILE, Store
from tests.support.settings_form import (
    MINE,
    diff_of,
    preview,
    save,
    send,
    send_text,
    sent,
    shown_after,
)


def test_a_second_editor_sees_both_changes_and_overwrites_nothing(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    second = client.get("/settings/")
    save(client, preview(client, camera__frame_skip="4", alerting__repeat_s="9"), sure="1")
    first = store.load().text
    conflict = send(client, "/settings/preview", sent(second, "/settings/preview", camera__width="700"))
    assert conflict.status_code == 409
    assert re.search(r"camera.frame_skip</code></th><td>1</td><td>4</td>", conflict.text)
    assert re.search(r"camera.width</code></th><td>640</td><td>700</td>", conflict.text)
    assert "camera.height</code>" not in conflict.text  # neither editor changed it
    assert store.load().text == first
    save(client, send(client, "/settings/preview", sent(conflict, "/settings/preview")))
    assert store.load().text == first.replace("640", "700")


def test_saving_an_outdated_review_is_a_conflict(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    diff = preview(client, camera__width="700", camera__height="")
    theirs = store.save(MINE.replace("640", "600"), store.load().version)
    conflict = shown_after(client, save(client, diff))
    assert conflict.status_code == 409
    assert re.search(r"camera.width</code></th><td>600</td><td>700</td>", conflict.text)
    assert "the profile&#39;s" in conflict.text
    assert store.load().version == theirs


def test_a_change_between_check_and_write_is_a_conflict(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    store.save(MINE, NO_FILE)
    diff = preview(client, camera__width="700")

    class Late(Store):
        def change(self, values: object, expected_version: str) -> str:
            (tmp_path / CONFIG).write_text(MINE.replace("640", "600"))
            return super().change(values, expected_version)  # type: ignore[arg-type]

    client.application.extensions[NAME].store = Late(tmp_path)
    assert shown_after(client, save(client, diff)).status_code == 409
    assert store.load().settings.camera.width == 600


def test_a_conflict_keeps_invalid_input_too(client: FlaskClient, store: Store) -> None:
    second = client.get("/settings/")
    save(client, preview(client, camera__frame_skip="4"), sure="1")
    conflict = send(client, "/settings/preview", sent(second, "/settings/preview", camera__width="wide"))
    assert conflict.status_code == 409
    again = send(client, "/settings/preview", sent(conflict, "/settings/preview"))
    assert 'value="wide"' in again.text
    assert 'id="camera-width-error"' in again.text


def test_a_second_editor_of_the_text_is_warned_before_overwriting(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    second = client.get("/settings/yaml")
    save(client, send_text(client, MINE.replace("640", "600")))
    yours = MINE.replace("tall", "taller")
    conflict = send(client, "/settings/yaml", sent(second, "/settings/yaml", text=yours))
    assert conflict.status_code == 409
    assert re.search(r"camera.width</code></th><td>640</td><td>600</td>", conflict.text)
    assert "-  width: 600" in diff_of(conflict)
    assert store.load().text == MINE.replace("640", "600")
    save(client, send(client, "/settings/yaml", sent(conflict, "/settings/yaml")))  # after the warning
    assert store.load().text == yours
