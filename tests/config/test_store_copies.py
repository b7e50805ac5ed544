"""The store's copies: the last good file, the history, and replaced bad files."""

from __future__ import annotations

from pathlib import Path

from config.paths import CONFIG, LAST_GOOD
from tests.support.store_folder import BAD, names, saved, width, written


def test_a_bad_file_is_replaced_by_the_good_copy_or_the_newest_valid_one(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64), width(65))
    store.mark_good(store.load())
    saved(tmp_path, width(66), width(67))
    (tmp_path / CONFIG).write_text(BAD)
    assert (store.load().settings.camera.width, store.load().origin) == (65, LAST_GOOD)

    (tmp_path / LAST_GOOD).write_bytes(b"\x00")
    assert store.load().settings.camera.width == 66
    newest = max((tmp_path / "history").iterdir())
    assert store.load().origin == f"history/{newest.name}"

    newest.write_text(BAD)
    assert store.load().settings.camera.width == 65
    assert store.load().text == BAD


def test_the_good_copy_is_the_loaded_text_and_independent_of_the_file(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    loaded = store.load()
    saved(tmp_path, width(65))
    store.mark_good(loaded)
    assert (tmp_path / LAST_GOOD).read_text() == width(64)

    store.mark_good(store.load())
    with (tmp_path / CONFIG).open("w") as in_place:
        in_place.write(BAD)
    assert (tmp_path / LAST_GOOD).read_text() == width(65)
    store.mark_good(store.load())
    assert (tmp_path / LAST_GOOD).read_text() == width(65)


def test_marking_an_unchanged_file_good_again_writes_nothing(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    store.mark_good(store.load())
    before = written(tmp_path / LAST_GOOD)
    store.mark_good(store.load())
    assert written(tmp_path / LAST_GOOD) == before


def test_rolling_back_restores_the_good_copy_and_keeps_the_other_file(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    assert not store.roll_back()
    store.mark_good(store.load())
    assert not store.roll_back()
    saved(tmp_path, width(65))
    assert store.roll_back()
    assert store.load().text == width(64)
    assert [path.read_text() for path in tmp_path.glob("config.yaml.broken-*")] == [width(65)]
    assert list(store.copies().values()) == [width(64), width(64)]


def test_the_history_keeps_ten_files(tmp_path: Path) -> None:
    store = saved(tmp_path, *(width(100 + i) for i in range(14)))
    kept = sorted((tmp_path / "history").iterdir())
    assert [path.read_text() for path in kept] == [width(100 + i) for i in range(3, 13)]
    assert store.load().settings.camera.width == 113
    assert names(tmp_path) == [CONFIG, "history"]


def test_the_five_newest_replaced_bad_files_are_kept(tmp_path: Path) -> None:
    for i in range(8):
        (tmp_path / CONFIG).write_text(BAD + f"# {i}\n")
        saved(tmp_path, width(64))
    kept = sorted(tmp_path.glob("config.yaml.broken-*"))
    assert [path.read_text() for path in kept] == [BAD + f"# {i}\n" for i in range(3, 8)]
    assert not (tmp_path / "history").exists()


def test_a_replaced_oversized_file_is_kept_complete(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_bytes(b"#" * 100_000)
    saved(tmp_path, width(64))
    (kept,) = tmp_path.glob("config.yaml.broken-*")
    assert kept.stat().st_size == 100_000


def test_a_save_removes_the_temporary_file_of_a_killed_one(tmp_path: Path) -> None:
    (tmp_path / ".config.yaml.new").write_text("half a fi")
    saved(tmp_path, width(64))
    assert names(tmp_path) == [CONFIG]
