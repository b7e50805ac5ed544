"""How the C library and Python keep freed memory."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc
# A larger block goes back to the kernel when it is freed, instead of leaving a hole in the heap: 1.2 MB in the detector
# (`make bench`). glibc begins with twice as much and raises it to the largest block ever freed
_MMAP_FROM_BYTES = 64 * 1024
# The largest that glibc takes. A frame of 1280 x 720 has 2.8 MB; its blocks, mapped and given back at each frame, cost
# 4 ms of the kernel's time of 11 in all, at 320 x 240 0.5 of 5
_KEEP_UP_TO_BYTES = 32 * 1024 * 1024
# New objects until the youngest are collected, and how often that happens until older ones are too: all are after some
# 2,800, which 0.2 MB hold
_COLLECT_AFTER = 700, 1, 1


def limit_malloc_arenas(arenas: int = 1) -> bool:
    """Whether glibc's threads now share so many heaps instead of one each, and large blocks stay out of them.

    To be called before there are threads. False where the C library is another one.
    """
    return _mallopt({_M_ARENA_MAX: arenas, _M_MMAP_THRESHOLD: _MMAP_FROM_BYTES})


def keep_freed_blocks() -> bool:
    """Whether large freed blocks are now kept, for a detector that wants the same ones for many frames a second.

    trim() still gives back what is not needed.
    """
    return _mallopt({_M_MMAP_THRESHOLD: _KEEP_UP_TO_BYTES, _M_TRIM_THRESHOLD: 2 * _KEEP_UP_TO_BYTES})


def collect_often() -> None:
    """Bound what Python keeps of freed objects, from the end of the start on.

    Only a full garbage collection empties its lists of free tuples, up to 2,000 of each length. Python puts that off
    until there is a new object for every four old ones: 1.1 MB of the detector, within half an hour. Collections from
    now on leave out what the start made, so each takes 0.5 ms.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # counts what is not frozen: nothing yet
    gc.set_threshold(*_COLLECT_AFTER)


def trim() -> None:
    """Give back to the kernel what the C library keeps of freed memory."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _mallopt(options: dict[int, int]) -> bool:
    """Whether glibc took all of these; False where the C library is another one."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
        return all(mallopt(name, value) for name, value in options.items())
    except (AttributeError, OSError):
        return False
