"""CPU time of each stage, and by resolution and length of the history.

`python -m tests.benchmarks.timing FOLDER...` is the process that measures: the first folder holds pictures of the usual
size, and each one is a resolution.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import ParamSpec

import cv2
import numpy as np
import numpy.typing as npt

from app.attention.judgement import Attention
from app.camera.frame import Frame
from app.camera.pictures import as_bgr, fitted, read_picture
from app.events import Sight
from app.monitor.preview_picture import outlined
from app.monitor.problem import Surroundings
from app.monitor.report import Report
from app.observer import Observer
from app.part_status import Availability, CameraHealth, MemorySaving
from app.telemetry.status import Configuration
from app.vision.eye_visibility import eyes_hidden
from app.vision.face import Face, FaceMesh
from app.vision.measurements import Signals
from app.vision.measuring import measure
from app.vision.seat import Seat
from config.paths import Paths
from config.settings import settings_from
from tests.benchmarks.steps import TRIP, step

P = ParamSpec("P")
Picture = npt.NDArray[np.uint8]

SETTINGS = settings_from({})
HISTORIES_S = (60, 120, 300, 600)
TIMES = 100  # repetitions of a short act, for its median


def ms(act: Callable[P, object], *arguments: P.args, **named: P.kwargs) -> float:
    """Milliseconds of CPU of all threads that one call takes."""
    began_s = time.process_time()
    act(*arguments, **named)
    return 1000 * (time.process_time() - began_s)


def read(path: Path) -> Picture:
    """A picture, decoded as the camera's thread does."""
    return as_bgr(read_picture(path))


def camera(folder: Path) -> None:
    """Time decoding and resizing."""
    paths = sorted(folder.iterdir())
    step("capture: a JPEG of 320 x 240 decoded", ms=median(ms(read, path) for path in paths))
    large = fitted(read(paths[0]), (640, 480))
    step("resize, 640 x 480 to 320 x 240", ms=median(ms(fitted, large, (320, 240)) for _ in range(TIMES)))


def mesh(frames: list[Picture]) -> Face:
    """Time each case of the face mesh; returns the first face."""
    tracking, static = FaceMesh(), FaceMesh(static_image_mode=True)
    step("face mesh: first face", ms=ms(tracking.find, frames[0]))
    step("face mesh: tracked, head still", ms=median(ms(tracking.find, frames[0]) for _ in range(7)))
    step("face mesh: tracked, frames a second apart, mean", ms=mean(ms(tracking.find, frame) for frame in frames))
    step("face mesh: detected, not tracked", ms=median(ms(static.find, frame) for frame in frames))
    empty = np.full_like(frames[0], 90)
    step("face mesh: no face", ms=median(ms(static.find, empty) for _ in range(30)))
    face = static.find(frames[0])
    assert face is not None
    return face


def after_the_mesh(frame: Picture, face: Face) -> None:
    """Time the stages after the face mesh."""
    taken = face, (320, 240), SETTINGS.vision.horizontal_fov_deg, FaceMesh().calibration
    step("signals", ms=median(ms(measure, *taken) for _ in range(TIMES)))
    step("whether the eyes can be seen", ms=median(ms(eyes_hidden, frame, face.landmarks) for _ in range(TIMES)))
    seat = Seat()
    step("seat remembered", ms=median(ms(seat.remember, frame, face.landmarks[:, :2]) for _ in range(TIMES)))
    step("seat looked at, without a face", ms=median(ms(seat.look, frame) for _ in range(TIMES)))
    step("attention", ms=verdict_ms(SETTINGS.analysis.history_window))
    jpeg = [cv2.IMWRITE_JPEG_QUALITY, SETTINGS.raspberry_pi.compression_quality]
    step("preview's outline", ms=median(ms(outlined, frame, face) for _ in range(TIMES)))
    step("preview's JPEG", ms=median(ms(cv2.imencode, ".jpg", frame, jpeg) for _ in range(TIMES)))
    step("status written", ms=status_ms())


def status_ms() -> float:
    """Milliseconds of CPU of one update of the status file."""
    around = Surroundings(CameraHealth(), Availability(True, "", True, ""), (), "", "", "", None, MemorySaving())
    with tempfile.TemporaryDirectory() as folder, Observer(SETTINGS.vision, SETTINGS.analysis, 3.0) as watch:
        paths = Paths.from_environment({"DRIVEWATCH_DATA": folder, "XDG_RUNTIME_DIR": folder})
        paths.make()
        report = Report(paths, Configuration("low_memory", "standard", "", "", ()), 160.0, 70, 0.0)
        times_s = range(25)  # fewer than 30 s: no reading of memory but the first
        return median(ms(report.update, watch.no_frame(float(at)), float(at), around) for at in times_s)


def trip_ms(frames: list[Picture]) -> float:
    """Mean milliseconds of CPU from frame to verdict."""
    with Observer(SETTINGS.vision, SETTINGS.analysis, 3.0) as watch:
        watch.look(Frame(frames[0], 0.0, 0))
        trip = [Frame(frame, float(at), at) for at, frame in enumerate(frames[1:], 1)]
        return mean(ms(watch.look, frame) for frame in trip)


def verdict_ms(window_s: int) -> float:
    """Milliseconds of CPU of attention's part of a verdict, with a full history."""
    attention = Attention(settings_from({"analysis.history_window": window_s}).analysis, 3.0)
    took_ms = []
    for at in range(2 * window_s + 200):
        seen = Signals(yaw_deg=at % 7, pitch_deg=1.0, roll_deg=0.0, ear=0.3, mar=0.2, confidence=1.0, face_width=0.4)
        took_ms.append(ms(attention.update, float(at), Sight.CLEAR, seen))
    return median(took_ms[-200:])


def main(*folders: str) -> None:
    """Measure."""
    cv2.setNumThreads(1)
    camera(Path(folders[0]))
    frames = [read(path) for path in sorted(Path(folders[0]).iterdir())]
    after_the_mesh(frames[0], mesh(frames))
    step(TRIP, ms=trip_ms(frames))
    for folder in folders:
        frames = [read(path) for path in sorted(Path(folder).iterdir())]
        step("resolution", width_px=frames[0].shape[1], ms=trip_ms(frames))
    for window_s in HISTORIES_S:
        step("history", window_s=window_s, ms=verdict_ms(window_s))


if __name__ == "__main__":
    main(*sys.argv[1:])
