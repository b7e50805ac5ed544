"""CPU time of each stage, and cost against resolution and length of history. `python -m tests.benchmarks.timing FOLDER...`
is the process that measures.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

from tests.benchmarks.steps import step

ROUNDS = 3
HISTORIES_S = (60, 120, 300, 600)


def main(*folders: str) -> None:
    """Measure; the first folder holds pictures of the usual size, and each one is a resolution."""
    import cv2

    cv2.setNumThreads(1)
    stages(Path(folders[0]))
    for folder in folders:
        resolution(Path(folder))
    for window_s in HISTORIES_S:
        history(window_s)


def ms(act: Callable[[], object]) -> float:
    """Milliseconds of CPU, of all threads, that it takes once: the time on a core that nobody else wants."""
    began_s = time.process_time()
    act()
    return 1000 * (time.process_time() - began_s)


def stages(folder: Path) -> None:
    """Each stage by itself."""
    import cv2
    import numpy as np

    from app.camera import Frame
    from app.face import FaceMesh
    from app.pictures import resized
    from app.report import outlined
    from app.signals import measure
    from app.sources import PictureFolder
    from app.watch import Watch
    from config.settings import settings_from

    settings = settings_from({})
    source = PictureFolder(folder)
    frames = []
    read_ms = []
    for number in range(len(list(folder.iterdir()))):
        source.grab(float(number))
        read_ms.append(ms(lambda: frames.append(source.retrieve())))
    step("capture: a JPEG of 320 x 240 decoded", ms=median(read_ms))
    large = cv2.resize(frames[0], (640, 480))
    step("resize, 640 x 480 to 320 x 240", ms=median(ms(lambda: resized(large, (320, 240))) for _ in range(100)))
    mesh = FaceMesh()
    step("face mesh: first face", ms=ms(lambda: mesh.find(frames[0])))
    mesh.find(frames[0])
    step("face mesh: tracked, head still", ms=median(ms(lambda: mesh.find(frames[0])) for _ in range(7)))
    found = []
    found_ms = [ms(lambda: found.append(mesh.find(frame))) for frame in frames]
    step("face mesh: tracked, frames a second apart, mean", ms=mean(found_ms))
    static = FaceMesh(static_image_mode=True)
    static.find(frames[0])
    step("face mesh: detected anew", ms=median(ms(lambda: static.find(frame)) for frame in frames))
    empty = np.full_like(frames[0], 90)
    mesh.reset()
    step("face mesh: no face", ms=median(ms(lambda: mesh.find(empty)) for _ in range(30)))
    face = next(face for face in found if face is not None)
    taken = (face, (320, 240), settings.vision.horizontal_fov_deg, mesh.reading)
    step("signals", ms=median(ms(lambda: measure(*taken)) for _ in range(100)))
    step("outline and JPEG of quality 70", ms=median(ms(lambda: _jpeg(outlined(frames[0], face))) for _ in range(100)))
    step("status written", ms=median(_status_ms()))
    with Watch(settings.vision, settings.analysis, 3.0) as watch:
        began_s = time.process_time()
        for turn in range(ROUNDS):
            for number, frame in enumerate(frames):
                number += turn * len(frames)
                watch.look(Frame(frame, float(number), number))
        each_ms = (time.process_time() - began_s) * 1000 / (ROUNDS * len(frames))
        step("frame to verdict, mean of a trip", ms=each_ms)


def _jpeg(picture: object) -> None:
    import cv2

    cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])  # type: ignore[call-overload]


def _status_ms() -> list[float]:
    """Each update of the status file, by a report of a trip's looks."""
    from app.alert import Availability
    from app.camera import CameraHealth
    from app.report import Report, Surroundings
    from app.status import Configuration
    from app.watch import Watch
    from config.paths import Paths
    from config.settings import settings_from

    settings = settings_from({})
    around = Surroundings(CameraHealth(), Availability(True, "", True, ""), (), "", "", False)
    with tempfile.TemporaryDirectory() as folder, Watch(settings.vision, settings.analysis, 3.0) as watch:
        paths = Paths.from_environment({"DRIVEWATCH_DATA": folder, "XDG_RUNTIME_DIR": folder})
        paths.make()
        report = Report(paths, Configuration("low_memory", "lite", "", "", ()), 160.0, 70, 0.0)
        looks = [watch.nothing(float(number)) for number in range(25)]  # fewer than 30 s: no reading of memory
        report.update(looks[0], 0.0, around)
        return [ms(lambda: report.update(look, float(number), around)) for number, look in enumerate(looks[1:], 1)]


def resolution(folder: Path) -> None:
    """Frame to verdict at one resolution."""
    import cv2

    from app.camera import Frame
    from app.watch import Watch
    from config.settings import settings_from

    settings = settings_from({})
    frames = [cv2.imread(str(path)) for path in sorted(folder.iterdir())]
    with Watch(settings.vision, settings.analysis, 3.0) as watch:
        watch.look(Frame(frames[0], 0.0, 0))
        took_ms = [ms(lambda: watch.look(Frame(frame, float(at), at))) for at, frame in enumerate(frames[1:], 1)]
    step("resolution", width_px=frames[0].shape[1], height_px=frames[0].shape[0], ms=mean(took_ms))


def history(window_s: int) -> None:
    """One verdict, when the history is full."""
    from app.attention import Attention
    from app.signals import Signals
    from app.verdict import Sight
    from config.settings import settings_from

    attention = Attention(settings_from({"analysis.history_window": window_s}).analysis, 3.0, 0.6)
    took_ms = []
    for second in range(2 * window_s + 200):
        seen = Signals(
            confidence=1.0, face_x=0.5, face_width=0.4, yaw_deg=float(second % 7), pitch_deg=1.0, roll_deg=0.0, ear=0.3, mar=0.2
        )
        took_ms.append(ms(lambda: attention.update(float(second), Sight.CLEAR, seen)))
    step("history", window_s=window_s, ms=median(took_ms[-200:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
