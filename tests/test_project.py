"""The project's own rules: the locks, the top level, the table of settings, sizes of modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.reference import table

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {"snap", "app", "admin", "config", "tests", "Makefile", "README.md"}
LEFT_OUT = {"jax", "jaxlib", "matplotlib", "opencv-contrib-python", "opencv-python", "sounddevice", "sentencepiece"}
LOCKS = ("snap/local/requirements", "tests/requirements")
SIZED = ("app", "admin", "config", "snap", "tests")
MODULE_MAX, FUNCTION_MAX = 300, 40  # lines; ruff checks complexity and statements besides (.ruff.toml)
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def locked(lock: str) -> dict[str, list[str]]:
    """Versions by name."""
    found: dict[str, list[str]] = {}
    for match in REQUIREMENT.finditer((ROOT / f"{lock}.lock").read_text()):
        found.setdefault(match["name"], []).append(match["version"])
    return found


def test_snap_lock_holds_exactly_the_requirements() -> None:
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


def test_every_requirement_has_a_hash_and_no_url() -> None:
    for lock in LOCKS:
        blocks = re.split(r"\n(?=[a-z])", (ROOT / f"{lock}.lock").read_text().strip())
        assert len(blocks) > 10
        assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
        assert not re.search(r"https?:|--index|--find-links", "".join(blocks))


def test_top_level_has_only_known_entries() -> None:
    standing = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert standing - {"build"} <= TOP_LEVEL


def test_settings_md_is_up_to_date() -> None:
    text = (ROOT / "config/SETTINGS.md").read_text()
    assert text == f"Written by `make config`; do not edit it.\n\n{table()}", "run `make config`"


def test_ci_runs_the_tests_and_the_checks() -> None:
    commands = (ROOT / ".ci/run").read_text().splitlines()
    assert "timed make test" in commands
    assert "timed make check" in commands
    assert "timed make test-faults" in commands


def lengths(path: Path) -> Iterator[tuple[str, int, int]]:
    """Place, lines and how many are allowed, of a module and of each function in it."""
    text, place = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    yield place, text.count("\n"), MODULE_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{place}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1, FUNCTION_MAX


@pytest.mark.parametrize("package", SIZED)
def test_modules_and_functions_are_short(package: str) -> None:
    paths = sorted((ROOT / package).rglob("*.py"))
    assert paths
    found = [one for path in paths for one in lengths(path)]
    too_long = [f"{place}: {lines} lines, {most} at most" for place, lines, most in found if lines > most]
    assert not too_long, "\n".join(["", *too_long])


def test_no_test_module_imports_another() -> None:
    """Shared code is in tests/support or conftest.py."""
    found = [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(r"^from tests[\w.]*\.test_", path.read_text(), re.M)
    ]
    assert found == []
