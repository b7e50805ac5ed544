"""The bill of materials of a snap, CycloneDX 1.5: name, version, licence and hash of each wheel, library and model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from email.parser import HeaderParser
from pathlib import Path
from typing import TypedDict
from uuid import NAMESPACE_URL, UUID, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from app.vision.model_files import BLENDSHAPES
from snap.local.native import MODULE, UNKNOWN, bundled, carried, linked_statically

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


def sbom(wheels: list[Wheel], library: Path, version: str, native: Mapping[str, str]) -> str:
    """The bill of what pip has installed in `library`, as JSON; the same files give the same text.

    Hence its time is always that of 1970, and its serial number is made of what it lists. `native`: of
    `native_files`; those that are no longer there are not listed.
    """
    own = Component(
        type=ComponentType.APPLICATION,
        bom_ref="drivewatch",
        name="drivewatch",
        version=version,
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
    )
    bom = Bom(serial_number=UUID(int=0), metadata=BomMetaData(component=own, timestamp=NO_TIME))
    direct = [*(_component(wheel, library) for wheel in wheels), _model()]
    bom.register_dependency(own, direct)
    for component in direct:
        files = sorted(path for path, name in native.items() if name == component.name and (library / path).is_file())
        _add(bom, component, library, files)
    bom.serial_number = uuid5(NAMESPACE_URL, JsonV1Dot5(bom).output_as_string())
    return JsonV1Dot5(bom).output_as_string(indent=1) + "\n"


def _component(wheel: Wheel, library: Path) -> Component:
    name, version = wheel["metadata"]["name"].lower(), wheel["metadata"]["version"]
    metadata = _dist_info(library, name, version) / "METADATA"
    purl = PackageURL("pypi", name=name, version=version)
    return Component(
        bom_ref=str(purl),
        name=name,
        version=version,
        hashes=[_sha256(wheel["download_info"]["archive_info"]["hashes"]["sha256"])],
        licenses=[DisjunctiveLicense(name=licence(metadata.read_text(errors="replace")))],
        purl=purl,
    )


def _dist_info(library: Path, name: str, version: str) -> Path:
    return library / f"{name.replace('-', '_')}-{version}.dist-info"


def _add(bom: Bom, wheel: Component, library: Path, native: list[str]) -> None:
    """Add a wheel, its libraries as files and those of the bills that it carries. `native`: its files in `library`."""
    said = {linked_statically(library / path) for path in native if MODULE.search(path)}
    for words in said - {UNKNOWN} or said:
        wheel.properties.add(Property(name="drivewatch:linked-statically", value=words))
    bills = sorted(_dist_info(library, wheel.name, str(wheel.version)).glob("sboms/*"))
    merged = {file.name: bill for file in bills if (bill := carried(file, str(wheel.bom_ref)))}
    for file in bills:
        if file.name not in merged:
            wheel.properties.add(Property(name="drivewatch:bill-not-merged", value=file.name))
    bom.components.add(wheel)  # a sorted set, which what is in it must not change
    libraries = [bundled(path, library / path, str(wheel.bom_ref)) for path in native if not MODULE.search(path)]
    bom.components.update(libraries)
    bom.register_dependency(wheel, libraries)
    for bill in merged.values():
        bom.components.update(bill.components)
        parts = {
            part.bom_ref: part for one in (wheel, *bill.components) for part in one.get_all_nested_components(True)
        }
        for needs in bill.dependencies:
            if needs.ref in parts:
                needed = [parts[other] for other in needs.dependencies_as_bom_refs() if other in parts]
                bom.register_dependency(parts[needs.ref], needed)


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
