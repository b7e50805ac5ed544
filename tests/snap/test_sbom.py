"""The bill of materials of the wheels that are installed here."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from hashlib import sha256
from importlib import resources
from importlib.metadata import distribution
from pathlib import Path
from typing import cast

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from snap.local.native import UNKNOWN, bundled, native_files
from snap.local.sbom import Wheel, licence, sbom
from snap.local.stage import ROOT, prune
from tests.support.payload import versions

OPENCV = f"pkg:pypi/opencv-python-headless@{versions()['opencv-python-headless']}"
FLASK = f"pkg:pypi/flask@{versions()['flask']}"
LGPL = {"libavcodec", "libavformat", "libavutil", "libswresample", "libswscale"}


class Listed(dict[str, object]):
    """A bill of materials as JSON."""

    @property
    def components(self) -> list[dict[str, object]]:
        return cast("list[dict[str, object]]", self["components"])

    def about(self, ref: str) -> dict[str, str]:
        """The properties of a component."""
        (component,) = (one for one in self.components if one["bom-ref"] == ref)
        properties = cast("list[dict[str, str]]", component.get("properties", []))
        return {one["name"].removeprefix("drivewatch:"): one["value"] for one in properties}

    def needs(self, ref: str) -> list[str]:
        (found,) = (one for one in cast("list[dict[str, object]]", self["dependencies"]) if one["ref"] == ref)
        return cast("list[str]", found.get("dependsOn", []))


def wheels() -> list[Wheel]:
    return [
        {
            "metadata": {"name": name, "version": version},
            "download_info": {"archive_info": {"hashes": {"sha256": "0" * 64}}},
        }
        for name, version in versions().items()
    ]


@pytest.fixture(scope="module")
def bill(library: Path) -> Iterator[Listed]:
    """The bill as `stage` makes it, after pruning."""
    native = native_files(library)
    prune(library)
    text = sbom(wheels(), library, "1.2.3", native)
    assert sbom(wheels()[::-1], library, "1.2.3", dict(reversed(native.items()))) == text
    yield Listed(json.loads(text))


def valid() -> Draft7Validator:
    """A validator of CycloneDX 1.5."""
    folder = resources.files("cyclonedx.schema._res")
    schemas = {
        name: json.loads(folder.joinpath(f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.5", "spdx", "jsf-0.82")
    }
    registry = Registry().with_resources(
        (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", Resource.from_contents(schema))
        for name, schema in schemas.items()
    )
    return Draft7Validator(schemas["bom-1.5"], registry=registry)


def test_the_bill_of_materials_is_cyclonedx(bill: Listed) -> None:
    assert [error.message for error in valid().iter_errors(bill)] == []
    assert [error.message for error in valid().iter_errors({**bill, "components": [{"name": "x"}]})] != []


def test_every_reference_in_the_bill_has_one_component(bill: Listed) -> None:
    refs = ["drivewatch", *(one["bom-ref"] for one in bill.components)]
    needs = cast("list[dict[str, object]]", bill["dependencies"])
    assert len(set(refs)) == len(refs)
    assert sorted(str(one["ref"]) for one in needs) == sorted(map(str, refs))
    assert {ref for one in needs for ref in cast("list[str]", one.get("dependsOn", []))} == set(refs) - {"drivewatch"}


def test_the_bill_lists_each_locked_package_and_the_model(bill: Listed) -> None:
    by_name = {one["name"]: one for one in bill.components if "#" not in str(one["bom-ref"])}
    model = by_name.pop("face_blendshapes")
    assert {name: component["version"] for name, component in by_name.items()} == versions()
    assert by_name["flask"]["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]
    file = (ROOT / "app/vision/models/face_blendshapes.tflite").read_bytes()
    assert model["hashes"] == [{"alg": "SHA-256", "content": sha256(file).hexdigest()}]
    assert (model["version"], model["licenses"]) == ("1", [{"license": {"id": "Apache-2.0"}}])
    (origin,) = cast("list[dict[str, list[dict[str, str]]]]", model["externalReferences"])
    assert str(origin["url"]).endswith("/face_landmarker.task")
    assert origin["hashes"][0]["content"] in (ROOT / "app/vision/models/README.md").read_text()


def test_each_shipped_library_file_is_listed_with_its_hash(bill: Listed, library: Path) -> None:
    shipped = {
        path.relative_to(library).as_posix(): sha256(path.read_bytes()).hexdigest() for path in library.glob("*.libs/*")
    }
    listed = {
        str(one["bom-ref"]).partition("#")[2]: cast("list[dict[str, str]]", one["hashes"])[0]["content"]
        for one in bill.components
        if ".libs/" in str(one["bom-ref"])
    }
    assert listed == shipped
    names = {one["name"] for one in bill.components if str(one["bom-ref"]).startswith(f"{OPENCV}#opencv_python")}
    assert names >= LGPL


def test_the_bill_that_opencv_carries_is_merged(bill: Listed, library: Path) -> None:
    (file,) = library.glob("opencv*.dist-info/sboms/*.json")
    carried_by_opencv = {one["bom-ref"] for one in json.loads(file.read_text())["components"] if "rpm" in one["purl"]}
    assert len(carried_by_opencv) >= 5
    assert {f"{OPENCV}#{ref}" for ref in carried_by_opencv} <= set(bill.needs(OPENCV))


def test_the_bill_names_static_libraries_or_says_unknown(bill: Listed) -> None:
    told = {name: bill.about(f"pkg:pypi/{name}@{version}") for name, version in versions().items()}
    assert re.fullmatch(r"OpenCV \S+; all else unknown", told["mediapipe"]["linked-statically"])
    assert "libjpeg-turbo" in told["opencv-python-headless"]["linked-statically"]
    assert told["numpy"]["linked-statically"] == told["protobuf"]["linked-statically"] == UNKNOWN
    assert told["flask"] == told["gunicorn"] == {}  # nothing native


def flask_with(bill: str, library: Path, folder: Path) -> Listed:
    """The bill of Flask alone, with this bill in its wheel."""
    info = f"flask-{versions()['flask']}.dist-info"
    shutil.copytree(library / info, folder / info)
    (folder / info / "sboms").mkdir()
    (folder / info / "sboms/carried").write_text(bill)
    return Listed(json.loads(sbom([one for one in wheels() if one["metadata"]["name"] == "flask"], folder, "1", {})))


def test_the_bill_of_any_wheel_is_merged_with_its_dependencies(library: Path, tmp_path: Path) -> None:
    """With the bill of rpds-py, whose parts need others; one of them is not listed."""
    file = next(file for file in distribution("rpds-py").files or () if "sboms" in file.parts)
    said = json.loads(file.read_text())
    needs = {one["ref"]: one.get("dependsOn", []) for one in said["dependencies"]}
    needs[said["components"][0]["bom-ref"]].append("no such part")
    said["dependencies"] = [{"ref": ref, "dependsOn": on} for ref, on in needs.items()]
    bill = flask_with(json.dumps(said), library, tmp_path)
    assert [error.message for error in valid().iter_errors(bill)] == []
    root = said["metadata"]["component"]["bom-ref"]
    needs[said["components"][0]["bom-ref"]].remove("no such part")
    assert len(needs) > 10
    for ref, on in needs.items():
        assert bill.needs(FLASK if ref == root else f"{FLASK}#{ref}") == sorted(f"{FLASK}#{other}" for other in on)


@pytest.mark.parametrize(
    "text",
    [
        *("SPDXVersion: SPDX-2.3", "{", "[]", '{"spdxVersion": "SPDX-2.3"}'),
        '{"bomFormat": "CycloneDX", "components": 5}',
        '{"bomFormat": "CycloneDX", "components": [{"type": "no such", "name": "x"}]}',
        '{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "x", "licenses": [{"no": "such"}]}]}',
        '{"bomFormat": "CycloneDX", "metadata": []}',
    ],
)
def test_an_unreadable_bill_of_a_wheel_is_named(library: Path, tmp_path: Path, text: str) -> None:
    assert flask_with(text, library, tmp_path).about(FLASK) == {"bill-not-merged": "carried"}


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("libavcodec-c4204469.so.62.28.101", "libavcodec", "62.28.101"),
        ("libssl-81259c47.so.1.1.1k", "libssl", "1.1.1k"),
        ("libopenblasp-r0-59ffcd50.3.15.so", "libopenblasp", "0.3.15"),
        ("libscipy_openblas64_-4b78795a.so", "libscipy_openblas64_", None),
        ("libgfortran-040039e1-0352e75f.so.5.0.0", "libgfortran", "5.0.0"),
        ("libplain.so.2", "libplain", "2"),
    ],
)
def test_name_and_version_of_a_library_are_read_from_its_file_name(
    tmp_path: Path, file: str, name: str, version: str | None
) -> None:
    (tmp_path / file).write_bytes(b"")
    component = bundled(f"x.libs/{file}", tmp_path / file, "pkg:pypi/x@1")
    assert (component.name, component.version) == (name, version)


@pytest.mark.parametrize("target", ["stage", "snap"])
def test_make_installs_the_libraries_that_write_the_bill(target: str) -> None:
    rule = re.search(rf"^{target}:(.*?)##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert rule is not None
    assert "$(VENV)/.sbom" in rule[1].split()


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("License-Expression: MIT\nLicense: other\n", "MIT"),
        ("License: a\n b\nClassifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        ("License: Apache 2.0\n", "Apache 2.0"),
        ("Name: x\n", "see its dist-info"),
    ],
)
def test_the_licence_of_a_wheel_is_read_from_its_metadata(metadata: str, said: str) -> None:
    assert licence(metadata) == said
