"""The bill of materials of a snap, CycloneDX 1.5: name, version, licence and hash of each wheel and model."""

from __future__ import annotations

from datetime import datetime, timezone
from email.parser import HeaderParser
from pathlib import Path
from typing import TypedDict
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from app.vision.model_files import BLENDSHAPES

# The one model that no wheel brings (app/vision/models/README.md): where its bundle is, of which version, and its hash
BUNDLE = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
)
BUNDLE_VERSION, BUNDLE_SHA256 = "1", "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
NO_TIME = datetime.fromtimestamp(0, timezone.utc)


class Metadata(TypedDict):
    """Of a wheel."""

    name: str
    version: str


class Wheel(TypedDict):
    """An entry of `pip install --report`, as far as it is read here."""

    metadata: Metadata
    download_info: dict[str, dict[str, dict[str, str]]]


def sbom(wheels: list[Wheel], library: Path, version: str) -> str:
    """The bill of what pip has installed in `library`, as JSON; the same lock gives the same text.

    Hence its time is always that of 1970, and its serial number is made of what it lists.
    """
    own = Component(type=ComponentType.APPLICATION, bom_ref="drivewatch", name="drivewatch", version=version)
    components = [*(_component(wheel, library) for wheel in wheels), _model()]
    listed = " ".join(sorted(f"{one.name}@{one.version}" for one in (own, *components)))
    bom = Bom(
        components=components,
        serial_number=uuid5(NAMESPACE_URL, listed),
        metadata=BomMetaData(component=own, timestamp=NO_TIME),
    )
    bom.register_dependency(own, components)
    return JsonV1Dot5(bom).output_as_string(indent=1) + "\n"


def _component(wheel: Wheel, library: Path) -> Component:
    name, version = wheel["metadata"]["name"].lower(), wheel["metadata"]["version"]
    metadata = library / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
    purl = PackageURL("pypi", name=name, version=version)
    return Component(
        bom_ref=str(purl),
        name=name,
        version=version,
        hashes=[_sha256(wheel["download_info"]["archive_info"]["hashes"]["sha256"])],
        licenses=[DisjunctiveLicense(name=licence(metadata.read_text(errors="replace")))],
        purl=purl,
    )


def _model() -> Component:
    """The blendshape model."""
    name = Path(BLENDSHAPES.name).stem
    bundle = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(BUNDLE),
        comment=f"the bundle of which {BLENDSHAPES.name} is one file",
        hashes=[_sha256(BUNDLE_SHA256)],
    )
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"{name}@{BUNDLE_VERSION}",
        supplier=OrganizationalEntity(name="Google"),
        name=name,
        version=BUNDLE_VERSION,
        hashes=[_sha256(BLENDSHAPES.sha256)],
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
        external_references=[bundle],
    )


def _sha256(content: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=content)


def licence(metadata: str) -> str:
    """What a wheel's METADATA says of its licence, in one line; the text of it is in the snap."""
    head = HeaderParser().parsestr(metadata)
    classifiers = [text.rpartition(" :: ")[2] for text in head.get_all("Classifier", []) if text.startswith("License")]
    words = str(head["License"] or "").strip().partition("\n")[0]
    return str(head["License-Expression"] or "") or ", ".join(classifiers) or words or "see its dist-info"
