"""Settings files in a store's folder."""

from __future__ import annotations

from pathlib import Path

from config.disk import LOCK
from config.store import Store

BAD = "camera:\n  width: wide\n  height: 480\n"


def width(px: int) -> str:
    return f"camera:\n  width: {px}\n"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK)


def saved(folder: Path, *texts: str) -> Store:
    store = Store(folder)
    for text in texts:
        store.save(text, store.load().version)
    return store


def written(path: Path) -> tuple[int, int]:
    """The inode and the time of the last write."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns
