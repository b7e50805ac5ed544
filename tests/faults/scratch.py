"""Folders to break things in."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

SHM = Path("/dev/shm")


def on_disk() -> TemporaryDirectory[str]:
    """A temporary folder on a disk, where syncs take time."""
    return TemporaryDirectory(prefix="drivewatch-faults-")


def in_memory() -> TemporaryDirectory[str]:
    """A temporary folder in memory, for what is made a thousand times."""
    return TemporaryDirectory(prefix="drivewatch-faults-", dir=SHM if SHM.is_dir() else None)
