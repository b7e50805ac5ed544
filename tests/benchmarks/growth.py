"""Where each megabyte goes, and the start-up by stages: one process growing step by step, as the detector does.

`python -m tests.benchmarks.growth FOLDER MODEL` is that process.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.benchmarks.steps import step


def main(folder: str, model: str) -> None:
    """Grow."""
    step("Python")
    import os

    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from app.memory import calm_allocator

    calm_allocator()
    step("settings, command line, standard library")

    step("NumPy")
    import cv2

    cv2.setNumThreads(1)
    step("OpenCV")

    step("drivewatch, SQLite")
    from app import face
    from app.pictures import as_bgr, read_picture

    face._load_bindings()
    step("MediaPipe's extension module")
    mesh = face.FaceMesh(model)
    step("graph and models")
    names = sorted(Path(folder).iterdir())
    mesh.find(as_bgr(read_picture(names[0])))
    step("first face: weights unpacked, buffers of inference")
    for name in names:
        mesh.find(as_bgr(read_picture(name)))
    step(f"{len(names)} more frames")


if __name__ == "__main__":
    main(*sys.argv[1:])
