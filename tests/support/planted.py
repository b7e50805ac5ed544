"""Things that another user may plant in the place of a file: each is made at a path, and may lead to a victim."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

VICTIM = b"root's own"


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.fspath(path))


def fill(path: Path) -> None:
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "file").touch()


PLANTED: dict[str, Callable[[Path, Path], None]] = {
    "link": lambda path, victim: path.symlink_to(victim),
    "link to nowhere": lambda path, victim: path.symlink_to(victim.parent / "made by root"),
    "hard link": lambda path, victim: path.hardlink_to(victim),
    "FIFO": lambda path, victim: os.mkfifo(path),
    "socket": lambda path, victim: bind(path),
    "folder": lambda path, victim: fill(path),
    "link to a device": lambda path, victim: path.symlink_to("/dev/zero"),
}
