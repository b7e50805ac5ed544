"""Where each model is, and its hash: a file that is damaged or another one is reported before it judges anything."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

try:  # the interpreter's own: hashlib loads OpenSSL, 3.5 MB that the detector does not need otherwise
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # before Python 3.12
    try:
        from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from hashlib import sha256

_OWN_FOLDER = Path(__file__).parent / "models"
_READ_BYTES = 1 << 18


class FaceMeshError(RuntimeError):
    """The face mesh cannot be loaded or run on this machine; the text names what helps."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model: its path from the folder it is in, and its SHA-256.

    is_own: it is in app/vision/models, not in a wheel.
    """

    name: str
    sha256: str
    is_own: bool = False

    @property
    def path(self) -> Path:
        """Where it is. Raises: FaceMeshError, mediapipe is not installed."""
        return _OWN_FOLDER / self.name if self.is_own else package_root() / "modules" / self.name

    def checked(self, folder: Path | None = None) -> str:
        """Its path, once the file is known to be whole.

        Raises: FaceMeshError, it is missing, cut, or another file.
        """
        path = self.path if folder is None else folder / self.name
        remedy = "git checkout app/vision/models" if self.is_own else "make clean setup"
        remedy = f"run `{remedy}`, or install the snap again"
        try:
            with path.open("rb") as file:
                digest = sha256()
                while block := file.read(_READ_BYTES):
                    digest.update(block)
        except OSError as error:
            raise FaceMeshError(f"the model {path} cannot be read ({error.strerror}): {remedy}") from error
        if digest.hexdigest() != self.sha256:
            raise FaceMeshError(f"the model {path} is damaged (its SHA-256 is not the expected one): {remedy}")
        return str(path)


# As in mediapipe 0.10.18's wheels, alike for x86-64 and arm64
SHORT_RANGE = ModelFile(
    "face_detection/face_detection_short_range.tflite",
    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
FULL_RANGE = ModelFile(
    "face_detection/face_detection_full_range_sparse.tflite",
    "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
)
PLAIN_MESH = ModelFile(
    "face_landmark/face_landmark.tflite",
    "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
)
ATTENTION_MESH = ModelFile(
    "face_landmark/face_landmark_with_attention.tflite",
    "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
)
PALM = ModelFile(
    "palm_detection/palm_detection_lite.tflite",
    "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
)
HAND = ModelFile(
    "hand_landmark/hand_landmark_lite.tflite",
    "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
)
# See app/vision/models/README.md
BLENDSHAPES = ModelFile(
    "face_blendshapes.tflite",
    "4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082",
    is_own=True,
)


def package_root() -> Path:
    """The folder of the installed mediapipe package, found without importing it.

    Raises: FaceMeshError, it is not installed.
    """
    if loaded := sys.modules.get("mediapipe"):
        return Path(loaded.__path__[0])
    spec = importlib.util.find_spec("mediapipe")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise FaceMeshError("mediapipe is not installed: run `make setup`")
    return Path(places[0])
