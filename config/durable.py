"""Replace a small file so that a power cut leaves the old one or the new one, whole, for this user alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.disk import Disk
from config.store import WHY, StoreError


@contextmanager
def held(path: Path, disk: Disk) -> Iterator[None]:
    """Hold the file's folder, which is made if need be, against other processes and threads that change it.

    Raises: StoreError, for what the disk refuses meanwhile too.
    """
    try:
        disk.make_folder(path.parent)
        with disk.lock(path.parent):
            yield
    except OSError as error:
        reason, remedy = WHY.get(error.errno or 0, (error.strerror or str(error), "see `ls -la {folder}`"))
        raise StoreError(path, reason, remedy.format(folder=path.parent)) from error


def replace(path: Path, data: bytes, disk: Disk) -> None:
    """Replace the file, or the link that stands in its place; one at a time. Raises: OSError."""
    new = path.with_name(f".{path.name}.new")
    disk.remove(new)  # left by a power cut
    try:
        file = disk.create(new)
        try:
            disk.write(file, data)
            disk.sync(file)
        finally:
            disk.close(file)
        disk.rename(new, path)
    except BaseException:
        with suppress(OSError):
            disk.remove(new)
        raise
    disk.sync_folder(path.parent)
