"""What the files of the run folder have in common: each is replaced as a whole and belongs to one boot."""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path

from config.paths import place, private_folder

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
    """Whether the file could be replaced; a reader never sees half of it. Without fsync: the folder is in memory."""
    new = place(path.parent, f".{path.name}.new")
    try:
        private_folder(path.parent)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(content)
        os.replace(new, path)  # noqa: PTH105  Path.replace would make another path
    except OSError as error:
        log.debug("%s not written: %s", path, error)
        return False
    return True
