"""What is in a snap as a CycloneDX 1.5 bill of materials: name, version, licence and hash of each wheel."""

from __future__ import annotations

from email.parser import HeaderParser
from pathlib import Path
from typing import TypedDict


class Metadata(TypedDict):
    """Of a wheel."""

    name: str
    version: str


class Wheel(TypedDict):
    """An entry of `pip install --report`, as far as it is read here."""

    metadata: Metadata
    download_info: dict[str, dict[str, dict[str, str]]]


def sbom(wheels: list[Wheel], library: Path, version: str) -> dict[str, object]:
    """Describe what pip has installed in `library`. No time and no serial number: the same lock gives the same file."""
    components = sorted((_component(wheel, library) for wheel in wheels), key=lambda component: str(component["name"]))
    own = {"type": "application", "bom-ref": "drivewatch", "name": "drivewatch", "version": version}
    references = [component["bom-ref"] for component in components]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [{"ref": "drivewatch", "dependsOn": references}, *({"ref": name} for name in references)],
    }


def _component(wheel: Wheel, library: Path) -> dict[str, object]:
    name, version = wheel["metadata"]["name"].lower(), wheel["metadata"]["version"]
    metadata = library / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
    sha256 = wheel["download_info"]["archive_info"]["hashes"]["sha256"]
    return {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "licenses": [{"license": {"name": licence(metadata.read_text(errors="replace"))}}],
        "purl": f"pkg:pypi/{name}@{version}",
    }


def licence(metadata: str) -> str:
    """What a wheel's METADATA says of its licence, in one line; the text of it is in the snap."""
    head = HeaderParser().parsestr(metadata)
    classifiers = [text.rpartition(" :: ")[2] for text in head.get_all("Classifier", []) if text.startswith("License")]
    words = str(head["License"] or "").strip().partition("\n")[0]
    return str(head["License-Expression"] or "") or ", ".join(classifiers) or words or "see its dist-info"
