"""The form of the settings."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from admin.parts import NAME
from config.paths import CONFIG
from config.reference import config_yaml
from config.settings import DECLARATIONS
from config.store import NO_FILE, Store
from tests.support.settings_form import (
    KEY,
    MINE,
    Form,
    diff_of,
    on_disk,
    post,
    preview,
    save,
    send,
    sent,
)


def test_the_form_has_a_labelled_described_input_for_every_setting(client: FlaskClient) -> None:
    text = client.get("/settings/").text
    ids = set(re.findall(r' id="([^"]+)"', text))
    for key in DECLARATIONS:
        assert f'name="{key}"' in text
        assert f'<label for="{key.replace(".", "-")}"' in text
    assert set(" ".join(re.findall(r'aria-describedby="([^"]+)"', text)).split()) <= ids
    assert len(ids) == len(re.findall(r' id="', text))
    assert text.index('name="profile"') < text.index('name="resolution"') < text.index('id="advanced"')
    assert text.index('id="advanced"') < text.index('name="camera.width"')
    assert "high_accuracy: 77 MB, 91 % of faces" in text


def test_viewing_the_settings_writes_nothing(client: FlaskClient, tmp_path: Path) -> None:
    for path in ("/settings/", "/settings/yaml", "/settings/history", "/settings/download"):
        assert client.get(path).status_code == 200
    preview(client, resolution="640x480")
    assert on_disk(tmp_path) == {}


def test_every_form_has_the_sessions_csrf_token(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    pages = [client.get(f"/settings/{name}") for name in ("", "yaml", "history")]
    for answer in (*pages, preview(client, camera__width="480")):
        for action, fields in Form(answer.text).fields.items():
            is_search = action == "/settings/"
            assert is_search or ("csrf_token", "the-token") in fields, action


def test_a_reviewed_change_is_saved_and_nothing_else(client: FlaskClient, store: Store) -> None:
    version = store.save(MINE, NO_FILE)
    diff = preview(client, camera__width="500", memory__governor="false")
    assert diff_of(diff) == ["-  width: 640", "+  width: 500", "+memory:", "+  governor: false"]
    assert store.load().version == version
    answer = save(client, diff)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/")
    assert store.load().text == MINE.replace("640", "500") + "memory:\n  governor: false\n"
    assert "Saved." in client.get("/settings/").text
    assert "Saved." not in client.get("/settings/").text  # the message is shown once


def test_the_four_usual_settings_can_be_changed_together(client: FlaskClient, store: Store) -> None:
    typed = {"camera__frame_skip": "2", "raspberry_pi__compression_quality": "55", "analysis__history_window": "90"}
    save(client, preview(client, resolution="640x480", **typed))
    now = store.load().settings
    assert (now.camera.width, now.camera.height, now.camera.frame_skip) == (640, 480, 2)
    assert (now.raspberry_pi.compression_quality, now.analysis.history_window) == (55, 90)
    assert set(config_yaml().splitlines()) <= set(store.load().text.splitlines())


def test_save_and_restart_does_both(client: FlaskClient, store: Store) -> None:
    restarter = client.application.extensions[NAME].restarter
    review = preview(client, camera__width="500")
    assert review.text.index("Save and restart</button>") < review.text.index("Save only</button>")
    answer = save(client, review, then="restart")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/restart.show")
    assert store.load().settings.camera.width == 500
    restarter.start.assert_called_once()


def test_save_only_does_not_restart(client: FlaskClient) -> None:
    save(client, preview(client, camera__width="500"))
    client.application.extensions[NAME].restarter.start.assert_not_called()


def test_an_unchanged_form_has_nothing_to_save(client: FlaskClient, store: Store) -> None:
    assert "No changes." in preview(client).text
    assert "No changes." not in client.get("/settings/").text
    assert store.load().version == NO_FILE


@pytest.mark.parametrize("bad", ("NaN", ".inf", "-5", "9" * 5000, "wide", "<b>", "1e9", "\N{FULLWIDTH DIGIT ONE}00"))
def test_a_bad_value_is_an_error_at_its_field_and_other_input_is_kept(
    client: FlaskClient, store: Store, bad: str
) -> None:
    answer = preview(client, camera__width=bad, camera__height="480", camera__source='a "b" & c')
    field = re.search(r'<input id="camera-width"[^>]*>', answer.text)
    assert field
    assert f'value="{html.escape(bad).replace("&quot;", "&#34;")}"' in field[0]
    assert 'aria-describedby="camera-width-hint camera-width-error" aria-invalid="true"' in field[0]
    assert 'id="camera-width-error" class="error">Width must be ' in answer.text
    assert '<a href="#camera-width">' in answer.text
    kept = dict(Form(answer.text).fields["/settings/preview"])
    assert (kept["camera.height"], kept["camera.source"]) == ("480", 'a "b" & c')
    assert store.load().version == NO_FILE


def test_an_error_in_a_closed_group_opens_it(client: FlaskClient) -> None:
    assert '<details id="advanced">' in client.get("/settings/").text
    assert '<details id="advanced" open>' in preview(client, analysis__neutral_yaw="x").text


def test_contradicting_values_are_refused_as_a_whole(client: FlaskClient, store: Store) -> None:
    answer = preview(client, raspberry_pi__buzzer_pin="27", camera__width="480")
    assert "raspberry_pi.led_pin, which is 27" in answer.text
    assert 'id="raspberry_pi-buzzer_pin-error"' in answer.text
    assert store.load().version == NO_FILE


def test_a_bad_value_in_a_manipulated_draft_is_not_saved(client: FlaskClient, store: Store) -> None:
    draft = {"version": NO_FILE, "base": "{}", "texts": {"camera.width": "-1", "camera.height": "480"}}
    draft_id = client.application.extensions[NAME].drafts.keep("of the owner", draft)
    answer = send(client, "/settings/save", [("draft", draft_id)])
    assert 'id="camera-width-error"' in answer.text
    assert store.load().version == NO_FILE


def test_unknown_fields_are_refused(client: FlaskClient, store: Store) -> None:
    answer = post(
        client, "/settings/preview", [("version", NO_FILE), ("camera.widht", "480"), ("camera.height", "480")]
    )
    assert (answer.status_code, "did you mean camera.width?" in answer.text) == (422, True)
    assert store.load().version == NO_FILE


def test_resetting_one_field_keeps_other_input(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    assert "Back to the profile's 480</button>" in client.get("/settings/").text
    drawn = sent(client.get("/settings/"), "/settings/preview", camera__frame_skip="3")
    save(client, send(client, "/settings/preview", [*drawn, ("back", KEY)]), sure="1")
    now = store.load()
    assert (now.settings.camera.width, now.settings.camera.frame_skip) == (480, 3)
    assert "width" not in now.text
    assert "# the cheap one" in now.text


def test_reset_works_for_one_setting_or_all(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    assert diff_of(send(client, "/settings/reset", [("key", KEY)])) == ["-  width: 640"]
    save(client, send(client, "/settings/reset", []))
    now = store.load()
    assert (now.settings.camera.width, now.settings.camera.height, now.settings.profile) == (480, 360, "balanced")
    assert now.text == "# mine\ncamera:  # the cheap one\n  # tall\n\nprofile: balanced # at the end\n"
    assert client.post("/settings/reset", data={"key": "../x"}).status_code == 422


@pytest.mark.parametrize("broken", ("profile: balanced\nno_such: 1\n", "{", "a: 1\na: 2\n", "camera: [1]\n"))
def test_reset_replaces_a_file_that_cannot_be_used(
    client: FlaskClient, store: Store, tmp_path: Path, broken: str
) -> None:
    (tmp_path / CONFIG).write_text(broken)
    save(client, send(client, "/settings/reset", []))
    now = store.load()
    assert now.problems == ()
    assert now.settings.profile == ("balanced" if "balanced" in broken else "low_memory")
    assert any(name.startswith(f"{CONFIG}.broken-") for name in on_disk(tmp_path))
