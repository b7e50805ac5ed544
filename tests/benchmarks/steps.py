"""The child's side of a measurement: it prints each step and waits until the parent has read its memory.

Imports only the standard library, as other virtual environments run it too.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

TRIP = "frame to verdict, mean of a trip"
_began_s = time.perf_counter()
_MADV_DONTNEED, _MADV_COLD = 4, 20


def step(name: str, **figures: float) -> None:
    """Print that this step is done, with its figures; the time while the parent reads does not count."""
    global _began_s
    now_s = time.perf_counter()
    print(json.dumps({"step": name, "time_s": now_s - _began_s, "cpu_s": time.process_time(), **figures}), flush=True)
    sys.stdin.readline()
    _began_s += time.perf_counter() - now_s


def cpu_ms_each(act: Callable[[T], object], things: Sequence[T], first: int = 10) -> float:
    """Milliseconds of CPU of all threads for each of these things, without the first ones."""
    for thing in things[:first]:
        act(thing)
    began_s = time.process_time()
    for thing in things[first:]:
        act(thing)
    return 1000 * (time.process_time() - began_s) / (len(things) - first)


def release_file_pages() -> None:
    """Do what app.memory.file_pages does, whose import would add 2 MB to the measured process."""
    import ctypes
    import re

    madvise = ctypes.CDLL(None).madvise
    for mapping in re.split(r"\n(?=[0-9a-f]+-)", Path("/proc/self/smaps").read_text()):
        file = re.match(r"([0-9a-f]+)-([0-9a-f]+) r-.p .*? /", mapping)
        if file and re.search(r"^Anonymous: +0 kB\n(.*\n)*Swap: +0 kB$", mapping, re.MULTILINE):
            start, end = (int(edge, 16) for edge in file.groups())
            for advice in (_MADV_COLD, _MADV_DONTNEED):
                madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), advice)
