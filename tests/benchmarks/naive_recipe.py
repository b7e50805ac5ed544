"""The recipe of usual tutorials: `import mediapipe`, FaceMesh on every frame; in a separate virtual environment.

`python -m tests.benchmarks.naive_recipe FOLDER [refine] [static] [no-matplotlib] [unmapped]`
With `alone` the pictures are decoded first and FaceMesh alone is timed; with `fps=10` they come at that rate,
over and over.
"""

import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.steps import cpu_ms_each, release_file_pages, step

source, *options = sys.argv[1:]
if "no-matplotlib" in options:  # an empty stand-in shows what the unused import costs
    for name in ("matplotlib", "matplotlib.pyplot"):
        sys.modules[name] = types.ModuleType(name)

import cv2  # noqa: E402
import mediapipe as mp  # noqa: E402
from cv2.typing import MatLike  # noqa: E402


def frames() -> Iterator[MatLike]:
    for path in sorted(Path(source).iterdir()):
        picture = cv2.imread(str(path))
        assert picture is not None
        yield picture


step("imported")
mesh = mp.solutions.face_mesh.FaceMesh(
    static_image_mode="static" in options, max_num_faces=1, refine_landmarks="refine" in options
)


def sees(frame: MatLike) -> bool:
    return mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).multi_face_landmarks is not None


def at_a_rate(fps: float) -> None:
    """Process all frames at this rate, again and again."""
    due_s = time.monotonic()
    while True:
        for frame in frames():
            sees(frame)
            due_s += 1 / fps
            time.sleep(max(0.0, due_s - time.monotonic()))


if "unmapped" in options:
    release_file_pages()
if "alone" in options:
    step("alone", ms=cpu_ms_each(sees, list(frames())))
    sys.exit()
for option in options:
    if option.startswith("fps="):
        sees(next(frames()))
        step("first frame")
        at_a_rate(float(option.removeprefix("fps=")))
seen = [sees(frame) for frame in frames()]
step("all frames", frames=len(seen), faces=sum(seen))
