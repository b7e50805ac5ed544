"""`python -m app run`: watch the driver until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.options import CAMERA_SOURCE, add_camera, add_config
from app.commands.outlet import Out, Outlet
from app.commands.settings_file import load, log_problems, with_camera
from app.commands.terminal import log_to
from app.telemetry.log_file import log_kept
from config.check import Problem
from config.commands import instance
from config.durable import StoreError
from config.own_files import reason_of
from config.paths import Paths
from config.settings import Settings
from config.store import DEFAULTS, Loaded, Store

if TYPE_CHECKING:
    from app.monitor.detector import Detector
    from app.monitor.watchdog import Watchdog

log = logging.getLogger(__name__)

DESCRIPTION = """Watches until Ctrl-C or SIGTERM. Prints a line for each change of state, with
"beep" where the buzzer sounds; on a terminal the newest figures stand below.
Without camera, buzzer or disk it says so once, with what helps, goes on with
what there is, and tries again.
"""
MORE = """A glance of 2 s is a caution, by light alone; warnings and alarms beep. The mute
on the page silences cautions and warnings for 10 minutes; never an alarm, nor
the sound for a camera that sees nothing.

exit status: 0 ended as asked; 1 cannot start, or not go on: the last line says why

examples:
  python -m app run --camera fake:commute
  python -m app run --camera trip.mp4     in its own time, over and over
  python -m app run --config car.yaml     problems are named, the rest is used

`python -m app render --help` lists the scenarios that `fake:` takes.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description, parser.epilog = DESCRIPTION, MORE
    add_camera(parser)
    add_config(parser)
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Watch; the exit status."""
    from app.memory.allocator import limit_malloc_arenas
    from app.memory.core_dumps import no_core_dumps

    no_core_dumps()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy and OpenCV each bring one, with a thread for each core
    limit_malloc_arenas()  # before any library starts a thread
    ended_by = _ending_signals()
    paths = Paths.from_environment()
    with (
        closing(Outlet(2, in_place=True)) as said,
        closing(Outlet(1)) as out,
        log_to(said),
        log_kept(paths.detector_log, "detector"),
    ):
        return _watch_in_force(options, paths, lambda: bool(ended_by), out, said.real)


def _watch_in_force(
    options: argparse.Namespace, paths: Paths, is_over: Callable[[], bool], out: Outlet, stderr: int
) -> int:
    from app.monitor.saving import in_time

    loaded = _loaded(options.config, paths)
    log_problems(loaded, options.config)
    try:
        in_time("making the folders", paths.make)
    except OSError as error:
        log.warning("not everything can be saved, watching goes on: %s", reason_of(error))
    if instance():
        from app.service import health

        health.start(paths, loaded.settings)
    return watch(loaded, options.camera, paths, is_over, out, stderr)


def _loaded(file: Path | None, paths: Paths) -> Loaded:
    """The settings in force; where the disk does not answer the defaults, rather than not to watch at all."""
    from app.monitor.saving import in_time

    try:
        return in_time("reading the settings", partial(load, file, paths))
    except TimeoutError as error:
        problem = Problem("", str(file or paths.config), f"{error.strerror}: `sudo dmesg` shows why")
        return Loaded(Settings(), (problem,), (), DEFAULTS, text="", version="")


def _ending_signals() -> list[int]:
    """The signals that ask for the end, as they arrive.

    A list, not an Event: the handler might wait for the Event's lock for ever.
    """
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it
            signal.signal(number, lambda number, _: received.append(number))
    return received


def watch(
    loaded: Loaded,
    camera: str | None,
    paths: Paths,
    is_over: Callable[[], bool],
    out: Out | None = None,
    stderr: int = 2,
) -> int:
    """Run the detector until it is over; the exit status. The watchdog is held before anything heavy is imported.

    camera: of the command line, instead of the setting. out: where to print, instead of stdout. stderr: a descriptor
    for the watchdog's last words.
    """
    from app.monitor.errors import DetectorError
    from app.monitor.watchdog import Watchdog

    try:
        with ExitStack() as parts:
            watchdog = parts.enter_context(Watchdog(paths.run, stderr=stderr, log_file=paths.detector_log))
            detector = _opened(parts, watchdog, loaded, camera, paths, out or sys.stdout)
            log.info("watching; Ctrl-C ends it")
            detector.run(is_over)
            watchdog.at("closing")
    except DetectorError as error:
        log.error("%s", error)
        return 1
    return 0


def _opened(
    parts: ExitStack, watchdog: Watchdog, loaded: Loaded, camera: str | None, paths: Paths, out: Out
) -> Detector:
    """The detector, with threads that save for it. Raises: DetectorError."""
    from app.commands.console import Console
    from app.memory.allocator import collect_often
    from app.monitor.detector import Hooks
    from app.monitor.opening import open_detector
    from app.monitor.page_requests import PageRequests
    from app.monitor.report import configuration_of
    from app.monitor.saving import SavingThread

    card, run = (parts.enter_context(closing(SavingThread(name))) for name in ("card", "run folder"))
    console = parts.enter_context(closing(Console(time.monotonic(), out)))
    mark_good = partial(_mark_good, Store(paths.data), loaded) if loaded.version else lambda: None  # not with --config
    keep_good = partial(card.save, "keeping the last good settings", mark_good)
    hooks = Hooks(console.show, keep_good, PageRequests(paths.run, run.save).take, watchdog.at)
    settings, fixed_keys = with_camera(loaded.settings, camera), (CAMERA_SOURCE,) if camera else ()
    configuration = configuration_of(settings, loaded, fixed_keys)
    detector = open_detector(parts, settings, configuration, paths, card, run, hooks)
    if detector.saver is not None:
        watchdog.exit_reason = detector.saver.exit_reason
    collect_often()
    return detector


def _mark_good(store: Store, loaded: Loaded) -> None:
    try:
        store.mark_good(loaded)
    except StoreError as error:
        log.warning("the last good configuration was not kept: %s", error)
