"""What a control group's memory limit leaves: a container's, systemd's MemoryMax, a snap quota group's.

On a Pi the memory controller is usually off, and a strict snap may not read the usage: then nothing limits here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Group:
    """Where one group's limit and usage stand, and how memory.stat calls the pages of files."""

    limit: Path
    usage: Path
    stat: Path
    files: tuple[str, str]

    @property
    def room_mb(self) -> float:
        """What is left of the limit; infinite where there is none ("max").

        Half of the pages of files count as free, which is the least that MemAvailable counts of them. Raises: OSError,
        ValueError, KeyError.
        """
        limit = self.limit.read_text()
        figures = dict(line.split() for line in self.stat.read_text().splitlines())
        file_bytes = sum(int(figures[name]) for name in self.files)
        used_bytes = int(self.usage.read_text()) - file_bytes / 2
        return max(0.0, int(limit) - used_bytes) / MB if limit.strip() != "max" else inf


def room_mb(proc: Path = Path("/proc"), root: Path = Path("/sys/fs/cgroup")) -> float:
    """What the tightest group of this process leaves of its limit; infinite without one."""
    room = inf
    for group in groups_of(proc, root):
        with suppress(OSError, ValueError, KeyError):
            room = min(room, group.room_mb)
    return room


def group_in(folder: Path) -> Group | None:
    """The group of this folder, of version 2 or 1; None where its figures cannot be read."""
    for limit, usage, prefix in (
        ("memory.max", "memory.current", ""),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
    ):
        files = (f"{prefix}active_file", f"{prefix}inactive_file")
        group = Group(folder / limit, folder / usage, folder / "memory.stat", files)
        with suppress(OSError, ValueError, KeyError):
            _ = group.room_mb
            return group
    return None


@cache  # a strict snap's further tries would be so many denials in the system's log
def groups_of(proc: Path, root: Path) -> tuple[Group, ...]:
    """This process's memory group and those above it, as far as they can be read."""
    return tuple(group for folder in _folders(proc, root) if (group := group_in(folder)))


def _folders(proc: Path, root: Path) -> Iterator[Path]:
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
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
