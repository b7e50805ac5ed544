"""The store's copies: the last good file, the history, bad files kept aside, and what a kill leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from config.paths import CONFIG, LAST_GOOD
from tests.support.store_folder import BAD, names, saved, width


def test_instead_of_a_bad_file_the_last_good_one_holds_then_the_newest_valid_earlier_one(tmp_path: Path) -> None:
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


def test_copies_are_the_last_good_one_and_the_history_newest_first(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64), width(65), width(66))
    store.mark_good(store.load())
    assert list(store.copies().values()) == [width(66), width(65), width(64)]
    assert next(iter(store.copies())) == LAST_GOOD


def test_the_last_good_file_is_as_it_was_loaded_and_no_editor_changes_it(tmp_path: Path) -> None:
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


def test_marking_the_same_file_good_again_writes_nothing(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    store.mark_good(store.load())
    before = (tmp_path / LAST_GOOD).stat()
    store.mark_good(store.load())
    assert (tmp_path / LAST_GOOD).stat() == before


def test_rolling_back_puts_the_last_good_file_in_place_and_keeps_the_other_aside(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    assert not store.roll_back()
    store.mark_good(store.load())
    assert not store.roll_back()
    saved(tmp_path, width(65))
    assert store.roll_back()
    assert store.load().text == width(64)
    assert [path.read_text() for path in tmp_path.glob("config.yaml.broken-*")] == [width(65)]
    assert list(store.copies().values()) == [width(64), width(64)]


def test_ten_earlier_files_are_kept(tmp_path: Path) -> None:
    store = saved(tmp_path, *(width(100 + i) for i in range(14)))
    kept = sorted((tmp_path / "history").iterdir())
    assert [path.read_text() for path in kept] == [width(100 + i) for i in range(3, 13)]
    assert store.load().settings.camera.width == 113
    assert names(tmp_path) == [CONFIG, "history"]


def test_a_bad_file_is_kept_aside_when_it_is_replaced_and_five_of_them_stay(tmp_path: Path) -> None:
    for i in range(8):
        (tmp_path / CONFIG).write_text(BAD + f"# {i}\n")
        saved(tmp_path, width(64))
    kept = sorted(tmp_path.glob("config.yaml.broken-*"))
    assert [path.read_text() for path in kept] == [BAD + f"# {i}\n" for i in range(3, 8)]
    assert not (tmp_path / "history").exists()


def test_a_bad_file_larger_than_what_is_read_is_kept_whole(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_bytes(b"#" * 100_000)
    saved(tmp_path, width(64))
    (kept,) = tmp_path.glob("config.yaml.broken-*")
    assert kept.stat().st_size == 100_000


def test_what_a_kill_left_behind_is_gone_after_the_next_save(tmp_path: Path) -> None:
    (tmp_path / ".config.yaml.new").write_text("half a fi")
    saved(tmp_path, width(64))
    assert names(tmp_path) == [CONFIG]


KILLS = 30
SAVE_UNTIL_KILLED = f"""
import os, random, signal, sys
from pathlib import Path
from config.store import Store
folder, chance, number = Path(sys.argv[1]), random.Random(7), 0
for _ in range({KILLS}):
    answers, answer = os.pipe()
    if not (child := os.fork()):
        store, version = Store(folder), Store(folder).load().version
        while True:
            number += 1
            version = store.save(f"camera:\\n  width: 64 # {{number}}", version)
            os.write(answer, b".")
    os.close(answer)
    for _ in range(chance.randint(1, 4)):
        number += len(os.read(answers, 1))
    for _ in range(chance.randrange(8_000)):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    number += len(os.read(answers, 1000))
    os.close(answers)
    loaded = Store(folder).load()
    found = int(loaded.text.partition("#")[2])
    assert not loaded.problems and loaded.origin == "config.yaml", loaded
    assert number <= found <= number + 1, (number, found)
    assert len(set(folder.glob(".*")) - {{folder / ".lock"}}) <= 1 and len(list(folder.glob("history/*"))) <= 11
    number = found
    print(found)
"""


def test_a_kill_at_any_moment_leaves_the_acknowledged_file_or_the_next_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SAVE_UNTIL_KILLED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == KILLS
