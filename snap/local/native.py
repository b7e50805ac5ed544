"""What the wheels bring besides Python, for the bill of materials: libraries beside their modules and inside them.

Three sources, none of them complete: the bundled files themselves, the bills that wheels carry (PEP 770), and what
OpenCV's module says of its own build. What is linked into a module statically and not told there stays unknown.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

from cyclonedx.exception import CycloneDxException
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType

MODULE = re.compile(r"\.(?:cpython-[\w-]+|abi3)\.so$")  # what Python imports; all others are libraries of these
HASH_TAG = re.compile(r"(?:-[0-9a-f]{8})+(?=\.)")  # auditwheel's, so that no other program's copy is loaded
LIBRARY = re.compile(r"(?P<name>.+?)(?:-r(?P<release>[\d.]+\d))?\.so(?:\.(?P<version>.+))?")
# cv2.getBuildInformation(), which stands as text in each module that OpenCV is linked into, mediapipe's too
OPENCV_BUILD = re.compile(rb"General configuration for OpenCV (\S+) =.*?\n-{20}", re.DOTALL)
OPENCV_PARTS = re.compile(r"^ +3rdparty dependencies: +(\S.*)$", re.MULTILINE)
OPENCV_VERSIONS = re.compile(r"^ +([^:\n]+: +buil[dt].*)$", re.MULTILINE)  # of what comes from OpenCV's own source
UNKNOWN = "unknown"


def native_files(library: Path) -> dict[str, str]:
    """Each native file's path in `library`, and the lower-case name of the wheel that brought it.

    pip's RECORD files tell, so it is asked before these are removed.
    """
    return {
        file.as_posix(): wheel.metadata["Name"].lower()
        for wheel in distributions(path=[str(library)])
        for file in wheel.files or ()
        if ".so" in file.suffixes
    }


def bundled(path: str, file: Path, wheel: str) -> Component:
    """A library that a wheel brings as a file of its own, with the hash of the file as it is shipped."""
    found = LIBRARY.fullmatch(HASH_TAG.sub("", file.name))
    name, version = (found["name"], found["release"] or found["version"]) if found else (file.name, None)
    return Component(
        type=ComponentType.LIBRARY,
        bom_ref=f"{wheel}#{path}",
        name=name,
        version=version,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256(file.read_bytes()).hexdigest())],
        properties=[Property(name="drivewatch:file", value=path)],
    )


def linked_statically(module: Path) -> str:
    """What a native module says was linked into it: OpenCV with its parts, `UNKNOWN` otherwise."""
    build = OPENCV_BUILD.search(module.read_bytes())
    if build is None:
        return UNKNOWN
    told = build[0].decode(errors="replace")
    parts = OPENCV_PARTS.findall(told)
    said = [*parts, *(OPENCV_VERSIONS.findall(told) if parts else [])]
    return "; ".join([f"OpenCV {build[1].decode()}", *(" ".join(one.split()) for one in said), "all else unknown"])


def carried(bill: Path, wheel: str) -> Bom | None:
    """The bill that a wheel carries, None unless it is CycloneDX as the library reads it.

    Its references begin with the wheel's, as two wheels may carry the same library; what it calls the wheel is `wheel`.
    """
    try:
        said = json.loads(bill.read_text())
        if said.get("bomFormat") != "CycloneDX":
            return None
        root = said.pop("metadata", {}).get("component", {}).get("bom-ref")
        renamed = _renamed(said, lambda ref: wheel if ref == root else f"{wheel}#{ref}")
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of fields that later releases of CycloneDX have given up
            read: Bom = Bom.from_json(renamed)  # type: ignore[attr-defined]
    except (CycloneDxException, ValueError, TypeError, AttributeError):
        return None
    read.components = [part for part in read.components if part.bom_ref.value != wheel]
    return read


def _renamed(value: object, rename: Callable[[str], str]) -> object:
    """A bill's JSON with other names for its references."""
    if isinstance(value, list):
        return [_renamed(one, rename) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: rename(one)
        if key in ("bom-ref", "ref")
        else [rename(ref) for ref in one]
        if key == "dependsOn"
        else _renamed(one, rename)
        for key, one in value.items()
    }
