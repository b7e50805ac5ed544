"""A settings file that lost what it said is not taken for the owner's wish, and a wish not for a loss."""

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
def test_a_file_with_nothing_left_is_damaged_and_never_becomes_the_good_one(tmp_path: Path, text: str) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_bytes(text.encode())
    assert_named(store.load())
    store.mark_good(store.load())
    assert (tmp_path / LAST_GOOD).read_text() == GOOD
    assert (tmp_path / CONFIG).read_bytes() == text.encode()


def test_a_missing_file_is_named_where_there_was_one(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).unlink()
    loaded = store.load()
    assert_named(loaded)
    assert str(loaded.problems[0]).startswith("config.yaml is missing, though there was one: put it back")
    store.mark_good(loaded)
    assert (tmp_path / LAST_GOOD).read_text() == GOOD


@pytest.mark.parametrize("text", ["", "\0\0", "camera: [", None])
def test_without_a_usable_good_copy_the_newest_earlier_file_holds(tmp_path: Path, text: str | None) -> None:
    store = good_store(tmp_path)
    store.save(GOOD.replace("640", "320"), store.load().version)
    (tmp_path / LAST_GOOD).unlink() if text is None else (tmp_path / LAST_GOOD).write_text(text)
    (tmp_path / CONFIG).write_text("")
    (earlier,) = (tmp_path / HISTORY).iterdir()
    assert_named(store.load(), f"{HISTORY}/{earlier.name}")


@pytest.mark.parametrize("text", [None, "", "# nothing\n"])
@pytest.mark.parametrize("copy", ["", "\0"])
def test_with_no_copy_left_the_loss_is_named_all_the_same(tmp_path: Path, text: str | None, copy: str) -> None:
    (tmp_path / LAST_GOOD).write_text(copy)
    if text is not None:
        (tmp_path / CONFIG).write_text(text)
    loaded = Store(tmp_path).load()
    assert (loaded.settings, loaded.origin, len(loaded.problems)) == (Settings(), DEFAULTS, 1)


def test_with_both_gone_what_snapd_was_told_holds(tmp_path: Path) -> None:
    told = {"raspberry_pi.buzzer_pin": "22", "camera.width": "640", "gone.since": "1", CONFIG: "there"}
    (tmp_path / SNAPD_TOLD).write_text(json.dumps(told))
    store = Store(tmp_path)
    assert_named(store.load(), SNAPD_TOLD)
    store.change({"camera.width": 320}, NO_FILE)
    loaded = store.load()
    assert (loaded.problems, loaded.settings.raspberry_pi.buzzer_pin, loaded.settings.camera.width) == ((), 22, 320)


@pytest.mark.parametrize("is_watched", [False, True])
@pytest.mark.parametrize("is_told", [False, True])
def test_a_first_start_is_quiet_and_stays_so(tmp_path: Path, is_watched: bool, is_told: bool) -> None:
    store = Store(tmp_path)
    if is_watched:
        store.mark_good(store.load())
    if is_told:
        (tmp_path / SNAPD_TOLD).write_text(json.dumps({"raspberry_pi.buzzer_pin": "17"}))
    loaded = store.load()
    assert (loaded.settings, loaded.problems, loaded.origin, loaded.version) == (Settings(), (), DEFAULTS, NO_FILE)


def test_the_commented_defaults_copied_by_hand_are_no_loss(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(config_yaml())
    assert Store(tmp_path).load().problems == ()


@pytest.mark.parametrize("text", ["", "  \n", "# nothing\n", "{}\n", config_yaml(), "camera:\n  width: 640\n"])
def test_what_is_saved_is_a_wish_however_little_it_says(tmp_path: Path, text: str) -> None:
    store = good_store(tmp_path)
    version = store.save(text, store.load().version)
    loaded = store.load()
    assert (loaded.problems, loaded.version, loaded.origin) == ((), version, CONFIG)
    assert loaded.settings.raspberry_pi.buzzer_pin == Settings().raspberry_pi.buzzer_pin
    store.mark_good(loaded)
    assert (tmp_path / LAST_GOOD).read_text() == (text if text.strip() else config_yaml())


def test_every_setting_unset_by_a_change_is_a_wish(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    keys = ("camera.width", "camera.height", "raspberry_pi.buzzer_pin", "raspberry_pi.led_pin")
    store.change(dict.fromkeys(keys), store.load().version)
    assert (store.load().problems, store.load().settings) == ((), Settings())


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_a_file_that_is_cut_off_anywhere_moves_no_pin_and_becomes_no_good_one(tmp_path: Path, at: int) -> None:
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
def test_an_edit_by_hand_that_takes_keys_out_is_a_wish(tmp_path: Path, text: str) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_text(text)
    assert (store.load().problems, store.load().origin) == ((), CONFIG)


def test_the_commented_defaults_with_one_setting_are_cut_off_as_soon_as_that_is_gone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.change({"raspberry_pi.buzzer_pin": 22}, NO_FILE)
    store.mark_good(store.load())
    text = store.load().text
    line_ends = [at for at in range(len(text)) if text[:at].endswith("\n") or at == 0]
    for at in (*line_ends, text.index("_pin: 22") + 7):
        (tmp_path / CONFIG).write_text(text[:at])
        assert store.load().settings.raspberry_pi.buzzer_pin == 22, text[:at][-40:]


@pytest.mark.parametrize("kind", ["folder", "dangling link", "fifo", "device"])
def test_what_is_no_file_any_more_is_named_and_the_good_copy_holds(tmp_path: Path, kind: str) -> None:
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


def test_a_change_over_a_lost_file_starts_from_the_copy_in_force(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_text("# left\n")
    store.change({"camera.width": 320}, store.load().version)
    assert store.load().text == GOOD.replace("640", "320")
    assert [path.read_text() for path in tmp_path.glob("config.yaml.broken-*")] == ["# left\n"]


def test_the_good_copy_is_put_back_as_it_is(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).write_text("")
    store.save(store.copies()[LAST_GOOD], store.load().version)
    assert (store.load().problems, store.load().text) == ((), GOOD)


def test_a_loss_is_rolled_back_like_other_settings(tmp_path: Path) -> None:
    store = good_store(tmp_path)
    (tmp_path / CONFIG).unlink()
    assert store.roll_back()
    assert (store.load().problems, store.load().text) == ((), GOOD)


def test_after_a_factory_reset_nothing_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.commands import factory_reset

    store = good_store(tmp_path)
    store.save(GOOD.replace("640", "320"), store.load().version)
    (tmp_path / SNAPD_TOLD).write_text(json.dumps({CONFIG: "there"}))
    factory_reset._delete(Paths(tmp_path, tmp_path / "run", tmp_path), [])
    assert (store.load().problems, store.load().origin) == ((), DEFAULTS)
