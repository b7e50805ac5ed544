"""Keys of older versions that are no longer settings: each is reported, and all others are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.__main__ import main
from config.document import parse
from config.patch import patch
from config.paths import CONFIG
from config.read import OLDER_KEYS, entries, read
from config.settings import DECLARATIONS
from config.store import Store

OF_0_2_0 = (Path(__file__).parent / "releases" / "config-0.2.0.yaml").read_text()
EVERY_KEY_SET = re.sub(r"(?m)^  #(?=\w)", "  ", OF_0_2_0)
REMOVED = [key for key, older in OLDER_KEYS.items() if older.is_removed]
ANYTHING = ("3", "2.5", "wide", "-1e9", ".nan", "1" + "0" * 400, "true", "'3'", "", "~", "[1, 2]", "{a: 1}", "{}")


@pytest.mark.parametrize("key", REMOVED)
def test_a_removed_key_is_named_once_and_other_keys_are_read(key: str) -> None:
    name = key.removeprefix("analysis.")
    for value in ANYTHING:
        for text in (
            f"analysis:\n  {name}: {value}\n  history_window: 90\n",
            f"analysis: {{{name}: {value}, history_window: 90}}\n",
            f"analysis:\n  {name}: {value}\n  history_window: 90\n  {name}: 4\n",
        ):
            reading = read(text)
            assert reading.values == {"analysis.history_window": 90}
            assert reading.problems == ()
            (note,) = reading.notes
            assert note.key == key
            assert str(note).startswith(f"line {note.line}: {key}")
            assert "is no longer a setting: analysis.policy chooses" in str(note)


def test_a_full_file_of_0_2_0_is_read_and_removed_keys_are_named() -> None:
    before = parse(EVERY_KEY_SET)
    assert before is not None
    keys = [entry.key for entry in entries(before)]
    reading = read(EVERY_KEY_SET)
    assert reading.problems == ()
    assert [note.key for note in reading.notes] == [key for key in keys if key not in DECLARATIONS]
    assert {note.key for note in reading.notes} == set(REMOVED)
    assert reading.values.keys() == {key for key in keys if key in DECLARATIONS}


@pytest.mark.parametrize("value", ANYTHING)
def test_migrating_deletes_only_removed_keys(tmp_path: Path, value: str) -> None:
    text = f"analysis:\n  yawn_s: {value}\n  policy: strict  # mine\n  asleep_s: 2\nmemory: {{budget_mb: 200}}\n"
    store = Store(tmp_path)
    (tmp_path / CONFIG).write_text(text)
    assert {note.key for note in store.migrate()} == {"analysis.yawn_s", "analysis.asleep_s"}
    loaded = store.load()
    assert (loaded.settings.analysis.policy, loaded.settings.memory.budget_mb) == ("strict", 200)
    assert (loaded.problems, "asleep_s" in loaded.text) == ((), False)
    assert {note.key for note in loaded.notes} <= {"analysis.yawn_s"}  # a list or a section is left in place
    assert "# mine" in loaded.text


def test_setting_a_key_leaves_removed_and_repeated_keys() -> None:
    text = "analysis:\n  yawn_s: 3\n  yawn_s: [1]\n  asleep_s: 2\n"
    assert patch(text, {"analysis.policy": "strict"}) == text + "  policy: strict\n"
    assert patch(text, {"analysis.policy": None}) == "analysis:\n  yawn_s: [1]\n"


def test_the_commands_set_and_check_name_removed_keys_and_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SNAP_DATA", raising=False)
    monkeypatch.setenv("DRIVEWATCH_DATA", str(tmp_path))
    assert main(["set", "analysis.yawn_s=x", "camera.width=480", "analysis.asleep_s="]) == 0
    assert capsys.readouterr().err.count("is no longer a setting") == 2
    assert Store(tmp_path).load().settings.camera.width == 480
    version = Store(tmp_path).load().version
    assert main(["set", "analysis.yawn_s=3"]) == 0
    assert Store(tmp_path).load().version == version
    (tmp_path / CONFIG).write_text("analysis:\n  yawn_s: 9000\n")
    assert main(["check"]) == 0
    assert "analysis.yawn_s: 9000 is no longer a setting" in capsys.readouterr().out
