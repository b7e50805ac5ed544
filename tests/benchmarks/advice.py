"""Each advice of the recipe that drivewatch replaces: what it says it saves, what it saves, and whether we do it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import cv2

from app.camera.pictures import read_picture
from config.declaration import Value
from config.settings import settings_from
from tests.benchmarks.experiments import BEFORE
from tests.benchmarks.measure import (
    PYTHON,
    Effort,
    Section,
    Step,
    detector,
    detector_usage,
    pictures,
    repeated,
    side_by_side,
)
from tests.benchmarks.ten_minutes import python_with, sample
from tests.benchmarks.without import STEPS

NO_CLAIM = "no figure of its own"
SMALL, LARGE = (320, 240), (640, 480)


@dataclass(frozen=True, slots=True)
class Advice:
    """One line of the table: detectors with the advice and without it, or an experiment that yields both."""

    what: str
    done: str
    without: Mapping[str, Value] | str
    followed: Mapping[str, Value] | str
    claim: str = NO_CLAIM
    watched: bool = False


# A str names an experiment of experiments.py, a mapping the settings of a detector
ADVICE = (
    Advice(
        "640 x 480 -> 320 x 240",
        "yes: low_memory",
        {"camera.width": 640, "camera.height": 480},
        {},
        "921 -> 230 kB a raw frame",
    ),
    Advice(
        "two buffered frames -> one",
        "yes: low_memory; never full, as frames are judged as fast",
        {"camera.buffer_frames": 2},
        {},
    ),
    Advice(
        "JPEG quality 95 -> 70, page's preview shown",
        "yes: compression_quality",
        {"raspberry_pi.compression_quality": 95},
        {"raspberry_pi.compression_quality": 70},
        "230 -> about 58 kB a frame",
        watched=True,
    ),
    Advice(
        "JPEG quality 70 -> 50, page's preview shown",
        "when memory is short",
        {"raspberry_pi.compression_quality": 70},
        {"raspberry_pi.compression_quality": 50},
        watched=True,
    ),
    Advice("refined landmarks off", "no: the plain mesh misses most closed eyes", {}, {"vision.model": "lite"}),
    Advice("history 300 -> 120 s", "yes: low_memory", "history 300", "history 120"),
    Advice("history 120 -> 60 s", "when memory is short", "history 120", "history 60"),
    Advice("events of a month, one a minute -> 100", "yes: max_events_buffer", "events 43200", "events 100"),
    Advice("event history off", "as a setting", {}, {"analysis.event_history": False}),
    Advice("frame_skip 2", "when memory is short", {}, {"camera.frame_skip": 2}),
    Advice("static_image_mode off", "yes", {"vision.static_image_mode": True}, {}),
    Advice("log INFO, not DEBUG", "yes; hardly anything is at DEBUG", "debug", "nothing"),
    Advice(
        "300 faces' landmarks float64 -> float32", "none is kept; one face is float32", "landmarks f8", "landmarks f4"
    ),
    Advice(
        "300 faces' landmarks float32 -> int8", "no: eyes would be read less exactly", "landmarks f4", "landmarks i1"
    ),
    Advice("ten 640 x 480 frames in mmap'ed files", "no: none is kept", "frames heap", "frames mapped"),
    Advice("buffers reused for resizing and colour", "no: nothing to gain", "buffers fresh", "buffers reused"),
    Advice("PIL instead of OpenCV 4, for resizing", "no: camera and head pose need OpenCV", "resize cv2", "resize PIL"),
    Advice("matplotlib not imported (naive recipe)", "yes: not installed", "naive", "naive no-matplotlib"),
    Advice("headless OpenCV 5, not the contrib 4 of mediapipe", "yes", "contrib", "headless"),
)


def section(effort: Effort) -> Section:
    """Measure all of it."""
    variants = {_name(one): (one, advice.watched) for advice in ADVICE for one in (advice.without, advice.followed)}
    variants |= {
        f"{_name(one)} watched": (one, True)
        for advice in ADVICE
        if advice.watched
        for one in (advice.without, advice.followed)
    }
    tasks: dict[str, Callable[[], float]] = {
        name: partial(_rss_mb, effort, one, watched and name.endswith("watched"))
        for name, (one, watched) in variants.items()
    }
    all_mb = side_by_side(tasks)
    rows = []
    for advice in ADVICE:
        end = " watched" if advice.watched else ""
        without_mb, followed_mb = (all_mb[_name(one) + end] for one in (advice.without, advice.followed))
        saved_mb = without_mb - followed_mb
        rows.append((advice.what, advice.claim, saved_mb, saved_mb / without_mb * 100, advice.done))
    return Section(
        "advice",
        "The old recipe's advice, measured",
        "Of a detector at low_memory as a whole, or of the smallest program that shows it; headless OpenCV by what it "
        "adds to NumPy. Below 0.2 MB is noise. The recipe estimates 690 to 700 MB in all for what it advises, and has "
        "figures of its own for frames alone.",
        ("advice", "says it saves", "saves, MB RSS", "% of RSS", "drivewatch does it"),
        tuple(rows),
    )


def _name(one: Mapping[str, Value] | str) -> str:
    return one if isinstance(one, str) else json.dumps(dict(one))


def _rss_mb(effort: Effort, one: Mapping[str, Value] | str, watched: bool) -> float:
    if not isinstance(one, str):
        size = LARGE if one.get("camera.width") == LARGE[0] else SMALL
        return detector_usage(effort, pictures(size), one, watched=watched).rss_mb
    if one in STEPS:
        return detector_usage(effort, pictures(SMALL), launcher=("tests.benchmarks.without", one)).rss_mb
    steps = experiment(effort, *one.split())
    return steps[-1].usage.rss_mb - sum(step.usage.rss_mb for step in steps if step.name == BEFORE)


def experiment(effort: Effort, name: str, *arguments: str) -> list[Step]:
    """Run one of experiments.py, where need be in the naive recipe's virtual environment."""
    frames = pictures(SMALL).absolute()
    if name == "naive":
        return repeated(effort, (python_with("naive"), "-m", "tests.benchmarks.naive_recipe", frames, *arguments))
    python = python_with("naive") if name in ("contrib", "resize") else PYTHON[0]
    return repeated(effort, (python, "-m", "tests.benchmarks.experiments", name, frames, *arguments))


def sizes_section(effort: Effort) -> Section:
    """What a frame takes, and what quantised landmarks lose."""
    frames = {size: read_picture(sorted(pictures(size).iterdir())[0]) for size in (LARGE, SMALL)}
    rows: list[tuple[str | float, ...]] = [
        (f"frame {width} x {height}, raw", frame.nbytes / 1000, "kB") for (width, height), frame in frames.items()
    ]
    for quality in (95, 70, 50):
        jpeg = cv2.imencode(".jpg", frames[SMALL], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        rows.append((f"frame 320 x 240, JPEG of quality {quality}", jpeg.nbytes / 1000, "kB"))
    lost = experiment(effort, "quantised")[-1].figures
    rows.append(("landmarks as int8: an eye's EAR is off by, mean", lost["ear_error"], "of about 0.3 when open"))
    rows.append(("landmarks as int8: head yaw is off by, mean", lost["yaw_error_deg"], "degrees"))
    return Section(
        "sizes", "What a frame takes, and what int8 loses", "Of the rendered driver.", ("what", "is", ""), tuple(rows)
    )


def cpu_section(effort: Effort) -> Section:
    """CPU of the running detector at 1 frame a second, all at once as each takes a few per cent."""
    variants: dict[str, Mapping[str, Value]] = {
        "low_memory": {},
        "balanced": {"profile": "balanced"},
        "high_accuracy": {"profile": "high_accuracy"},
        "low_memory, frame_skip 2": {"camera.frame_skip": 2},
        "low_memory, static_image_mode": {"vision.static_image_mode": True},
    }
    tasks = {name: partial(_cpu_pct, effort, settings) for name, settings in variants.items()}
    cpu_pct = side_by_side(tasks, len(tasks))
    return Section(
        "cpu",
        "CPU at 1 frame a second",
        f"Over {effort.cpu_seconds:g} s after the first verdict, of one core.",
        ("detector", "CPU, %"),
        tuple(cpu_pct.items()),
    )


def _cpu_pct(effort: Effort, settings: Mapping[str, Value]) -> float:
    camera = settings_from(settings).camera
    with detector(pictures((camera.width, camera.height)), settings) as (process, _):
        time.sleep(1)
        before = sample(process.pid, 0.0)
        time.sleep(effort.cpu_seconds)
        after = sample(process.pid, 0.0)
    return 100 * (after.cpu_s - before.cpu_s) / (after.time_s - before.time_s)
