"""Which interpreter `make setup` uses, and when it downloads one. Interpreters, uv and PATH are fakes."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("cat", "cp", "mkdir", "rm", "sed", "touch")
# A virtual environment is a folder with a copy of the interpreter; pip logs its requirements, and "installs" uv
PYTHON = """#!/bin/sh
case "$*" in
*ensurepip*) exit {lacks_ensurepip} ;;
-c*) echo {version} ;;
--version) echo Python {version}.9 ;;
"-m venv --clear "*) rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip "*) {{ echo "pip $*"; cat; }} >> {log} && cp {uv} "${{0%/*}}/uv" ;;
*) exit 2 ;;
esac
"""
BROKEN = "#!/bin/sh\nexit 127\n"
UV = """#!/bin/sh
echo "uv $*" >> {log}
[ ! -e {offline} ] || {{ echo 'error: no network' >&2; exit 1; }}
folder=$UV_PYTHON_INSTALL_DIR/cpython-3.12.9-linux-x86_64-gnu/bin
mkdir -p "$folder" && cp {python} "$folder/python3.12"
"""


@dataclass
class Machine:
    """A machine with the interpreters that a test installs."""

    folder: Path

    def __post_init__(self) -> None:
        self.path.mkdir()
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool) or "")
        python = self.interpreter("downloadable", "3.12")
        uv = UV.format(log=self.log, offline=self.offline, python=python)
        self.program(self.folder / "uv", uv)

    @property
    def path(self) -> Path:
        return self.folder / "path"

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def downloaded(self) -> Path:
        return self.folder / "downloaded"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def offline(self) -> Path:
        return self.folder / "offline"

    @property
    def downloads(self) -> list[str]:
        """The commands that uv was given."""
        text = self.log.read_text() if self.log.exists() else ""
        return re.findall(r"^uv .*", text, re.MULTILINE)

    @staticmethod
    def program(file: Path, text: str) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
        return file

    def interpreter(self, name: str, version: str, *, has_ensurepip: bool = True) -> Path:
        """A fake interpreter in the machine's folder, which is not on the PATH."""
        text = PYTHON.format(
            version=version, lacks_ensurepip=int(not has_ensurepip), log=self.log, uv=self.folder / "uv"
        )
        return self.program(self.folder / name, text)

    def install(self, name: str, version: str, *, has_ensurepip: bool = True) -> None:
        """Put a fake interpreter on the PATH."""
        self.interpreter(f"path/{name}", version, has_ensurepip=has_ensurepip)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [shutil.which("make") or "", "-s", f"VENV={self.venv}", f"DOWNLOADED={self.downloaded}"]
        return subprocess.run(
            [*command, *arguments, f"{self.venv}/.python"],
            cwd=ROOT,
            env={"PATH": str(self.path)},
            capture_output=True,
            text=True,
        )

    def set_up(self, *arguments: str) -> list[str]:
        """The lines that make prints when it succeeds."""
        done = self.make(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def refuse(self, *arguments: str) -> str:
        """The message that make prints when it fails."""
        done = self.make(*arguments)
        assert done.returncode
        assert not (self.venv / ".python").exists()
        return done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("unusable", "usable", "expected"),
    [
        ({"python3.13": "3.13", "python3": "3.13"}, {"python3.10": "3.10", "python3.11": "3.11"}, "3.11"),
        ({}, {"python3": "3.10"}, "3.10"),
        ({"python3.12": "broken"}, {"python3": "3.11"}, "3.11"),
        ({"python3.12": "without ensurepip"}, {"python3": "3.10"}, "3.10"),
    ],
    ids=["newest", "python3", "broken", "without ensurepip"],
)
def test_newest_usable_python_is_used(
    machine: Machine, unusable: dict[str, str], usable: dict[str, str], expected: str
) -> None:
    for name, version in (unusable | usable).items():
        if version == "broken":
            machine.program(machine.path / name, BROKEN)
        else:
            machine.install(
                name, version.replace("without ensurepip", "3.12"), has_ensurepip=version != "without ensurepip"
            )
    assert machine.set_up() == [f"setting up {machine.venv} with Python {expected}.9"]
    assert machine.downloads == []


@pytest.mark.parametrize("version", ["3.9", "3.13", "3.14"])
def test_uv_downloads_python_if_none_is_supported(machine: Machine, version: str) -> None:
    machine.install("python3", version)
    first, second = machine.set_up()
    assert first.startswith("no Python 3.10, 3.11 or 3.12 here: uv downloads Python 3.12 into ")
    assert second == f"setting up {machine.venv} with Python 3.12.9"
    assert machine.downloads == ["uv --no-cache --no-progress python install --no-bin 3.12"]
    assert [path.name for path in machine.downloaded.iterdir()] == ["cpython-3.12.9-linux-x86_64-gnu"]


def test_uv_is_installed_as_pinned_in_the_tests_lock(machine: Machine) -> None:
    machine.install("python3", "3.13")
    machine.set_up()
    command, requirement, *hashes = machine.log.read_text().split("uv --no-cache")[0].splitlines()
    assert "--require-hashes --only-binary :all:" in command
    assert requirement + "\n" in (ROOT / "tests/requirements.lock").read_text()
    assert re.fullmatch(r"uv==[0-9.]+ \\", requirement)
    assert len(hashes) > 1
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", each) for each in hashes)


def test_downloaded_python_is_used_again(machine: Machine) -> None:
    machine.install("python3", "3.13")
    machine.set_up()
    assert machine.set_up() == []
    shutil.rmtree(machine.venv)
    assert machine.set_up() == [f"setting up {machine.venv} with Python 3.12.9"]
    assert len(machine.downloads) == 1


def test_half_finished_download_is_started_again(machine: Machine) -> None:
    machine.install("python3", "3.13")
    machine.program(machine.downloaded / "cpython-3.12.7-linux-x86_64-gnu/bin/python3.12", "")
    machine.program(machine.downloaded / "uv/bin/python", BROKEN)
    assert len(machine.set_up()) == 2
    assert [path.name for path in machine.downloaded.iterdir()] == ["cpython-3.12.9-linux-x86_64-gnu"]


def test_failed_download_is_explained_and_retried(machine: Machine) -> None:
    machine.install("python3", "3.13")
    machine.offline.touch()
    message = machine.refuse()
    assert "no network" in message
    assert (
        "Python 3.12 could not be downloaded;\nrun the same command again, or name one:  make setup PYTHON=" in message
    )
    machine.offline.unlink()
    assert len(machine.set_up()) == 2


@pytest.mark.parametrize("versions", [{}, {"python3": "3.13"}, {"python3": "3.11"}, {"python3.12": "3.12"}])
def test_missing_ensurepip_names_the_package(machine: Machine, versions: dict[str, str]) -> None:
    for name, version in versions.items():
        machine.install(name, version, has_ensurepip=False)
    message = machine.refuse()
    assert "run:  sudo apt install python3 python3-venv   or name one:  make setup PYTHON=" in message
    assert machine.downloads == []


def test_named_interpreter_is_preferred(machine: Machine) -> None:
    machine.install("python3.12", "3.12")
    named = machine.interpreter("own python", "3.10")
    assert machine.set_up(f"PYTHON={named}") == [f"setting up {machine.venv} with Python 3.10.9"]


@pytest.mark.parametrize("version", ["3.9", "3.13"])
def test_named_unsupported_interpreter_is_refused(machine: Machine, version: str) -> None:
    machine.install("python3.12", "3.12")
    named = machine.interpreter("own", version)
    message = machine.refuse(f"PYTHON={named}")
    assert f"PYTHON={named} is Python {version}, and mediapipe 0.10.18 has wheels for 3.10, 3.11 and 3.12" in message
    assert "leave PYTHON= out" in message
    assert machine.downloads == []


def test_named_interpreter_without_ensurepip_is_refused(machine: Machine) -> None:
    named = machine.interpreter("own", "3.12", has_ensurepip=False)
    assert "run:  sudo apt install python3.12-venv" in machine.refuse(f"PYTHON={named}")


@pytest.mark.parametrize("text", [None, BROKEN])
def test_named_interpreter_that_does_not_start_is_refused(machine: Machine, text: str | None) -> None:
    machine.install("python3.12", "3.12")
    named = machine.folder / "own"
    if text is not None:
        machine.program(named, text)
    assert f"PYTHON={named} does not start" in machine.refuse(f"PYTHON={named}")


@pytest.mark.parametrize("goal", ["stage", "snap"])
def test_python_version_of_the_payload_is_not_an_interpreter(machine: Machine, goal: str) -> None:
    commands = machine.set_up("--dry-run", "PYTHON=3.12", goal)
    assert f'tests/tools/venv.sh {machine.venv} {machine.downloaded} ""' in commands
    assert commands[-1].endswith("--python 3.12")


def test_virtual_environment_without_its_interpreter_is_made_again(machine: Machine) -> None:
    machine.install("python3.11", "3.11")
    machine.set_up()
    (machine.venv / "bin/python").unlink()
    (machine.venv / "bin/python").symlink_to(machine.folder / "gone")
    machine.install("python3.12", "3.12")
    assert machine.set_up() == [f"setting up {machine.venv} with Python 3.12.9"]
