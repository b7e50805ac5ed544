"""The settings that a command works with: those in force, or those of a file of `--config`."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from config.check import Problem
from config.disk import Disk
from config.document import MAX_BYTES
from config.paths import CONFIG, Paths
from config.read import Reading, read
from config.settings import Settings
from config.store import DEFAULTS, Loaded, Store

log = logging.getLogger(__name__)


def load(file: Path | None, paths: Paths) -> Loaded:
    """The settings in force, or those of a file; what is wrong with them is among the problems, never an exception."""
    if file is None:
        return Store(paths.data).load()
    try:
        reading = read(Disk().read(file, MAX_BYTES + 1))
    except OSError as error:
        reading = Reading({}, (Problem("", str(file), f"cannot be read: {error.strerror}"),))
    origin = str(file) if reading.values or not reading.problems else DEFAULTS
    return Loaded(reading.settings, reading.problems, reading.notes, origin, text="", version="")


def with_camera(settings: Settings, source: str | None) -> Settings:
    """The settings with the source of `--camera`, if there is one."""
    return replace(settings, camera=replace(settings.camera, source=source)) if source else settings


def log_problems(loaded: Loaded, file: Path | None) -> None:
    """Log what is wrong with the settings, and which are in force instead."""
    for problem in (*loaded.problems, *loaded.notes):
        log.warning("configuration: %s", problem)
    if loaded.problems:
        partly = ", what is valid of it" if loaded.origin in (CONFIG, str(file)) else ""
        log.warning("configuration in force: %s%s", loaded.origin, partly)
