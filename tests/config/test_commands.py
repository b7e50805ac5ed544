"""Commands in messages: in a snap they have its instance name, outside they do not use snap."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import commands

ROOT = Path(__file__).parents[2]
# A command with the snap's default name, which differs for a second installation
FIXED = re.compile(r"snap (logs|restart|services|refresh|stop|start|connect) drivewatch|sudo drivewatch")


def texts(path: Path) -> Iterator[str]:
    """The texts that may be printed: strings of a module without docstrings, or a whole template."""
    if path.suffix != ".py":
        yield path.read_text()
        return
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and is_docstring(node)}  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def is_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)


def test_no_message_contains_the_snaps_default_name() -> None:
    paths = [path for house in ("app", "admin", "config") for path in (ROOT / house).rglob("*.py")]
    paths += [*(ROOT / "admin/templates").glob("*.html"), *(ROOT / "admin/static").glob("*.js")]
    assert len(paths) > 150
    found = [f"{path.relative_to(ROOT)}: {text[:80]}" for path in paths for text in texts(path) if FIXED.search(text)]
    assert found == []


def test_in_a_snap_commands_use_the_instance_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_two")
    assert commands.command("check") == "sudo drivewatch_two.check"
    assert commands.log_command("detector", Path("/x")) == "sudo snap logs drivewatch_two.detector"
    assert commands.restart_command() == "sudo snap restart drivewatch_two"
    assert commands.stop_command("7") == "sudo snap stop drivewatch_two"
    assert commands.running_command() == "snap services drivewatch_two"
    assert commands.update_command() == "sudo snap refresh drivewatch_two"
    assert commands.connect_command("camera") == "sudo snap connect drivewatch_two:camera"


def test_outside_a_snap_no_command_uses_snap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNAP_INSTANCE_NAME", raising=False)
    assert commands.command("check") == ".venv/bin/python -m app check"
    assert commands.log_command("detector", Path("/x/detector.log")) == "tail /x/detector.log"
    others = (commands.restart_command(), commands.update_command(), commands.running_command())
    assert not [said for said in (*others, commands.stop_command("7")) if "snap" in said]
    assert commands.connect_command("camera") == ""
    assert commands.connect_command("camera", "other") == "sudo snap connect other:camera"
