"""File-backed memory pages: those of libraries and models, which the kernel can read from their files again."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.memory.usage import PROC, figures_mb
from config.paths import place

# linux/mman.h. A page that is unmapped counts as used just now, unless it was marked cold before: since Linux 5.4
_MADV_DONTNEED, _MADV_COLD = 4, 20


def release_file_pages(proc: Path = PROC) -> None:
    """Release unmodified file-backed memory pages, of libraries and models: only the start needed most of them.

    The kernel may use their memory. A page that is needed again comes back without a read from the card as long as the
    kernel has had no other use for it.
    """
    with suppress(AttributeError):
        madvise = ctypes.CDLL(None).madvise
        for extent in _unmodified(proc):
            for advice in (_MADV_COLD, _MADV_DONTNEED):
                madvise(ctypes.c_void_p(extent.start), ctypes.c_size_t(len(extent)), advice)


def _unmodified(proc: Path) -> Iterator[range]:
    """Addresses of the private, read-only mappings of files in which no page differs from the file."""
    try:
        smaps = place(proc, "self", "smaps").read_text(errors="replace")
    except OSError:
        return
    for mapping in re.split(r"\n(?=[0-9a-f]+-)", smaps):
        head, *lines = mapping.splitlines()
        extent, mode, *_, name = head.split(maxsplit=5)
        if mode[:2] == "r-" and mode[3] == "p" and name.startswith("/"):
            figures = figures_mb(lines)
            if figures["Anonymous"] == figures["Swap"] == 0:
                start, end = (int(edge, 16) for edge in extent.split("-"))
                yield range(start, end)
