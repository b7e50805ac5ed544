"""Drafts: typed settings are kept until they are saved, only for their owner, and bounded in size."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from admin.settings.drafts import ALL_MAX_BYTES, FILE_MAX_BYTES, MOST, Drafts
from admin.settings.forms import BACK
from config.store import NO_FILE, Store
from tests.support.settings_form import MINE, post, preview, save, send, send_text, sent, shown_after, upload

OWNER, VIEWER = "5" * 64, "6" * 64
WHAT = {"version": "none", "texts": {"camera.width": "480"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "drafts.json"


def test_a_draft_is_found_only_by_its_owner(file: Path) -> None:
    drafts = Drafts(file)
    draft_id = drafts.keep(OWNER, WHAT)
    assert drafts.find(draft_id, OWNER) == WHAT
    for other in (VIEWER, "", OWNER[:-1]):
        assert drafts.find(draft_id, other) is None
    assert drafts.find("another", OWNER) is None
    assert drafts.find(drafts.keep("", WHAT), "") is None


def test_drafts_survive_a_restart_of_the_worker(file: Path) -> None:
    drafts = Drafts(file)
    ids = [drafts.keep(OWNER, {"text": f"# {number} \N{DEGREE SIGN}"}) for number in range(MOST)]
    assert [Drafts(file).find(one, OWNER) for one in ids] == [drafts.find(one, OWNER) for one in ids]
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_oldest_drafts_are_dropped(file: Path) -> None:
    drafts = Drafts(file)
    ids = [drafts.keep(OWNER, WHAT) for _ in range(MOST + 2)]
    assert [drafts.find(one, OWNER) is None for one in ids] == [True] * 2 + [False] * MOST
    assert len(set(ids)) == MOST + 2


def test_large_drafts_are_dropped_earlier_but_the_newest_stays(file: Path) -> None:
    drafts = Drafts(file)
    ids = [drafts.keep(OWNER, {"text": "\x01" * (ALL_MAX_BYTES // 30)}) for _ in range(MOST)]
    assert file.stat().st_size < FILE_MAX_BYTES
    kept = [one for one in ids if Drafts(file).find(one, OWNER)]
    assert 1 <= len(kept) < MOST and kept == ids[-len(kept) :]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"drafts": [1]}', b'{"drafts": {"a": 1}}', b"\xff"])
def test_a_damaged_draft_file_counts_as_empty_and_is_replaced(file: Path, data: bytes) -> None:
    drafts = Drafts(file)
    drafts.keep(OWNER, WHAT)
    boot = json.loads(file.read_text())["boot_id"]
    file.write_bytes(data.replace(b"{", f'{{"boot_id": "{boot}", '.encode(), 1) if data.startswith(b'{"d') else data)
    again = Drafts(file)
    assert again.find("a", OWNER) is None
    assert again.find(again.keep(OWNER, WHAT), OWNER) == WHAT


def test_without_a_run_folder_drafts_are_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    drafts = Drafts(tmp_path / "run" / "drafts.json")
    assert drafts.find(drafts.keep(OWNER, WHAT), OWNER) == WHAT


BAD_DRAFTS: tuple[dict[str, object], ...] = (
    {},
    {"version": 1},
    {"version": "none", "base": "{}", "texts": []},
    {"version": "none", "base": "{}", "texts": {"camera.width": 1}},
    {"version": "none", "base": "{}", "texts": {"camera.width": None}},
    {"version": "none", "base": "{}", "text": 1},
    {"version": "none", "base": None, "text": "x"},
)


@pytest.mark.parametrize("what", BAD_DRAFTS, ids=str)
def test_a_damaged_draft_is_ignored(client: FlaskClient, store: Store, what: dict[str, object]) -> None:
    draft_id = client.application.extensions["drivewatch"].drafts.keep("of the owner", what)
    for path in (f"/settings/review/{draft_id}", f"/settings/?draft={draft_id}", f"/settings/yaml?draft={draft_id}"):
        shown = client.get(path)
        assert shown_after(client, shown).status_code == 200
    post(client, "/settings/save", [("draft", draft_id)])
    assert store.load().version == NO_FILE


def test_every_sent_form_is_answered_by_a_redirect(client: FlaskClient, store: Store) -> None:
    """A redirect keeps "back" and "reload" from asking whether to send the form again."""
    store.save(MINE, NO_FILE)
    form, area = client.get("/settings/"), client.get("/settings/yaml")
    review = preview(client, camera__width="700")
    sendings: tuple[tuple[str, list[tuple[str, str]]], ...] = (
        ("/settings/preview", sent(form, "/settings/preview", camera__width="700")),
        ("/settings/preview", sent(form, "/settings/preview", camera__width="wide")),
        ("/settings/preview", sent(form, "/settings/preview")),
        ("/settings/preview", [("version", "of yesterday"), ("camera.width", "700")]),
        ("/settings/preview", [*sent(form, "/settings/preview"), (BACK, "camera.width")]),
        ("/settings/yaml", sent(area, "/settings/yaml", text="{")),
        ("/settings/yaml", sent(area, "/settings/yaml", text="# else\n")),
        ("/settings/upload", []),
        ("/settings/reset", []),
        ("/settings/save", sent(review, "/settings/save")),
        ("/settings/save", [("draft", "unknown")]),
        ("/settings/cancel", sent(review, "/settings/save")),
    )
    for path, fields in sendings:
        assert post(client, path, fields).status_code == 303, (path, fields)


def test_reloading_a_review_shows_the_same_and_saves_nothing(client: FlaskClient, store: Store) -> None:
    version = store.save(MINE, NO_FILE)
    for shown in (preview(client, camera__width="700"), preview(client, camera__width="wide"), send_text(client, "{")):
        assert client.get(shown.request.full_path).text == shown.text
    assert store.load().version == version


def test_drafts_of_two_tabs_do_not_mix(client: FlaskClient, store: Store) -> None:
    first = preview(client, camera__width="700", camera__mirror="true")
    second = preview(client, camera__height="100")
    save(client, first)
    assert (store.load().settings.camera.width, store.load().settings.camera.height) == (700, 240)
    conflict = shown_after(client, save(client, second))
    assert "camera.height" in conflict.text and "camera.mirror" in conflict.text
    assert store.load().settings.camera.height == 240


def test_pressing_save_twice_saves_once_without_an_error(client: FlaskClient, store: Store) -> None:
    review = preview(client, camera__width="700")
    save(client, review)
    version = store.load().version
    assert save(client, review).headers["Location"] == "/settings/"
    assert save(client, review, then="restart").headers["Location"] == "/restart.show"
    assert "These changes are saved." in shown_after(client, client.get(review.request.path)).text
    assert store.load().version == version


def test_cancel_forgets_the_draft(client: FlaskClient, store: Store) -> None:
    review = preview(client, camera__width="700")
    send(client, "/settings/cancel", sent(review, "/settings/save"))
    assert "no longer kept" in shown_after(client, save(client, review)).text
    assert store.load().version == NO_FILE


def test_a_risky_change_is_saved_only_after_confirmation(client: FlaskClient, store: Store) -> None:
    review = preview(client, camera__frame_skip="30")
    assert "an alarm can come 30 s late" in review.text
    assert re.search(r'<input type="checkbox" name="sure" value="1" required', review.text)
    for then in ("", "restart"):
        again = shown_after(client, save(client, review, then=then))
        assert "Not saved: tick this" in again.text
        assert store.load().version == NO_FILE
    save(client, review, sure="1")
    assert store.load().settings.camera.frame_skip == 30


@pytest.mark.parametrize(
    "text", ("camera:\n  frame_skip: 30\n", "profile: balanced\ncamera:\n  target_fps: 0.5\n  frame_skip: 9\n")
)
def test_text_and_uploads_need_confirmation_of_risky_changes_too(client: FlaskClient, store: Store, text: str) -> None:
    for review in (send_text(client, text), upload(client, text.encode(), "slow.yaml")):
        assert "Not saved: tick this" in shown_after(client, save(client, review)).text
    assert store.load().version == NO_FILE
