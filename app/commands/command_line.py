"""Command line: `python -m app COMMAND`. Imports happen inside: each loads only what it needs."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from math import isfinite
from pathlib import Path

from config.check import Problem, accept
from config.disk import Disk
from config.document import MAX_BYTES
from config.durable import StoreError
from config.paths import CONFIG, Paths
from config.read import Reading, read
from config.settings import DECLARATIONS, Settings
from config.snapd import instance
from config.store import DEFAULTS, Loaded, Store

log = logging.getLogger(__name__)

DESCRIPTION = """drivewatch: a camera watches the driver, and a buzzer speaks up when the driver does
not watch the road.
"""
EXAMPLES = """examples:
  python -m app run --camera fake:commute   a rendered driver, no hardware needed
  python -m app run --camera /dev/video0    a real one
  python -m app check                       what is wrong here, and what helps
  python -m app analyze trip.mp4 --plot trip.svg > trip.jsonl
  python -m app render microsleep --out frames

`python -m app COMMAND --help` explains each, `python -m config --help` the settings.
"""
RUN = """Watches until Ctrl-C or SIGTERM. Prints a line for each change of state, with
"beep" where the buzzer sounds; on a terminal the newest figures stand below.
Without camera, buzzer or disk it says so once, with what helps, goes on with
what there is, and tries again.
"""
RUN_MORE = """A glance of 2 s is a caution, by light alone; warnings and alarms beep. The mute
on the page silences cautions and warnings for 10 minutes; never an alarm, nor
the sound for a camera that sees nothing.

exit status: 0 ended as asked; 1 cannot start, or not go on: the last line says why

examples:
  python -m app run --camera fake:commute
  python -m app run --camera trip.mp4     in its own time, over and over
  python -m app run --config car.yaml     problems are named, the rest is used

`python -m app render --help` lists the scenarios that `fake:` takes.
"""
ANALYZE = """Judges videos, pictures and folders of pictures as fast as they go, as `run`
would have judged them live. Prints one JSON object a line for each frame:

  input, frame, time_s          file, number of the frame in it from 0, its time
  has_face                      whether a face was found
  yaw_deg, pitch_deg, roll_deg  head pose; + is to the driver's right, up, and
                                towards the right shoulder
  ear, mar                      eye and mouth aspect ratio; small is closed
  state, level                  such as "looking_away" and "warning"
  event                         where one begins, rises or ends: kind, level,
                                onset_s, end_s, detail, and in `also` others
                                that did so at the same frame

What cannot be measured is null. A folder is a trip at 1 picture a second, in
the order of the names. A picture that is an input by itself is judged alone.
"""
ANALYZE_MORE = """exit status: 0 all was read; 1 something was not: stderr says what, the rest is done

examples:
  python -m app analyze trip.mp4 --fps 1 --plot trip.svg > trip.jsonl
  python -m app analyze faces/ --still | grep eyes_closed
"""
RENDER = """Writes a scenario as numbered PNG files or as one video, and truth.jsonl: a line
for each frame with what it truly shows. An earlier rendering in that folder is
replaced.
"""
CHECK = """Looks at settings, folders, camera, buzzer, LED, face mesh, memory and clock.
Prints a line for each: ok, or BAD with what helps. A detector that runs has the
camera and the pins, so it is asked how they do.
"""
CHECK_MORE = """exit status: 0 all is well; 1 something needs attention

examples:
  python -m app check
  python -m app check --camera fake:attentive   all but the camera
"""
ADMIN = """Makes the page's password, prints it once, keeps only its hash, and ends every
session.
"""
HTTPS = """Serves the page over HTTPS alone from its next start on. `self-signed` makes a
certificate for this machine and renews it in time.
"""
NO_HTTPS = """Serves the page over plain HTTP from its next start on, on this machine alone."""
STATUS = """Prints how the detector does and where the page is, on one screen.

exit status: 0 it watches and nothing is wrong; 1 something needs attention
"""
RESET = """Deletes the settings with their history, the events, the page's password,
sessions and tokens, and the choice of HTTPS with the certificate made here.
Asks before, and cannot be undone.
"""


ENDING_S = 10  # an interpreter whose end hangs, in a thread's driver or a full pipe, is ended by the kernel

FORM = partial(argparse.RawDescriptionHelpFormatter, width=78)  # to ask for the terminal's, argparse would load shutil


class Parser(argparse.ArgumentParser):
    """`more` makes the end of its help only when help is asked for."""

    more: Callable[[], str] | None = None

    def format_help(self) -> str:
        """The text of --help."""
        if self.more is not None:
            self.epilog = self.more()
        return super().format_help()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    _log_to_stderr(logging.CRITICAL if options.command == "check" else logging.INFO)  # check's findings say it all
    commands = {
        "run": _run,
        "analyze": _analyze,
        "render": _render,
        "check": _check,
        "admin-password": _owner,
        "enable-https": _owner,
        "disable-https": _owner,
        "factory-reset": _owner,
        "status": _status,
    }
    try:
        status = commands[options.command](options)
        print(end="", flush=True)  # what cannot be written is told here rather than at the interpreter's end
    except BrokenPipeError:  # `| head`
        return 0
    except OSError as error:
        log.error("%s", f"{error.filename}: {error.strerror}" if error.filename else error)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)  # below the progress bar
        return 130
    return status


def _log_to_stderr(level: int) -> None:
    # A descriptor of its own: while the face mesh loads, face.py turns stderr away and others' messages would be lost
    stream = open(os.dup(2), "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    erase_line = "\r\x1b[K" if stream.isatty() else ""  # the live line, or the progress bar
    logging.basicConfig(level=level, format=f"{erase_line}%(levelname)s %(message)s", stream=stream)


def _parser() -> Parser:
    parser = Parser(
        "python -m app",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=FORM,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    command = partial(commands.add_parser, formatter_class=FORM)
    run = command("run", help="watch the driver until Ctrl-C", description=RUN, epilog=RUN_MORE)
    analyze = command("analyze", help="judge videos and pictures", description=ANALYZE, epilog=ANALYZE_MORE)
    render = command("render", help="write a scenario of the fake driver as pictures", description=RENDER)
    check = command("check", help="what is wrong here, and what helps", description=CHECK, epilog=CHECK_MORE)
    command("admin-password", help="make another password for the page", description=ADMIN)
    enable = command("enable-https", help="serve the page over HTTPS", description=HTTPS)
    enable.add_argument("wanted", nargs="+", metavar="self-signed | CERT KEY", help="PEM files, or neither")
    disable = command("disable-https", help="serve the page over plain HTTP", description=NO_HTTPS)
    command("status", help="how the detector does, on one screen", description=STATUS)
    reset = command("factory-reset", help="delete settings, password and events", description=RESET)
    reset.add_argument("--yes", action="store_true", help="do not ask")
    disable.add_argument("--everywhere", action="store_true", help="on every address, readable by the whole network")
    render.more = _scenarios
    _add_inputs(analyze)
    _add_rendering(render)
    for live in (run, check):
        live.add_argument(
            "--camera",
            type=_source,
            metavar="SOURCE",
            help="instead of the setting camera.source: auto, /dev/video0, a video, a folder, fake:SCENARIO",
        )
    for judging in (run, analyze, check):
        judging.add_argument("--config", type=Path, metavar="FILE", help="a settings file instead of the one in force")
    return parser


def _add_inputs(analyze: Parser) -> None:
    analyze.add_argument("inputs", nargs="+", metavar="INPUT", help="a video, a picture, or a folder of pictures")
    analyze.add_argument(
        "--fps", type=_above_0, metavar="N", help="frames a second: taken from videos (all), of folders (1)"
    )
    analyze.add_argument("--still", action="store_true", help="judge each picture alone, not as moments of a trip")
    analyze.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw a timeline with the events marked")


def _add_rendering(render: Parser) -> None:
    render.add_argument("scenario", metavar="SCENARIO", help="one of those below, or a .yaml file of your own")
    render.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the pictures and truth.jsonl")
    render.add_argument("--fps", type=_above_0, default=1.0, metavar="N", help="pictures a second (1)")
    render.add_argument("--seconds", type=_above_0, metavar="S", help="how long (the whole scenario)")
    render.add_argument("--size", type=_size, default=(320, 240), metavar="WxH", help="in pixels (320x240)")
    render.add_argument("--seed", type=int, default=0, metavar="N", help="of the sensor's noise (0)")
    render.add_argument("--video", action="store_true", help="one video.avi instead of pictures")


def _scenarios() -> str:
    from app.fake_driver.scenario import load_scenario, scenario_names

    lines = [f"  {name:15} {load_scenario(name).about}" for name in scenario_names()]
    return "\n".join(["scenarios:", *lines, "", "example:", "  python -m app render microsleep --out frames"])


def _source(text: str) -> str:
    try:
        accept(DECLARATIONS["camera.source"], text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from error
    return text


def _above_0(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} must be a number above 0")
    return value


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    try:
        size = int(width), int(height)
        for value, name in zip(size, ("camera.width", "camera.height"), strict=True):
            accept(DECLARATIONS[name], value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} must be such as 320x240, from 64x48 to 1920x1080") from error
    return size


def _loaded(file: Path | None, paths: Paths) -> Loaded:
    """The settings in force, or those of a file; what is wrong with them is among the problems, never an exception."""
    if file is None:
        return Store(paths.data).load()
    try:
        reading = read(Disk().read(file, MAX_BYTES + 1))
    except OSError as error:
        reading = Reading({}, (Problem("", str(file), f"cannot be read: {error.strerror}"),))
    origin = str(file) if reading.values or not reading.problems else DEFAULTS
    return Loaded(reading.settings, reading.problems, reading.notes, origin, text="", version="")


def _with_camera(settings: Settings, source: str | None) -> Settings:
    return replace(settings, camera=replace(settings.camera, source=source)) if source else settings


def _say_problems(loaded: Loaded, file: Path | None) -> None:
    for problem in (*loaded.problems, *loaded.notes):
        log.warning("configuration: %s", problem)
    if loaded.problems:
        partly = ", what is valid of it" if loaded.origin in (CONFIG, str(file)) else ""
        log.warning("configuration in force: %s%s", loaded.origin, partly)


def _run(options: argparse.Namespace) -> int:
    from app.memory.allocator import limit_malloc_arenas
    from app.memory.core_dumps import no_core_dumps

    no_core_dumps()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy and OpenCV each bring one, with a thread for each core
    limit_malloc_arenas()  # before any library starts a thread
    ended_by = _ending_signals()
    paths = Paths.from_environment()
    loaded = _loaded(options.config, paths)
    _say_problems(loaded, options.config)
    try:
        paths.make()
    except OSError as error:
        log.warning("nothing can be saved, watching goes on: %s", error)
    settings = _with_camera(loaded.settings, options.camera)
    if instance():
        from app.service import health

        health.start(paths, loaded.settings)
    return _watch(settings, loaded, paths, lambda: bool(ended_by))


def _ending_signals() -> list[int]:
    """The signals that ask for the end, as they come. No Event: a handler that waits for its lock may wait for ever."""
    came: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, _: came.append(number))
    return came


def _watch(settings: Settings, loaded: Loaded, paths: Paths, is_over: Callable[[], bool]) -> int:
    from app.monitor.errors import DetectorError
    from app.monitor.watchdog import Watchdog

    mark_good = partial(_mark_good, Store(paths.data), loaded) if loaded.version else lambda: None  # not with --config
    try:
        with ExitStack() as parts:
            watchdog = parts.enter_context(Watchdog(paths.run))
            from app.commands.console import Console
            from app.memory.allocator import settle_allocator
            from app.monitor.detector import Hooks
            from app.monitor.opening import open_detector
            from app.monitor.report import configuration_of
            from app.telemetry.requests import take

            console = parts.enter_context(closing(Console(time.monotonic(), sys.stdout)))
            hooks = Hooks(console.show, mark_good, partial(take, paths.run), watchdog.at)
            detector = open_detector(parts, settings, configuration_of(settings, loaded), paths, hooks)
            if detector.saver is not None:
                watchdog.exit_reason = detector.saver.exit_reason
            settle_allocator()
            log.info("watching; Ctrl-C ends it")
            detector.run(is_over)
            watchdog.at("closing")
    except DetectorError as error:
        log.error("%s", error)
        return 1
    return 0


def _mark_good(store: Store, loaded: Loaded) -> None:
    try:
        store.mark_good(loaded)
    except StoreError as error:
        log.warning("the last good configuration was not kept: %s", error)


def _analyze(options: argparse.Namespace) -> int:
    from app.recordings.analyze import Options, analyze
    from app.vision.face import FaceMeshError

    loaded = _loaded(options.config, Paths.from_environment())
    _say_problems(loaded, options.config)
    settings = loaded.settings
    if options.still:
        settings = replace(settings, vision=replace(settings.vision, static_image_mode=True))
    wanted = Options(tuple(options.inputs), options.fps, options.still, options.plot)
    try:
        return analyze(wanted, settings, sys.stdout, sys.stderr)
    except FaceMeshError as error:
        log.error("%s", error)
        return 1


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
    from app.commands.doctor import check

    paths = Paths.from_environment()
    loaded = _loaded(options.config, paths)
    return check(loaded, _with_camera(loaded.settings, options.camera), paths)


def _status(options: argparse.Namespace) -> int:
    from app.commands.overview import overview

    return overview(Paths.from_environment(), time.monotonic())


def _owner(options: argparse.Namespace) -> int:
    from app.commands import owner
    from config.https import HttpsError

    paths = Paths.from_environment()
    try:
        if options.command == "admin-password":
            owner.new_password(paths)
        elif options.command == "enable-https":
            owner.enable_https(paths, options.wanted)
        elif options.command == "disable-https":
            owner.disable_https(paths, options.everywhere)
        else:
            return owner.factory_reset(paths, is_sure=options.yes)
    except (StoreError, HttpsError) as error:
        log.error("%s", error)
        return 1
    return 0
