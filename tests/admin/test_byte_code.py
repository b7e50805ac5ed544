"""The templates' byte-code: it is used where it is valid, and written where that is possible."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from admin.byte_code import ByteCode

KEPT = f"__pycache__/page.{sys.implementation.cache_tag}.pyc"


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def shown(folder: Path) -> str:
    """The template as a new process renders it."""
    pages = Environment(loader=FileSystemLoader(folder), bytecode_cache=ByteCode(), autoescape=True)
    return pages.get_template("page.html").render(name="driver")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text("Hello, {{ name }}")
    assert shown(tmp_path) == "Hello, driver"
    assert [path.name for path in tmp_path.rglob("*.pyc*")] == [Path(KEPT).name]  # no temporary file is left
    return tmp_path


def test_a_compiled_template_is_reused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Environment, "compile", lambda *_: pytest.fail("compiled"))
    assert shown(folder) == "Hello, driver"


def test_a_changed_template_is_compiled_again(folder: Path) -> None:
    (folder / "page.html").write_text("Goodbye, {{ name }}")
    for _ in range(2):
        assert shown(folder) == "Goodbye, driver"


@pytest.mark.parametrize("length", [0, 1, 20, 40, 100])
def test_a_truncated_byte_code_file_is_compiled_again(folder: Path, length: int) -> None:
    whole = (folder / KEPT).read_bytes()
    (folder / KEPT).write_bytes(whole[:length])
    assert shown(folder) == "Hello, driver"


def test_templates_work_in_a_folder_that_cannot_be_written(folder: Path) -> None:
    (folder / KEPT).unlink()
    (folder / "__pycache__").rmdir()
    (folder / "__pycache__").write_text("in the way")
    assert shown(folder) == "Hello, driver"


def test_no_byte_code_is_written_if_python_may_not_write_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / KEPT).unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert shown(folder) == "Hello, driver"
    assert not (folder / KEPT).exists()
