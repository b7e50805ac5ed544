"""The snap's payload, as far as it can be made without a network: from the wheels that are installed here."""

from __future__ import annotations

import json
import marshal
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import resources
from importlib.machinery import SourceFileLoader
from importlib.metadata import distribution
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from snap.local.sbom import Wheel, licence, sbom
from snap.local.stage import (
    LEAN,
    OWN,
    ROOT,
    TARGETS,
    StageError,
    check_machines,
    compile_all,
    elf_machine,
    interpreter_of,
    prune,
    requirements,
    size_bytes,
    try_out,
)

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
HERE = next(target for target in TARGETS.values() if target.machine == platform.machine())
PAGE = {*OWN, "blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug", "yaml"}
OTHER = next(target for target in TARGETS.values() if target is not HERE)


def versions(python: str) -> dict[str, str]:
    """Of each locked package."""
    return dict(requirement.split("==") for requirement, _ in requirements(python))


@pytest.fixture(scope="module")
def library() -> Iterator[Path]:
    """The locked packages of this environment, linked, and drivewatch's own.

    It is beside the packages, because a hard link does not reach a /tmp that is a tmpfs, as on Debian 13.
    """
    with TemporaryDirectory(prefix="payload-", dir=sys.prefix) as name:
        folder = Path(name)
        for package in versions(PYTHON):
            for file in distribution(package).files or ():
                source, place = Path(str(file.locate())), folder / file
                if ".." not in file.parts and source.is_file():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.link(source, place)
        for package in OWN:
            folder.joinpath(package).symlink_to(ROOT / package)
        yield folder


def test_each_python_gets_its_own_numpy_and_the_same_of_all_else() -> None:
    tens, twelves = versions("3.10"), versions("3.12")
    assert set(tens) == set(twelves)
    assert {name for name in tens if tens[name] != twelves[name]} == {"numpy"}


def test_what_is_left_of_the_wheels_is_enough_and_less(library: Path) -> None:
    before_mb = sum(size_bytes(library)) / 1e6
    prune(library)
    assert before_mb - sum(size_bytes(library)) / 1e6 > 25
    assert not list(library.glob("numpy/**/tests"))
    assert list(library.glob("numpy-*.dist-info/**/LICENSE*"))  # they must go with what they are for
    check_machines(library, HERE)
    with pytest.raises(StageError, match=f"not for {OTHER.arch}: .*cv2"):
        check_machines(library, OTHER)
    try_out(sys.executable, library)


def test_a_payload_from_which_something_is_missing_is_refused(
    library: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in library.iterdir():
        if path.name != "flask":
            tmp_path.joinpath(path.name).symlink_to(path)
    with pytest.raises(StageError, match="does not work"):
        try_out(sys.executable, tmp_path)
    assert "No module named 'flask'" in capfd.readouterr().err


def test_byte_code_has_the_templates_too_and_only_the_own_docstrings(library: Path, tmp_path: Path) -> None:
    """Without native parts, as where a payload for another architecture is made."""
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
        assert SourceFileLoader(path.name, str(path)).get_code(path.name)  # it would not compile HTML
    assert list(tmp_path.rglob("*.opt-2.pyc")) == []


@pytest.mark.parametrize("target", ["stage", "snap"])
def test_make_installs_what_the_bill_of_materials_is_written_with(target: str) -> None:
    rule = re.search(rf"^{target}:(.*?)##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert rule is not None
    assert "$(VENV)/.sbom" in rule[1].split()


def test_docstrings_are_taken_from_the_same_packages_as_by_make() -> None:
    found = re.search(r"site-packages/,(.*?)\)", (ROOT / "Makefile").read_text(), re.DOTALL)
    assert found is not None
    assert tuple(found[1].replace("\\", "").split()) == LEAN


def test_the_machine_of_an_elf_file_is_read_and_of_no_other(tmp_path: Path) -> None:
    text, half = tmp_path / "text", tmp_path / "half"
    text.write_text("#!/bin/sh\n" * 3)
    half.write_bytes(b"\x7fELF")
    assert elf_machine(Path(sys.executable).resolve()) == HERE.elf
    assert (elf_machine(text), elf_machine(half)) == (None, None)
    with pytest.raises(StageError, match="nothing native"):
        check_machines(tmp_path, HERE)


def test_the_interpreter_is_of_the_version_that_is_asked_for() -> None:
    assert interpreter_of(PYTHON)
    assert interpreter_of("3.99") is None


def test_the_bill_of_materials_is_cyclonedx_and_names_what_is_locked(library: Path) -> None:
    wheels: list[Wheel] = [
        {
            "metadata": {"name": name, "version": version},
            "download_info": {"archive_info": {"hashes": {"sha256": "0" * 64}}},
        }
        for name, version in versions(PYTHON).items()
    ]
    text = sbom(wheels, library, "1.2.3")
    assert sbom(wheels[::-1], library, "1.2.3") == text
    bill = json.loads(text)
    folder = resources.files("cyclonedx.schema._res")
    schemas = {
        name: json.loads(folder.joinpath(f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.5", "spdx", "jsf-0.82")
    }
    registry = Registry().with_resources(
        (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", Resource.from_contents(schema))
        for name, schema in schemas.items()
    )
    validator = Draft7Validator(schemas["bom-1.5"], registry=registry)
    assert [error.message for error in validator.iter_errors(bill)] == []
    assert [error.message for error in validator.iter_errors({**bill, "components": [{"name": "x"}]})] != []
    components = bill["components"]
    assert isinstance(components, list)
    by_name = {component["name"]: component for component in components}
    model = by_name.pop("face_blendshapes")
    assert {name: component["version"] for name, component in by_name.items()} == versions(PYTHON)
    assert by_name["flask"]["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]
    file = (ROOT / "app/vision/models/face_blendshapes.tflite").read_bytes()
    assert model["hashes"] == [{"alg": "SHA-256", "content": sha256(file).hexdigest()}]
    assert (model["version"], model["licenses"]) == ("1", [{"license": {"id": "Apache-2.0"}}])
    (origin,) = model["externalReferences"]
    assert origin["url"].endswith("/face_landmarker.task")
    assert origin["hashes"][0]["content"] in (ROOT / "app/vision/models/README.md").read_text()


def test_the_snap_has_the_model_that_no_wheel_brings_with_its_licence(library: Path) -> None:
    for name in ("face_blendshapes.tflite", "LICENSE", "README.md"):
        assert (library / "app/vision/models" / name).read_bytes() == (ROOT / "app/vision/models" / name).read_bytes()


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("License-Expression: MIT\nLicense: other\n", "MIT"),
        ("License: a\n b\nClassifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        ("License: Apache 2.0\n", "Apache 2.0"),
        ("Name: x\n", "see its dist-info"),
    ],
)
def test_the_licence_is_what_the_wheel_says(metadata: str, said: str) -> None:
    assert licence(metadata) == said
