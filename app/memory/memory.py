"""Memory of a process and of the system, and its history over two hours. MB means 1024 * 1024 bytes."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import re
import resource
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from math import inf, isfinite
from pathlib import Path
from types import ModuleType

from app.memory.cgroup import room_mb
from config.paths import place

log = logging.getLogger(__name__)

PROC = Path("/proc")
MB = 1024 * 1024
HISTORY_S = 7200.0
HISTORY_MAX_BYTES = 64 * 1024  # 240 readings take 8 KiB
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# linux/mman.h. Pages that are unmapped count as used just now, unless they were told cold before: since Linux 5.4
_MADV_DONTNEED, _MADV_COLD = 4, 20
_refused: set[Path] = set()  # in a strict snap each further try would be one more denial in the system's log
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc
# Larger blocks go back to the kernel when they are freed, instead of leaving holes in the heap: 1.1 MB in the detector.
# glibc begins with twice as much and raises it to the largest block ever freed
_MMAP_FROM_BYTES = 64 * 1024
# The largest that glibc takes. A frame of 1280 x 720 has 2.8 MB; its blocks, mapped and given back at each frame, cost
# 4 ms of the kernel's time of 11 in all, at 320 x 240 0.5 of 5
_KEEP_UP_TO_BYTES = 32 * MB


@dataclass(frozen=True, slots=True)
class Usage:
    """Memory of one process.

    rss_mb is anonymous_mb (its own, which only it can free) + file_mb (mapped files) + shared_mb (shared memory);
    pss_mb counts each page by the share of the processes that map it, None where the kernel does not tell;
    peak_mb is the highest rss_mb since its start.
    """

    rss_mb: float
    pss_mb: float | None
    anonymous_mb: float
    file_mb: float
    shared_mb: float
    peak_mb: float
    swap_mb: float


@dataclass(frozen=True, slots=True)
class System:
    """Memory of the machine. psi_pct: share of the last 10 s in which a task waited for memory, None if unreadable."""

    total_mb: float
    available_mb: float
    psi_pct: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One point of the history; time_s is monotonic."""

    time_s: float
    rss_mb: float
    pss_mb: float | None
    available_mb: float


def usage_of(pid: int | None = None, proc: Path = PROC, *, with_pss: bool = True) -> Usage:
    """Memory of the process `pid`, or of this one.

    Takes 2 ms for the detector on x86-64, nearly all of it for the PSS: not for every frame. A strict snap's service
    may read its own PSS (from snapd 2.77 on); for another's a denial goes to the system's log: ask without it.
    Raises: OSError when there is no such process.
    """
    name = "self" if pid is None else str(pid)
    status = _figures_mb(_lines(proc, name, "status"))
    rollup: dict[str, float] = {}
    if with_pss:
        with suppress(OSError):
            rollup = _figures_mb(_lines(proc, name, "smaps_rollup"))
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
    return int(place(proc, "self", "statm").read_text().split()[1]) * PAGE_BYTES / MB


def system(proc: Path = PROC) -> System:
    """Memory of the machine at this moment, or of the control group to which this process is bound, where less."""
    memory = _figures_mb(_lines(proc, "meminfo"))
    available_mb = min(memory["MemAvailable"], room_mb(proc))
    return System(memory["MemTotal"], available_mb, _psi_some_pct(place(proc, "pressure", "memory")))


def no_core_dumps() -> None:
    """See that a crash leaves no copy of this memory: frames, faces and passwords stand in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave_out(modules: Sequence[str]) -> None:
    """Let these be imported as empty modules, where they are not needed; before anybody imports them."""
    for name in modules:
        sys.modules.setdefault(name, ModuleType(name))


def calm_allocator(arenas: int = 1) -> bool:
    """Let glibc's threads share that many heaps instead of keeping one each, and keep large blocks out of them.

    For the start, before there are threads. False where the C library is another one.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_M_ARENA_MAX, arenas) and mallopt(_M_MMAP_THRESHOLD, _MMAP_FROM_BYTES))
    except (AttributeError, OSError):
        return False


def keep_freed_blocks() -> bool:
    """Take calm_allocator's limit back, where many frames a second want the same large blocks; returns whether it did.

    trim() still gives back what is not needed.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_M_MMAP_THRESHOLD, _KEEP_UP_TO_BYTES) and mallopt(_M_TRIM_THRESHOLD, 2 * _KEEP_UP_TO_BYTES))
    except (AttributeError, OSError):
        return False


def settle_allocator() -> None:
    """Touch the memory that Python's allocator has reserved, for the end of the start.

    It would anyway within half an hour: 1.1 MB in the detector. So the plateau is reached at once, and what grows later
    is a leak.
    """
    burst = [[float(number)] for number in range(9000)]
    del burst


def trim() -> None:
    """Give back to the kernel what the C library keeps of freed memory."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def unmap_unchanged(proc: Path = PROC) -> None:
    """Let go of those pages of libraries and models that are as in their files: most of them only the start needed.

    The kernel may have their memory, and those still needed come back without being read anew as long as it has no
    better use for it.
    """
    with suppress(AttributeError):
        madvise = ctypes.CDLL(None).madvise
        for extent in _unchanged(proc):
            for advice in (_MADV_COLD, _MADV_DONTNEED):
                madvise(ctypes.c_void_p(extent.start), ctypes.c_size_t(len(extent)), advice)


def _unchanged(proc: Path) -> Iterator[range]:
    """Addresses of the private mappings of files that are as in the file and cannot be written to."""
    try:
        smaps = place(proc, "self", "smaps").read_text(errors="replace")
    except OSError:
        return
    for mapping in re.split(r"\n(?=[0-9a-f]+-)", smaps):
        head, *lines = mapping.splitlines()
        extent, mode, *_, name = head.split(maxsplit=5)
        if mode[:2] == "r-" and mode[3] == "p" and name.startswith("/"):
            figures = _figures_mb(lines)
            if figures["Anonymous"] == figures["Swap"] == 0:
                start, end = (int(edge, 16) for edge in extent.split("-"))
                yield range(start, end)


def _figures_mb(lines: Iterable[str]) -> dict[str, float]:
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


class History:
    """Readings of the last hours in one small file, which outlives the daemon but not the boot."""

    def __init__(self, path: Path, boot_id: str, window_s: float = HISTORY_S, every_s: float = 30.0) -> None:
        self._path = path
        self._boot_id = boot_id
        self._window_s, self._every_s = window_s, every_s
        self._readings = deque(read_history(path, boot_id), maxlen=max(1, int(window_s / every_s)))

    def add(self, reading: Reading) -> None:
        """Keep this reading if one is due. A file that cannot be written stops nothing."""
        last_s = self._readings[-1].time_s if self._readings else -inf
        if not _is_sound(astuple(reading)) or reading.time_s - last_s < self._every_s:
            return
        self._readings.append(reading)
        while reading.time_s - self._readings[0].time_s > self._window_s:
            self._readings.popleft()
        self._write()

    def _write(self) -> None:
        rows = [astuple(reading) for reading in self._readings]
        new = place(self._path.parent, f".{self._path.name}.new")
        try:
            new.write_text(json.dumps({"boot_id": self._boot_id, "readings": rows}))
            new.replace(self._path)
        except OSError as error:
            log.debug("memory history not written: %s", error)


def read_history(path: Path, boot_id: str) -> tuple[Reading, ...]:
    """The readings of this boot, oldest first; none where the file is missing, damaged or of another boot."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(HISTORY_MAX_BYTES))
        rows = document["readings"] if document["boot_id"] == boot_id else ()
        return tuple(Reading(*row) for row in rows if _is_sound(row))
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
        return ()


def _is_sound(row: Sequence[object]) -> bool:
    """Finite numbers; None only for the PSS."""
    time_s, rss_mb, pss_mb, available_mb = row
    numbers = (time_s, rss_mb, available_mb, 0.0 if pss_mb is None else pss_mb)
    return all(isinstance(number, (int, float)) and isfinite(number) for number in numbers)
