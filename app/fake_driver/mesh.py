"""The surface the portrait is wrapped around: data made once by tests/tools/fit_portrait.py."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def floats(values: npt.ArrayLike) -> Floats:
    """Make an array of float32."""
    return np.asarray(values, np.float32)


FOLDER = Path(__file__).parent
FACE = "collins"  # of the portrait that comes with drivewatch
FACE_POINTS = 478  # the first points are MediaPipe's landmarks, irises included


@dataclass(frozen=True, slots=True)
class Mesh:
    """N points and M triangles.

    vertices_cm: float32 (N, 3) as MediaPipe's canonical face: x to the driver's left, y up, z to the camera.
    portrait_px: float32 (N, 2), the same points in the portrait. triangles: uint16 (M, 3).
    head_weight, jaw_weight, mouth_weight: float32 (N,), how far a point follows head, jaw and narrowing lips, 0..1.
    """

    vertices_cm: Floats
    portrait_px: Floats
    triangles: npt.NDArray[np.uint16]
    head_weight: Floats
    jaw_weight: Floats
    mouth_weight: Floats

    def save(self, path: Path) -> None:
        """Write it as load_mesh reads it."""
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})


def face_files(folder: Path, name: str) -> tuple[Path, Path]:
    """Where a face's mesh and portrait are kept."""
    return folder / f"{name}.npz", folder / f"{name}.png"


def load_mesh(path: Path) -> Mesh:
    """Read a mesh that the project keeps."""
    with np.load(path) as data:
        return Mesh(**{field.name: data[field.name] for field in fields(Mesh)})
