"""Lost settings files: a loss is reported and the good copy is in force; an edit of the owner is no loss."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from config.paths import CONFIG, HISTORY, LAST_GOOD, SNAPD_TOLD, Paths
from config.reference import config_yaml
from config.settings import Settings
from config.store import DEFAULTS, NO_FILE, Loaded, Store

GOOD = "# the owner's\ncamera:\n  width: 640\n  height: 480\nraspberry_pi:\n  buzzer_pin: 22\n  led_pin: 23\n"
NOTHING_LEFT = [
    "",
    " \n\t\r\n",
    "\ufeff",
    "\0" * 4096,
    "\ufeff\n\0",
    "# only this\n",
    "null",
    "{}",
    "---\n",
    "camera:\n",
]


def good_store(folder: Path, text: str = GOOD) -> Store:
    store = Store(folder)
    store.save(text, store.load().version)
    store.mark_good(store.load())
    return store


def assert_named(loaded: Loaded, origin: str = LAST_GOOD) -> None:
    assert loaded.settings.raspberry_pi.buzzer_pin == 22
    assert loaded.origin == origin
    assert [problem.key for problem in loaded.problems] == [CONFIG]


@pytest.mark.parametrize("text", NOTHING_LEFT)
def test_an_emptied_file_is_reported_and_never_becomes_the_good_copy(tmp_path: Path, text: str) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_bytes(text.encode())
    assert_named(store.load())
    store.mark_good(store.load())
    assert (tmp_path / LAST_GOOD).read_text() == GOOD
    assert (tmp_path / CONFIG).read_bytes() == text.encode()


def test_a_missing_file_is_reported_if_there_was_one(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).unlink()
    loaded = store.load()
    assert_named(loaded)
    assert str(loaded.problems[0]).startswith("config.yaml is missing, though there was one: put it back")
    store.mark_good(loaded)
    assert (tmp_path / LAST_GOOD).read_text() == GOOD


@pytest.mark.parametrize("text", ["", "\0\0", "camera: [", None])
def test_without_a_good_copy_the_newest_earlier_file_is_in_force(tmp_path: Path, text: str | None) -> None:
    store = good_store(tmp_path)
    store.save(GOOD.replace("640", "320"), store.load().version)
    (tmp_path / LAST_GOOD).unlink() if text is None else (tmp_path / LAST_GOOD).write_text(text)
    (tmp_path / CONFIG).write_text("")
    (earlier,) = (tmp_path / HISTORY).iterdir()
    assert_named(store.load(), f"{HISTORY}/{earlier.name}")


@pytest.mark.parametrize("text", [None, "", "# nothing\n"])
@pytest.mark.parametrize("copy", ["", "\0"])
def test_a_loss_without_any_copy_is_reported(tmp_path: Path, text: str | None, copy: str) -> None:
    (tmp_path / LAST_GOOD).write_text(copy)
    if text is not None:
        (tmp_path / CONFIG).write_text(text)
    loaded = Store(tmp_path).load()
    assert (loaded.settings, loaded.origin, len(loaded.problems)) == (Settings(), DEFAULTS, 1)


def test_without_any_copy_the_values_told_to_snapd_are_in_force(tmp_path: Path) -> None:
    told = {"raspberry_pi.buzzer_pin": "22", "camera.width": "640", "gone.since": "1", CONFIG: "there"}
    (tmp_path / SNAPD_TOLD).write_text(json.dumps(told))
    store = Store(tmp_path)
    assert_named(store.load(), SNAPD_TOLD)
    store.change({"camera.width": 320}, NO_FILE)
    loaded = store.load()
    assert (loaded.problems, loaded.settings.raspberry_pi.buzzer_pin, loaded.settings.camera.width) == ((), 22, 320)


@pytest.mark.parametrize("is_watched", [False, True])
@pytest.mark.parametrize("is_told", [False, True])
def test_a_first_start_without_a_file_reports_no_problem(tmp_path: Path, is_watched: bool, is_told: bool) -> None:
    store = Store(tmp_path)
    if is_watched:
        store.mark_good(store.load())
    if is_told:
        (tmp_path / SNAPD_TOLD).write_text(json.dumps({"raspberry_pi.buzzer_pin": "17"}))
    loaded = store.load()
    assert (loaded.settings, loaded.problems, loaded.origin, loaded.version) == (Settings(), (), DEFAULTS, NO_FILE)


def test_a_hand_copied_default_file_is_no_loss(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(config_yaml())
    assert Store(tmp_path).load().problems == ()


@pytest.mark.parametrize("text", ["", "  \n", "# nothing\n", "{}\n", config_yaml(), "camera:\n  width: 640\n"])
def test_a_saved_file_is_in_force_even_if_nearly_empty(tmp_path: Path, text: str) -> None:
    store = good_store(tmp_path)
    version = store.save(text, store.load().version)
    loaded = store.load()
    assert (loaded.problems, loaded.version, loaded.origin) == ((), version, CONFIG)
    assert loaded.settings.raspberry_pi.buzzer_pin == Settings().raspberry_pi.buzzer_pin
    store.mark_good(loaded)
    assert (tmp_path / LAST_GOOD).read_text() == (text if text.strip() else config_yaml())


def test_unsetting_every_setting_is_no_loss(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    keys = ("camera.width", "camera.height", "raspberry_pi.buzzer_pin", "raspberry_pi.led_pin")
    store.change(dict.fromkeys(keys), store.load().version)
    assert (store.load().problems, store.load().settings) == ((), Settings())


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_a_truncated_file_changes_no_pin_and_never_becomes_the_good_copy(tmp_path: Path, at: int) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_text(GOOD[:at])
    loaded = store.load()
    is_edit = GOOD[:at].removesuffix("\n").endswith(("height: 480", "raspberry_pi:", "buzzer_pin: 22", "led_pin: 23"))
    assert bool(loaded.problems) is not is_edit
    if not is_edit:
        assert loaded.settings.raspberry_pi.buzzer_pin == 22
        store.mark_good(loaded)
        assert (tmp_path / LAST_GOOD).read_text() == GOOD


@pytest.mark.parametrize(
    "text", [GOOD[:-14], GOOD.replace("  width: 640\n", ""), "profile: low_memory\n", "camera: {width: 100}\n"]
)
def test_removing_keys_by_hand_is_no_loss(tmp_path: Path, text: str) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_text(text)
    assert (store.load().problems, store.load().origin) == ((), CONFIG)


def test_a_default_file_truncated_before_its_setting_is_a_loss(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.change({"raspberry_pi.buzzer_pin": 22}, NO_FILE)
    store.mark_good(store.load())
    text = store.load().text
    line_ends = [at for at in range(len(text)) if text[:at].endswith("\n") or at == 0]
    for at in (*line_ends, text.index("_pin: 22") + 7):
        (tmp_path / CONFIG).write_text(text[:at])
        assert store.load().settings.raspberry_pi.buzzer_pin == 22, text[:at][-40:]


@pytest.mark.parametrize("kind", ["folder", "dangling link", "fifo", "device"])
def test_a_folder_link_or_fifo_instead_of_the_file_is_reported(tmp_path: Path, kind: str) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).unlink()
    if kind == "folder":
        (tmp_path / CONFIG).mkdir()
    elif kind == "fifo":
        os.mkfifo(tmp_path / CONFIG)
    else:
        (tmp_path / CONFIG).symlink_to("/dev/null" if kind == "device" else tmp_path / "nowhere")
    loaded = store.load()
    assert (loaded.origin, loaded.settings.raspberry_pi.buzzer_pin, len(loaded.problems)) == (LAST_GOOD, 22, 1)


def test_a_change_to_a_lost_file_starts_from_the_copy_in_force(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_text("# left\n")
    store.change({"camera.width": 320}, store.load().version)
    assert store.load().text == GOOD.replace("640", "320")
    assert [path.read_text() for path in tmp_path.glob("config.yaml.broken-*")] == ["# left\n"]


def test_a_lost_file_is_rolled_back_to_the_good_copy(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).unlink()
    assert store.roll_back()
    assert (store.load().problems, store.load().text) == ((), GOOD)


def test_after_a_factory_reset_no_file_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.commands import factory_reset

    store = good_store(tmp_path)
    store.save(GOOD.replace("640", "320"), store.load().version)
    (tmp_path / SNAPD_TOLD).write_text(json.dumps({CONFIG: "there"}))
    factory_reset._delete(Paths(tmp_path, tmp_path / "run", tmp_path), [])
    assert (store.load().problems, store.load().origin) == ((), DEFAULTS)
