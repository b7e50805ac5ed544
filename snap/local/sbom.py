"""What is in a snap as a CycloneDX 1.5 bill of materials: name, version, licence and hash of each wheel and model."""

from __future__ import annotations

from email.parser import HeaderParser
from pathlib import Path
from typing import TypedDict

from app.vision.model_files import BLENDSHAPES

# The one model that no wheel brings (app/vision/models/README.md): where its bundle is, of which version, and its hash
BUNDLE = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
)
BUNDLE_VERSION, BUNDLE_SHA256 = "1", "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"


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
    components = [*(_component(wheel, library) for wheel in wheels), _model()]
    components.sort(key=lambda component: str(component["name"]))
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


def _model() -> dict[str, object]:
    """The blendshape model."""
    name = Path(BLENDSHAPES.name).stem
    origin = {"type": "distribution", "url": BUNDLE, "hashes": [{"alg": "SHA-256", "content": BUNDLE_SHA256}]}
    return {
        "type": "machine-learning-model",
        "bom-ref": f"{name}@{BUNDLE_VERSION}",
        "supplier": {"name": "Google"},
        "name": name,
        "version": BUNDLE_VERSION,
        "hashes": [{"alg": "SHA-256", "content": BLENDSHAPES.sha256}],
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "externalReferences": [{**origin, "comment": f"the bundle of which {BLENDSHAPES.name} is one file"}],
    }


def licence(metadata: str) -> str:
    """What a wheel's METADATA says of its licence, in one line; the text of it is in the snap."""
    head = HeaderParser().parsestr(metadata)
    classifiers = [text.rpartition(" :: ")[2] for text in head.get_all("Classifier", []) if text.startswith("License")]
    words = str(head["License"] or "").strip().partition("\n")[0]
    return str(head["License-Expression"] or "") or ", ".join(classifiers) or words or "see its dist-info"
