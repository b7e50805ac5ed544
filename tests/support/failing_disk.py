"""A disk of which one call fails."""

from __future__ import annotations

import os
from pathlib import Path

from config.disk import Disk


class FailingDisk(Disk):
    """Fails at the call of this name with this error; 0: never."""

    def __init__(self, at: str = "create", error: int = 0) -> None:
        self.at, self.error = at, error

    def _fail(self, call: str) -> None:
        if self.error and call == self.at:
            raise OSError(self.error, os.strerror(self.error))

    def create(self, path: Path) -> int:
        self._fail("create")
        return super().create(path)

    def write(self, file: int, data: bytes) -> None:
        super().write(file, data[:10])
        self._fail("write")
        super().write(file, data[10:])

    def sync(self, file: int) -> None:
        self._fail("sync")
        super().sync(file)

    def rename(self, path: Path, name: Path) -> None:
        self._fail("rename")
        super().rename(path, name)
