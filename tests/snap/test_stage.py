"""The snap's payload, made without a network from the wheels that are installed here."""

from __future__ import annotations

import marshal
import os
import platform
import re
import shutil
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from snap.local import stage as payload
from snap.local.stage import (
    LEAN,
    LICENCES,
    OWN,
    ROOT,
    TARGETS,
    StageError,
    check_machines,
    compile_all,
    elf_machine,
    interpreter_of,
    prune,
    size_bytes,
    try_out,
)
from tests.support.payload import PYTHON, versions

HERE = next(target for target in TARGETS.values() if target.machine == platform.machine())
PAGE = {*OWN, "blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug", "yaml"}
OTHER = next(target for target in TARGETS.values() if target is not HERE)


def test_only_numpy_differs_between_python_versions() -> None:
    tens, twelves = versions("3.10"), versions("3.12")
    assert set(tens) == set(twelves)
    assert {name for name in tens if tens[name] != twelves[name]} == {"numpy"}


def test_pruned_wheels_are_smaller_and_still_work(library: Path) -> None:
    before_mb = sum(size_bytes(library)) / 1e6
    prune(library)
    assert before_mb - sum(size_bytes(library)) / 1e6 > 25
    assert not list(library.glob("numpy/**/tests"))
    assert list(library.glob("numpy-*.dist-info/**/LICENSE*"))  # licences must be shipped
    check_machines(library, HERE)
    with pytest.raises(StageError, match=f"not for {OTHER.arch}: .*cv2"):
        check_machines(library, OTHER)
    try_out(sys.executable, library)


def test_an_incomplete_payload_is_refused(library: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path in library.iterdir():
        if path.name != "flask":
            tmp_path.joinpath(path.name).symlink_to(path)
    with pytest.raises(StageError, match="does not work"):
        try_out(sys.executable, tmp_path)
    assert "No module named 'flask'" in capfd.readouterr().err


def test_byte_code_includes_templates_and_keeps_only_own_docstrings(library: Path, tmp_path: Path) -> None:
    """Without native parts, as for a payload of another architecture."""
    for name in PAGE:
        shutil.copytree(
            library / name, tmp_path / "python" / name, ignore=shutil.ignore_patterns("__pycache__", "*.so")
        )
    compile_all(sys.executable, tmp_path)
    for module, has_docstring in (("app/memory/usage", True), ("jinja2/environment", False)):
        code = marshal.loads(Path(cache_from_source(f"{tmp_path}/python/{module}.py")).read_bytes()[16:])
        assert isinstance(code.co_consts[0], str) is has_docstring
    templates = list(tmp_path.glob("python/admin/templates/*.html"))
    assert len(templates) > 5
    for path in templates:
        os.utime(path, (0, 0))  # as squashfs may
        assert SourceFileLoader(path.name, str(path)).get_code(path.name)  # byte-code, as HTML does not compile
    assert list(tmp_path.rglob("*.opt-2.pyc")) == []


def test_docstrings_are_removed_from_the_same_packages_as_by_make() -> None:
    found = re.search(r"site-packages/,(.*?)\)", (ROOT / "Makefile").read_text(), re.DOTALL)
    assert found is not None
    assert tuple(found[1].replace("\\", "").split()) == LEAN


def test_the_machine_is_read_only_from_elf_files(tmp_path: Path) -> None:
    text, half = tmp_path / "text", tmp_path / "half"
    text.write_text("#!/bin/sh\n" * 3)
    half.write_bytes(b"\x7fELF")
    assert elf_machine(Path(sys.executable).resolve()) == HERE.elf
    assert (elf_machine(text), elf_machine(half)) == (None, None)
    with pytest.raises(StageError, match="nothing native"):
        check_machines(tmp_path, HERE)


def test_the_interpreter_has_the_requested_version() -> None:
    assert interpreter_of(PYTHON)
    assert interpreter_of("3.99") is None


def test_the_payload_has_the_blendshape_model_and_its_licence(library: Path) -> None:
    for name in ("face_blendshapes.tflite", "LICENSE", "README.md"):
        assert (library / "app/vision/models" / name).read_bytes() == (ROOT / "app/vision/models" / name).read_bytes()


def test_the_licence_goes_into_the_payload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "install", lambda *_: [])
    monkeypatch.setattr(payload, "check_machines", lambda *_: None)
    monkeypatch.setattr(payload, "interpreter_of", lambda _: None)
    payload.stage(tmp_path, HERE, PYTHON)
    for name in LICENCES:
        assert (tmp_path / name).read_bytes() == (ROOT / "snap" / name).read_bytes()
