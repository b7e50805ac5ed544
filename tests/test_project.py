"""What the project promises about itself: the lock, the top level, the README's table."""

from __future__ import annotations

import re
from pathlib import Path

from config.reference import table

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {"snap", "app", "admin", "config", "tests", "Makefile", "README.md"}
LEFT_OUT = {"jax", "jaxlib", "matplotlib", "opencv-contrib-python", "opencv-python", "sounddevice", "sentencepiece"}
LOCKS = ("snap/local/requirements", "tests/requirements")
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def locked(lock: str) -> dict[str, list[str]]:
    """Versions by name."""
    found: dict[str, list[str]] = {}
    for match in REQUIREMENT.finditer((ROOT / f"{lock}.lock").read_text()):
        found.setdefault(match["name"], []).append(match["version"])
    return found


def test_the_lock_holds_what_is_asked_for_and_nothing_else() -> None:
    lines = (ROOT / "snap/local/requirements.in").read_text().splitlines()
    asked = {re.split(r"[=<>, #]", line)[0].lower() for line in lines if line and not line.startswith("#")}
    assert set(locked("snap/local/requirements")) == asked
    assert not asked & LEFT_OUT
    assert locked("snap/local/requirements")["mediapipe"] == ["0.10.18"]


def test_numpy_is_locked_for_each_python() -> None:
    text = (ROOT / "snap/local/requirements.lock").read_text()
    assert re.findall(r"^numpy==2\.\S+ ; python_full_version (\S+) '(3\.1[0-2])", text, re.MULTILINE) == [
        ("<", "3.11"),
        ("==", "3.11"),
        (">=", "3.12"),
    ]


def test_every_requirement_has_a_hash_and_names_no_host() -> None:
    for lock in LOCKS:
        blocks = re.split(r"\n(?=[a-z])", (ROOT / f"{lock}.lock").read_text().strip())
        assert len(blocks) > 10
        assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
        assert not re.search(r"https?:|--index|--find-links", "".join(blocks))


def test_nothing_else_stands_at_the_top_but_dotfiles_and_what_is_built() -> None:
    standing = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert standing - {"build"} <= TOP_LEVEL


def test_the_readme_lists_the_settings_as_they_are() -> None:
    text = (ROOT / "README.md").read_text()
    listed = re.search(r"<!-- settings[^>]*-->\n\n(.*?)\n<!-- end of settings -->", text, re.DOTALL)
    assert listed is not None
    assert listed[1] == table(), "run `make config`"


def test_ci_runs_the_tests_and_the_checks() -> None:
    commands = (ROOT / ".ci/run").read_text().splitlines()
    assert "make test" in commands
    assert "make check" in commands
    assert "make test-faults" in commands


def test_no_test_module_imports_another() -> None:
    """What several need is in tests/support or conftest.py."""
    found = [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(r"^from tests[\w.]*\.test_", path.read_text(), re.M)
    ]
    assert found == []
