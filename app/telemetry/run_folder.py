"""What the files of the run folder have in common: each is replaced as a whole and belongs to one boot."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

from config import own_files

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def boot_id() -> str:
    """The kernel's name for this boot; "" where it cannot be read."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def replace_file(path: Path, content: bytes) -> bool:
    """Whether the file could be replaced; a reader never sees half of it."""
    try:
        own_files.replace_file(path, content)
    except OSError as error:
        log.debug("%s not written: %s", path, error)
        return False
    return True
