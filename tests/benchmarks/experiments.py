"""The smallest programs that show one advice each: `python -m tests.benchmarks.experiments NAME FOLDER [VARIANT]`.

Only what an experiment needs is imported, as some run in the naive recipe's virtual environment.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tests.benchmarks.steps import step

BEFORE = "before"  # what the process had then is not the experiment's
FACES, LANDMARKS, FRAMES = 300, 468, 10


def history(_: Path, window_s: str) -> None:
    """Attention over twenty minutes with a history of that length."""
    from app.attention.judgement import Attention
    from app.events import Sight
    from app.vision.measurements import Signals
    from config.settings import settings_from

    attention = Attention(settings_from({"analysis.history_window": int(window_s)}).analysis, 3.0)
    for second in range(1200):
        seen = Signals(
            confidence=1.0,
            face_x=0.5,
            face_width=0.4,
            yaw_deg=float(second % 7),
            pitch_deg=1.0,
            roll_deg=0.0,
            ear=0.3,
            mar=0.2,
        )
        attention.update(float(second), Sight.CLEAR, seen)
    step("watched")


def events(_: Path, most: str) -> None:
    """So many events in memory."""
    from app.events import Event, Level, State

    kept = [
        Event(State.LOOKING_AWAY, Level.WARNING, at, at - 0.5, at + 0.5, at + 4.0)
        for at in map(float, range(int(most)))
    ]
    step("kept", events=len(kept))


def landmarks(_: Path, kind: str) -> None:
    """The landmarks of some faces."""
    import numpy as np

    kept = [np.ones((LANDMARKS, 3), kind) for _ in range(FACES)]
    step("kept", faces=len(kept))


def frames(_: Path, where: str) -> None:
    """Some frames of 640 x 480, in memory or in files."""
    import numpy as np

    shape = (480, 640, 3)
    with tempfile.TemporaryDirectory() as folder:
        kept: list[np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]]
        if where == "mapped":
            kept = [np.memmap(f"{folder}/{number}", np.uint8, "w+", shape=shape) for number in range(FRAMES)]
        else:
            kept = [np.empty(shape, np.uint8) for _ in range(FRAMES)]
        for frame in kept:
            frame[:] = 128
        step("kept", frames=len(kept))


def buffers(folder: Path, how: str) -> None:
    """Resize and convert pictures into new buffers, or into the same ones."""
    import cv2
    import numpy as np

    from app.camera.pictures import read_picture

    small, rgb = np.empty((240, 320, 3), np.uint8), np.empty((240, 320, 3), np.uint8)
    for _ in range(5):
        for path in sorted(folder.iterdir()):
            picture = read_picture(path)
            if how == "reused":
                cv2.resize(picture, (320, 240), dst=small)
                cv2.cvtColor(small, cv2.COLOR_BGR2RGB, dst=rgb)
            else:
                cv2.cvtColor(cv2.resize(picture, (320, 240)), cv2.COLOR_BGR2RGB)
    step("converted")


def resize(folder: Path, how: str) -> None:
    """Read and resize pictures."""
    if how == "PIL":
        import numpy as np
        from PIL import Image  # type: ignore[import-not-found]

        for path in sorted(folder.iterdir()):
            np.asarray(Image.open(path).resize((160, 120), Image.Resampling.BILINEAR))
    else:
        import cv2

        for path in sorted(folder.iterdir()):
            picture = cv2.imread(str(path))
            assert picture is not None
            cv2.resize(picture, (160, 120))
    step("resized")


def opencv(_: Path, __: str) -> None:
    """OpenCV imported, after NumPy, whose versions differ too: which one says the virtual environment."""
    import_module("numpy")
    step(BEFORE)
    import_module("cv2")
    step("imported")


def quantised(folder: Path, _: str) -> None:
    """What landmarks rounded to 8 bits of the picture's width lose."""
    from dataclasses import replace

    import numpy as np

    from app.camera.pictures import as_bgr, read_picture
    from app.vision.face import FaceMesh
    from app.vision.measuring import measure

    errors = []
    with FaceMesh() as mesh:
        for path in sorted(folder.iterdir()):
            picture = as_bgr(read_picture(path))
            face = mesh.find(picture)
            if face is None:
                continue
            size = picture.shape[1], picture.shape[0]
            scale = np.float32(size[0] / 255)
            rounded = replace(face, landmarks=np.round(face.landmarks / scale).astype(np.float32) * scale)
            one, other = (measure(each, size, 60.0, mesh.calibration) for each in (face, rounded))
            if one.ear is not None and other.ear is not None and one.yaw_deg is not None and other.yaw_deg is not None:
                errors.append((abs(one.ear - other.ear), abs(one.yaw_deg - other.yaw_deg)))
    ear_error, yaw_error_deg = np.mean(errors, axis=0)
    step("compared", ear_error=float(ear_error), yaw_error_deg=float(yaw_error_deg))


EXPERIMENTS: dict[str, Callable[[Path, str], None]] = {
    "history": history,
    "events": events,
    "landmarks": landmarks,
    "frames": frames,
    "buffers": buffers,
    "resize": resize,
    "contrib": opencv,
    "headless": opencv,
    "quantised": quantised,
}


if __name__ == "__main__":
    EXPERIMENTS[sys.argv[1]](Path(sys.argv[2]), "".join(sys.argv[3:]))
