"""Command line: `python -m app run|analyze|render|check`. Imports happen inside, so that each loads only its own."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from config.check import Problem
from config.paths import Paths
from config.read import read
from config.settings import Settings
from config.store import Loaded, Store, StoreError

if TYPE_CHECKING:
    from app.journal import Journal
    from app.report import Report

log = logging.getLogger("drivewatch")

DESCRIPTION = "drivewatch: a camera watches the driver; a buzzer speaks up when the driver does not watch the road."
EXAMPLES = """examples:
  python -m app run --camera fake:commute      watch the rendered driver, no hardware needed
  python -m app run --camera /dev/video0       watch a real one
  python -m app check                          what is wrong here, and what helps
  python -m app analyze trip.mp4 --plot trip.svg > trip.jsonl
  python -m app analyze faces/ --still         judge each picture by itself
  python -m app render microsleep --out frames look at the rendered driver as pictures
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    commands = {"run": _run, "analyze": _analyze, "render": _render, "check": _check}
    try:
        return commands[options.command](options)
    except BrokenPipeError:  # `| head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m app", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="watch the driver until Ctrl-C or SIGTERM")
    run.add_argument("--camera", metavar="SOURCE", help="instead of camera.source: /dev/video0, a file, fake:SCENARIO")
    analyze = commands.add_parser(
        "analyze",
        help="judge videos and pictures, one JSON object a line",
        description="Judge videos, pictures and folders of pictures as fast as they go. Prints one JSON object for each "
        "frame; what is not measurable is null. `event` stands on the line on which one begins, rises or ends. "
        "Exit status 1 when an input could not be read.",
    )
    analyze.add_argument("inputs", nargs="+", metavar="INPUT", help="a video, a picture, or a folder of pictures")
    analyze.add_argument("--fps", type=_rate, metavar="N", help="take N frames a second from videos; rate of folders")
    analyze.add_argument("--still", action="store_true", help="judge each picture alone, not as moments of a trip")
    analyze.add_argument("--plot", type=Path, metavar="FILE.svg", help="write a timeline with the events marked")
    render = commands.add_parser("render", help="write a scenario of the fake driver as pictures with their truth")
    render.add_argument("scenario", help="its name, or a .yaml file; a wrong name lists them")
    render.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the pictures and truth.jsonl")
    render.add_argument("--fps", type=_rate, default=1.0, metavar="N", help="pictures a second (1)")
    render.add_argument("--seconds", type=_rate, metavar="S", help="how long, if not the whole scenario")
    render.add_argument("--size", type=_size, default=(320, 240), metavar="WxH", help="in pixels (320x240)")
    render.add_argument("--seed", type=int, default=0, help="of the sensor's noise (0)")
    render.add_argument("--video", action="store_true", help="one video.avi instead of pictures")
    check = commands.add_parser("check", help="the doctor: what is wrong here, and what helps")
    check.add_argument("--camera", metavar="SOURCE", help="instead of camera.source")
    for command in (run, analyze, check):
        command.add_argument("--config", type=Path, metavar="FILE", help="settings instead of the ones in force")
    return parser


def _rate(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    size = int(width), int(height)
    if not (64 <= size[0] <= 1920 and 48 <= size[1] <= 1080):
        raise argparse.ArgumentTypeError("must be between 64x48 and 1920x1080")
    return size


def _loaded(file: Path | None, paths: Paths) -> Loaded:
    """The settings in force, or those of a file; what is wrong with them is among the problems, never an exception."""
    if file is None:
        return Store(paths.data).load()
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return Loaded(
            Settings(), (Problem("", str(file), f"cannot be read: {error.strerror}"),), (), "defaults", "", ""
        )
    reading = read(text)
    return Loaded(reading.settings, reading.problems, reading.notes, str(file), text, "")


def _with_camera(settings: Settings, source: str | None) -> Settings:
    return replace(settings, camera=replace(settings.camera, source=source)) if source else settings


def _say_problems(loaded: Loaded) -> None:
    for problem in (*loaded.problems, *loaded.notes):
        log.warning("configuration: %s", problem)
    if loaded.problems:
        log.warning("configuration: running on %s", loaded.origin)


def _run(options: argparse.Namespace) -> int:
    from app.memory import calm_allocator

    calm_allocator()  # before any library starts a thread
    paths = Paths.from_environment()
    loaded = _loaded(options.config, paths)
    _say_problems(loaded)
    settings = _with_camera(loaded.settings, options.camera)
    stop = threading.Event()

    def end(number: int, _: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return _watch(settings, loaded, paths, stop, is_own_config=options.config is None)


def _watch(settings: Settings, loaded: Loaded, paths: Paths, stop: threading.Event, is_own_config: bool) -> int:
    import cv2

    from app import status
    from app.alert import open_alert
    from app.camera import Camera
    from app.console import Console
    from app.detector import Detector
    from app.face import FaceMeshError
    from app.watch import Watch

    cv2.setNumThreads(1)
    started_s = time.monotonic()
    try:
        paths.make()
    except OSError as error:
        log.warning("nothing can be saved: %s", error)
    pi, alerting = settings.raspberry_pi, settings.alerting
    report = _report(settings, loaded, paths, started_s)
    journal = _journal(settings, paths)
    console = Console(lambda now_s: now_s - started_s)
    mark_good = partial(_mark_good, Store(paths.data), loaded)
    period_s = settings.camera.frame_skip / settings.camera.target_fps
    alert = open_alert(
        pi.buzzer_pin,
        pi.led_pin,
        pi.gpio_chip,
        beep_only=alerting.use_beep_only,
        visual=alerting.visual_alerts_enabled,
    )
    try:
        with (
            Camera(settings.camera) as camera,
            Watch(settings.vision, settings.analysis, alerting.repeat_s) as watch,
            alert,
        ):
            detector = Detector(
                camera,
                watch,
                alert,
                report,
                journal=journal,
                period_s=period_s,
                on_look=console.show,
                on_healthy=mark_good if is_own_config else lambda: None,
                take_requests=partial(status.take, paths.run),
            )
            detector.run(stop)
    except FaceMeshError as error:
        log.error("%s", error)
        return 1
    finally:
        console.close()
        report.close()
        if journal is not None:
            journal.close()
    return 0


def _report(settings: Settings, loaded: Loaded, paths: Paths, started_s: float) -> Report:
    from app.report import Report
    from app.status import Configuration

    configuration = Configuration(
        profile=settings.profile,
        model=settings.vision.model,
        version_token=loaded.version,
        origin=loaded.origin,
        problems=tuple(map(str, loaded.problems)),
    )
    return Report(paths, configuration, settings.memory.budget_mb, settings.raspberry_pi.compression_quality, started_s)


def _journal(settings: Settings, paths: Paths) -> Journal | None:
    if not settings.analysis.event_history:
        return None
    from app.journal import Journal
    from app.status import boot_id

    return Journal(paths.events, boot_id())


def _mark_good(store: Store, loaded: Loaded) -> None:
    try:
        store.mark_good(loaded)
    except StoreError as error:
        log.warning("the last good configuration was not kept: %s", error)


def _analyze(options: argparse.Namespace) -> int:
    from app.analyze import Options, analyze

    loaded = _loaded(options.config, Paths.from_environment())
    _say_problems(loaded)
    settings = loaded.settings
    if options.still:
        settings = replace(settings, vision=replace(settings.vision, static_image_mode=True))
    return analyze(Options(tuple(options.inputs), options.fps, options.still, options.plot), settings)


def _render(options: argparse.Namespace) -> int:
    from app.fake_driver.record import record
    from app.fake_driver.scenario import ScenarioError, load_scenario

    try:
        scenario = load_scenario(options.scenario)
    except ScenarioError as error:
        log.error("%s", error)
        return 1
    seconds = options.seconds or scenario.length_s
    count = record(scenario, options.out, options.fps, seconds, options.size, options.seed, as_video=options.video)
    print(f"{count} frames of {scenario.name} in {options.out}: {scenario.about}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from app.doctor import check

    logging.disable()  # the findings say it
    paths = Paths.from_environment()
    loaded = _loaded(options.config, paths)
    return check(loaded, _with_camera(loaded.settings, options.camera), paths)


if __name__ == "__main__":
    sys.exit(main())
