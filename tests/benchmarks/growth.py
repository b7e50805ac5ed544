"""Memory and CPU time of each step of the start: one process that does step by step what the detector does.

`python -m tests.benchmarks.growth FOLDER MODEL` is that process.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

from tests.benchmarks.steps import step

FIRST_FACE = "first face: weights, buffers of inference"


def load(module: str) -> None:
    """Import a module to measure it; by name, as a linter would remove an unused import."""
    assert module not in sys.modules, f"{module} was loaded by an earlier step, which seems larger than it is"
    import_module(module)


def start() -> None:
    """The steps before the face mesh."""
    step("Python")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    load("app.commands.run")
    from app.memory.allocator import limit_malloc_arenas

    limit_malloc_arenas()
    step("settings, command line, standard library")
    load("numpy")
    step("NumPy")
    load("cv2")
    import cv2

    cv2.setNumThreads(1)
    step("OpenCV")
    load("app.commands.console")
    load("app.monitor.detector")
    step("drivewatch, SQLite")


def look(folder: str, model: str) -> None:
    """The steps of the face mesh and the first frames."""
    from app.camera.pictures import as_bgr, read_picture
    from app.memory.allocator import collect_often, trim
    from app.memory.file_pages import release_file_pages
    from app.vision import graph
    from app.vision.face import FaceMesh

    graph._load_bindings()
    step("MediaPipe's extension module")
    mesh = FaceMesh(model)
    step("graph and models")
    names = sorted(Path(folder).iterdir())
    mesh.find(as_bgr(read_picture(names[0])))
    step(FIRST_FACE)
    collect_often()
    release_file_pages()
    trim()
    step("unmodified file-backed pages released")
    for name in names:
        mesh.find(as_bgr(read_picture(name)))
    step(f"{len(names)} more frames: what they need comes back")


if __name__ == "__main__":
    start()
    look(*sys.argv[1:])
