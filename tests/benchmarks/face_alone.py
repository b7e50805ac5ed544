"""Time of the face alone, without camera and verdict: `python -m tests.benchmarks.face_alone FOLDER fast|small`."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from app.camera.pictures import read_picture
from app.vision.face import FaceMesh
from tests.benchmarks.steps import cpu_ms_each, step


def main(folder: str, kernels: str) -> None:
    """Measure the whole face search, and only the mesh that follows a face from frame to frame, as the naive recipe."""
    cv2.setNumThreads(1)
    frames = [read_picture(path) for path in sorted(Path(folder).iterdir())]
    with FaceMesh(fast=kernels == "fast") as mesh:
        ms = cpu_ms_each(mesh.find, frames)
        region = mesh._tracked

        def follow(frame: npt.NDArray[np.uint8]) -> None:
            nonlocal region
            assert region is not None, "the driver's face is in every frame"
            fit = mesh._graphs.fit(mesh._graphs.input_of(frame), region)
            region = fit.region if fit else region

        followed_ms = cpu_ms_each(follow, frames[::-1])
    step("alone", ms=ms, followed_ms=followed_ms)


if __name__ == "__main__":
    main(*sys.argv[1:])
