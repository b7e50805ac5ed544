"""Memory of a process and of the machine, as the kernel tells it. MB means 1024 * 1024 bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.memory.cgroup import room_mb
from app.part_status import Usage
from config.paths import place

PROC = Path("/proc")
MB = 1024 * 1024
MEMORY_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_refused: set[Path] = set()  # in a strict snap each further try would be one more denial in the system's log


@dataclass(frozen=True, slots=True)
class System:
    """Memory of the machine. psi_pct: share of the last 10 s in which a task waited for memory, None if unreadable."""

    total_mb: float
    available_mb: float
    psi_pct: float | None


def usage_of(pid: int | None = None, proc: Path = PROC, *, with_pss: bool = True) -> Usage:
    """Memory of the process `pid`, or of this one.

    Takes 2 ms for the detector on x86-64, nearly all of it for the PSS: not for every frame. A strict snap's service
    may read its own PSS (from snapd 2.77 on); for another's a denial goes to the system's log: ask without it.
    Raises: OSError when there is no such process.
    """
    name = "self" if pid is None else str(pid)
    status = figures_mb(_lines(proc, name, "status"))
    rollup: dict[str, float] = {}
    if with_pss:
        with suppress(OSError):
            rollup = figures_mb(_lines(proc, name, "smaps_rollup"))
    return Usage(
        rss_mb=status.get("VmRSS", 0.0),
        pss_mb=rollup.get("Pss"),
        anonymous_mb=status.get("RssAnon", 0.0),
        file_mb=status.get("RssFile", 0.0),
        shared_mb=status.get("RssShmem", 0.0),
        peak_mb=status.get("VmHWM", 0.0),
        swap_mb=status.get("VmSwap", 0.0),
    )


def rss_mb(proc: Path = PROC) -> float:
    """RSS of this process alone, which takes 0.02 ms."""
    return int(place(proc, "self", "statm").read_text().split()[1]) * MEMORY_PAGE_BYTES / MB


def system(proc: Path = PROC) -> System:
    """Memory of the machine now, or of this process's control group where that leaves less."""
    memory = figures_mb(_lines(proc, "meminfo"))
    available_mb = min(memory["MemAvailable"], room_mb(proc))
    return System(memory["MemTotal"], available_mb, _psi_some_pct(place(proc, "pressure", "memory")))


def figures_mb(lines: Iterable[str]) -> dict[str, float]:
    """Figures by name, of lines such as `VmRSS:  1704 kB`."""
    rows = map(str.split, lines)
    return {row[0][:-1]: int(row[1]) / 1024 for row in rows if row[2:] == ["kB"] and row[1].isdigit()}


def _lines(*parts: Path | str) -> list[str]:
    return place(*parts).read_text(errors="replace").splitlines()


def _psi_some_pct(path: Path) -> float | None:
    """Of a line such as `some avg10=0.12 avg60=0.05 avg300=0.00 total=1234`."""
    if path in _refused:
        return None
    try:
        return float(path.read_text().split()[1].removeprefix("avg10="))
    except PermissionError:
        _refused.add(path)
        return None
    except (OSError, ValueError, IndexError):
        return None
