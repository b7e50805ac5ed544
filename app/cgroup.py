"""What a control group's memory limit leaves: a container's, systemd's MemoryMax, a snap quota group's.

On a Pi the memory controller is usually off, and a strict snap may not read the usage: then nothing limits here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from math import inf
from pathlib import Path

MB = 1024 * 1024
# Of each version: the limit, the usage, and in memory.stat the pages of files
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file"))
_V2 = ("memory.max", "memory.current", ("active_file", "inactive_file"))
_denied: set[Path] = set()  # a handful: AppArmor would write each further refusal to the log


def text_of(path: Path) -> str:
    """Read a kernel's figure; one that was denied is not asked for again before the next start. Raises: OSError."""
    if path in _denied:
        raise PermissionError(path)
    try:
        return path.read_text(errors="replace")
    except PermissionError:
        _denied.add(path)
        raise


def room_mb(proc: Path = Path("/proc"), root: Path = Path("/sys/fs/cgroup")) -> float:
    """What the tightest group of this process leaves of its limit; infinite without one."""
    return min((room_in(folder) for folder in _groups(proc, root)), default=inf)


def room_in(folder: Path) -> float:
    """MB that one group leaves of its limit; infinite where there is none, or it cannot be read.

    Half of the pages of files count as free, which is the least that MemAvailable counts of them.
    """
    for names in (_V2, _V1):
        with suppress(OSError, ValueError, KeyError):  # no limit ("max"), not readable, or the controller is off
            return _room_bytes(folder, *names) / MB
    return inf


def _groups(proc: Path, root: Path) -> Iterator[Path]:
    """This process's memory group and those above it."""
    try:
        lines = text_of(proc / "self" / "cgroup").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "memory" if controllers else root
        folder = top / path.lstrip("/")
        for group in (folder, *folder.parents):
            yield group
            if group == top:
                break


def _room_bytes(folder: Path, limit: str, usage: str, files: tuple[str, str]) -> float:
    limit_bytes = int(text_of(folder / limit))
    figures = dict(line.split() for line in text_of(folder / "memory.stat").splitlines())
    file_bytes = sum(int(figures[name]) for name in files)
    return max(0.0, limit_bytes - int(text_of(folder / usage)) + file_bytes / 2)
