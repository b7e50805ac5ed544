"""The machine that drivewatch runs on: sensors, room on its disks, and its clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from admin.health.sensors import Sensors
from config.certificates import is_clock_set
from config.disk import free_bytes
from config.paths import Paths

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Folder:
    """A disk that is written to, by one of the folders on it; free_mb is None where it does not tell.

    name: what is kept on it.
    """

    name: str
    path: str
    free_mb: float | None


@dataclass(frozen=True, slots=True)
class Machine:
    """is_clock_set: whether the clock shows a day on which this release existed."""

    sensors: Sensors = field(default_factory=Sensors)
    folders: tuple[Folder, ...] = ()
    is_clock_set: bool = True


def machine_now(
    paths: Paths,
    sensors: Sensors,
    room: Callable[[Path], float] = free_bytes,
    disk: Callable[[Path], object] | None = None,
) -> Machine:
    """As it is now."""
    return Machine(sensors, tuple(_folders(paths, room, disk or disk_of)), is_clock_set())


def _folders(paths: Paths, room: Callable[[Path], float], disk: Callable[[Path], object]) -> list[Folder]:
    """One for each disk."""
    named: dict[object, tuple[Path, list[str]]] = {}
    for path, name in ((paths.data, "settings"), (paths.common, "events and logs"), (paths.run, "status")):
        named.setdefault(disk(path), (path, []))[1].append(name)
    return [Folder(", ".join(names), str(path), _room_mb(path, room)) for path, names in named.values()]


def disk_of(folder: Path) -> object:
    """What tells one disk from another; the folder itself where it cannot be looked at."""
    try:
        return folder.stat().st_dev
    except OSError:
        return folder


def _room_mb(folder: Path, room: Callable[[Path], float]) -> float | None:
    with suppress(OSError):
        return room(folder) / MB
    return None
