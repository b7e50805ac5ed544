"""The store on a real disk: loading, saving, conflicts."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.durable import StoreError
from config.paths import CONFIG
from config.read import read
from config.reference import config_yaml
from config.settings import Settings
from config.store import DEFAULTS, NO_FILE, ConflictError, InvalidError, Store
from tests.support.store_folder import BAD, names, saved, width, written


def test_a_missing_file_gives_the_defaults_without_a_problem(tmp_path: Path) -> None:
    loaded = Store(tmp_path / "missing").load()
    assert (loaded.settings, loaded.problems, loaded.origin, loaded.version) == (Settings(), (), DEFAULTS, NO_FILE)
    assert loaded.text == config_yaml()


def test_a_saved_text_is_loaded_byte_for_byte(tmp_path: Path) -> None:
    text = "\ufeffcamera:\r\n  width: 640 # \N{DEGREE SIGN}"
    version = Store(tmp_path).save(text, NO_FILE)
    loaded = Store(tmp_path).load()
    assert (loaded.text, loaded.version, loaded.origin) == (text, version, CONFIG)
    assert loaded.settings.camera.width == 640
    assert (tmp_path / CONFIG).read_bytes() == text.encode()
    assert (tmp_path / CONFIG).stat().st_mode & 0o777 == 0o600


def test_a_first_change_starts_from_the_commented_defaults(tmp_path: Path) -> None:
    store = Store(tmp_path)
    version = store.change({"camera.width": 640}, NO_FILE)
    assert set(config_yaml().splitlines()) < set(store.load().text.splitlines())
    store.change({"camera.width": None}, version)
    assert store.load().text == config_yaml()


def test_saving_an_unchanged_text_writes_nothing(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    before = written(tmp_path / CONFIG)
    assert store.save(width(64), store.load().version) == store.load().version
    assert written(tmp_path / CONFIG) == before
    assert names(tmp_path) == [CONFIG]


def test_without_a_good_copy_the_valid_values_of_a_bad_file_are_in_force(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("profile: balanced\n" + BAD)
    loaded = Store(tmp_path).load()
    assert (loaded.settings.camera.width, loaded.settings.camera.height) == (480, 480)
    assert [str(problem) for problem in loaded.problems] == [
        "line 3: camera.width: wide must be a number between 64 and 1920 px"
    ]
    assert (loaded.origin, loaded.text) == (CONFIG, "profile: balanced\n" + BAD)


def test_a_file_that_is_not_yaml_gives_the_defaults(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_bytes(b"\xff\xfe")
    loaded = Store(tmp_path).load()
    assert (loaded.settings, loaded.origin, loaded.text) == (Settings(), DEFAULTS, "\ufffd\ufffd")


@pytest.mark.parametrize("text", [BAD, "[", "\ud800", "raspberry_pi: {led_pin: 17}", "#" * 20_000, "camera: *a"])
def test_an_invalid_text_is_refused_and_nothing_changes(tmp_path: Path, text: str) -> None:
    store = saved(tmp_path, width(64))
    with pytest.raises(InvalidError) as refused:
        store.save(text, store.load().version)
    assert refused.value.problems == read(text).problems
    assert store.load().text == width(64)
    assert names(tmp_path) == [CONFIG]


def test_an_invalid_change_is_refused_with_each_reason(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    with pytest.raises(InvalidError) as refused:
        store.change({"camera.width": 3, "camera.height": True, "camera.hight": 48}, store.load().version)
    assert [str(problem) for problem in refused.value.problems] == [
        "camera.width: 3 must be between 64 and 1920 px",
        "camera.height: true must be a number between 48 and 1080 px",
        "camera.hight: 48 is not a setting; did you mean camera.height?",
    ]
    with pytest.raises(InvalidError, match=r"raspberry_pi.led_pin: 17 must be other than raspberry_pi.buzzer_pin"):
        store.change({"raspberry_pi.led_pin": 17}, store.load().version)
    assert store.load().text == width(64)


def test_a_change_repairs_a_wrong_value_but_not_an_unreadable_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / CONFIG).write_text(BAD)
    store.change({"camera.width": 64}, store.load().version)
    assert store.load().text == "camera:\n  width: 64\n  height: 480\n"
    for data in (b"camera:\n  # gr\xf6\xdfer\n  width: 64\n", b"camera: {width: 1, width: 2}\n", b"["):
        (tmp_path / CONFIG).write_bytes(data)
        with pytest.raises(InvalidError):
            store.change({"camera.width": 65}, store.load().version)
        assert (tmp_path / CONFIG).read_bytes() == data


def test_saving_is_refused_when_the_file_changed_meanwhile(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    version = store.load().version
    (tmp_path / CONFIG).write_text(width(65))
    with pytest.raises(ConflictError, match="changed meanwhile"):
        store.save(width(66), version)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        store.change({"camera.width": 66}, NO_FILE)
    assert store.load().text == width(65)


def test_saves_of_concurrent_writers_are_acknowledged_only_if_kept(tmp_path: Path) -> None:
    acknowledged: list[str] = []

    def write(first_px: int) -> None:
        store = Store(tmp_path)
        for px in range(first_px, first_px + 8):
            try:
                store.save(width(px), store.load().version)
            except ConflictError:
                continue
            acknowledged.append(width(px))

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, (100, 200, 300, 400)))
    store = Store(tmp_path)
    assert store.load().text in acknowledged
    assert set(store.copies().values()) <= set(acknowledged)
    assert len(store.copies()) == min(10, len(acknowledged) - 1)


def test_a_symlinked_file_is_read_but_never_replaced(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.yaml"
    target.write_text(width(64))
    (tmp_path / CONFIG).symlink_to(target)
    store = Store(tmp_path)
    assert store.load().settings.camera.width == 64
    with pytest.raises(StoreError, match="it is a link or a folder"):
        store.save(width(65), store.load().version)
    assert target.read_text() == width(64)
    target.unlink()
    assert "the file cannot be read: its link leads nowhere; `ls -ld" in str(store.load().problems[0])


def test_a_fifo_instead_of_a_file_is_a_problem_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / CONFIG)
    assert "the file cannot be read: it is not a file; `ls -ld" in str(Store(tmp_path).load().problems[0])
    (tmp_path / CONFIG).unlink()
    (tmp_path / CONFIG).mkdir()
    store = Store(tmp_path)
    assert "cannot be read" in str(store.load().problems[0])
    with pytest.raises(StoreError, match="it is a link or a folder"):
        store.save(width(64), store.load().version)


def test_a_data_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    store = Store(tmp_path / "data")
    assert store.load().problems
    with pytest.raises(StoreError, match=r"data/config\.yaml could not be saved safely: File exists"):
        store.save(width(64), store.load().version)
