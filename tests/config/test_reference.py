"""config.yaml, the table of settings, the command line, and the imports of the package."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.__main__ import main
from config.declaration import PROFILES
from config.document import MAX_BYTES
from config.paths import CONFIG
from config.read import read
from config.reference import config_yaml, table
from config.settings import DECLARATIONS, Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SNAP_DATA", "SNAP_COMMON", "SNAP_INSTANCE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DRIVEWATCH_DATA", str(tmp_path))
    return tmp_path


def test_the_committed_config_yaml_is_up_to_date() -> None:
    committed = (ROOT / "config" / "config.yaml").read_text()
    assert committed == config_yaml(), "out of date: `python -m config yaml > config/config.yaml`"


def test_config_yaml_gives_the_defaults_of_each_profile() -> None:
    for profile in PROFILES:
        text = config_yaml().replace("profile: low_memory", f"profile: {profile}")
        assert read(text).values == {"profile": profile}
        assert not read(text).problems
    assert read(config_yaml()).settings == Settings()


def test_config_yaml_shows_each_default_and_leaves_room_for_edits() -> None:
    in_use = re.sub(r"(?m)^  #(?=\w)", "  ", config_yaml())
    assert read(in_use).values == {key: declaration.default for key, declaration in DECLARATIONS.items()}
    assert not read(in_use).problems
    assert len(in_use.encode()) < 0.75 * MAX_BYTES


def test_config_yaml_and_table_contain_every_declaration() -> None:
    for printed in (config_yaml(), table()):
        for declaration in DECLARATIONS.values():
            assert declaration.name in printed
            assert declaration.help in printed
            assert declaration.unit in printed
            assert declaration.source in printed


def test_the_table_is_markdown_with_equal_rows() -> None:
    rows = table().splitlines()
    assert len(rows) == len(DECLARATIONS) + 2
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    assert "| `camera.width` | `320` | `480` | `640` | between 64 and 1920 px | Width. Larger" in table()


def test_the_commands_yaml_and_table_print_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["yaml"]) == main(["table"]) == 0
    assert capsys.readouterr().out == config_yaml() + table()


def test_the_command_check_prints_each_problem_with_its_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    file = data / "mine.yaml"
    file.write_text("camera:\n  width: 3\n  zoom: 2\nvision:\n  use_lite_model: true\n")
    assert main(["check", str(file)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{file}: line 2: camera.width: 3 must be between 64 and 1920 px",
        f"{file}: line 3: camera.zoom: 2 is not a setting",
        f"{file}: line 5: vision.use_lite_model: true is an older name; vision.model is read now",
    ]
    assert main(["check", str(data / "missing.yaml")]) == 1
    assert "missing.yaml" in capsys.readouterr().err


def test_the_command_show_prints_the_values_in_force(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 0
    assert "camera.width=320\n" in capsys.readouterr().out
    (data / CONFIG).write_text("profile: balanced\ncamera:\n  height: 1\n")
    assert main(["show"]) == main(["show", str(data / CONFIG)]) == 1
    shown = capsys.readouterr()
    assert shown.out.count("camera.width=480\n") == shown.out.count("camera.height=360\n") == 2
    assert "1 problem; in force: the valid values and the defaults" in shown.err


def test_the_command_set_changes_and_unsets_with_checks(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["set", "camera.width=480", "memory.governor=off", "camera.source=my film.mp4"]) == 0
    assert main(["set", "camera.width="]) == 0
    text = (data / CONFIG).read_text()
    assert read(text).values == {
        "profile": "low_memory",
        "memory.governor": False,
        "camera.source": "my film.mp4",
    }
    capsys.readouterr()
    assert main(["set", "camera.width=3", "camera.hight=48", "profile"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "camera.width: 3 must be between 64 and 1920 px",
        "camera.hight: 48 is not a setting; did you mean camera.height?",
        "profile must be given as KEY=VALUE",
        "Nothing was changed.",
    ]
    assert main(["set", "raspberry_pi.led_pin=17"]) == 1
    assert "led_pin: 17 must be other than raspberry_pi.buzzer_pin" in capsys.readouterr().err
    assert (data / CONFIG).read_text() == text


def test_the_command_set_names_a_file_that_it_cannot_replace(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "elsewhere").touch()
    (data / CONFIG).symlink_to(data / "elsewhere")
    assert main(["set", "camera.width=480"]) == 1
    assert f"{data / CONFIG} could not be saved safely: it is a link" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["set", "--help"], ["check", "--help"]])
def test_each_command_prints_its_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "usage: python -m config" in capsys.readouterr().out


IMPORT_ALL = """
import sys
before = set(sys.modules)
import pkgutil, importlib, config
for module in pkgutil.iter_modules(config.__path__):
    importlib.import_module(f"config.{module.name}")
print(*{name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))
"""


def test_the_package_imports_nothing_but_the_standard_library_and_yaml() -> None:
    imported = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True, cwd=ROOT)
    names = {name for name in imported.stdout.split() if "cython" not in name}  # PyYAML's own
    assert {"config", "yaml"} <= names <= {"config", "yaml", "_yaml"}
