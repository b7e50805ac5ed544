"""The machine that drivewatch runs on: sensors, room on its disks, and its clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from admin.health.sensors import Sensors
from config.certificates import is_clock_set
from config.paths import Paths

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is written to; free_mb is None where the disk does not tell."""

    name: str
    path: str
    free_mb: float | None


@dataclass(frozen=True, slots=True)
class Machine:
    """is_clock_set: whether the clock shows a day on which this release existed."""

    sensors: Sensors = field(default_factory=Sensors)
    folders: tuple[Folder, ...] = ()
    is_clock_set: bool = True


def free_mb(folder: Path) -> float:
    """Room on the disk of a folder, for this user. Raises: OSError."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize / MB


def machine_now(paths: Paths, sensors: Sensors, room: Callable[[Path], float] = free_mb) -> Machine:
    """As it is now."""
    return Machine(sensors, tuple(_folders(paths, room)), is_clock_set())


def _folders(paths: Paths, room: Callable[[Path], float]) -> list[Folder]:
    """Each once: data and common folder are one outside a snap."""
    names = {paths.data: "settings", paths.common: "events and logs", paths.run: "status"}
    if paths.data == paths.common:
        names[paths.data] = "settings, events and logs"
    return [Folder(name, str(path), _room_mb(path, room)) for path, name in names.items()]


def _room_mb(folder: Path, room: Callable[[Path], float]) -> float | None:
    with suppress(OSError):
        return room(folder)
    return None
