"""Replace a small file so that a power cut leaves the old one or the new one, whole, for this user alone."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.disk import Disk

WHY = {
    errno.ENOSPC: ("the disk is full", "make room; `df -h {folder}` shows how much there is"),
    errno.EDQUOT: ("the disk quota is used up", "make room; `quota` shows how much there is"),
    errno.EROFS: ("the disk is read-only, which a failing SD card becomes too", "see `dmesg`, then reboot"),
    errno.EACCES: ("permission is denied", "`ls -ld {folder}` shows whose it is; try again with sudo"),
    errno.EPERM: ("it is not permitted", "`ls -la {folder}` shows whose the files are; try again with sudo"),
    errno.EBUSY: ("something is mounted on the file", "`umount {folder}/config.yaml`, or edit what is mounted there"),
    errno.EAGAIN: ("another program holds its lock", "`fuser -v {folder}/.lock` shows which; end it"),
    errno.EIO: ("the disk fails", "see `dmesg`; save what matters and replace the SD card"),
}


class StoreError(Exception):
    """Why the disk did not take a file: `file`, `reason` and `remedy`.

    The old file is intact, or the new one in its place but not safe yet, if only the last sync failed.
    """

    def __init__(self, file: Path, reason: str, remedy: str) -> None:
        super().__init__(f"{file} could not be saved safely: {reason}. Remedy: {remedy}")
        self.file, self.reason, self.remedy = file, reason, remedy


@contextmanager
def held(path: Path, disk: Disk) -> Iterator[None]:
    """Lock the file's folder, which is made if need be, against other processes and threads that save there.

    Raises: StoreError, for what the disk refuses meanwhile too.
    """
    try:
        disk.make_folder(path.parent)
        with disk.lock(path.parent):
            yield
    except OSError as error:
        reason, remedy = WHY.get(error.errno or 0, (error.strerror or str(error), "see `ls -la {folder}`"))
        raise StoreError(path, reason, remedy.format(folder=path.parent)) from error


@contextmanager
def written(path: Path, data: bytes, disk: Disk) -> Iterator[Path]:
    """Give a synced file with this content, to be renamed into the path; it is gone if that fails. Raises: OSError."""
    new = path.with_name(f".{path.name}.new")
    disk.remove(new)  # left by a power cut
    try:
        file = disk.create(new)
        try:
            disk.write(file, data)
            disk.sync(file)
        finally:
            disk.close(file)
        yield new
    except BaseException:
        with suppress(OSError):
            disk.remove(new)
        raise


def replace(path: Path, data: bytes, disk: Disk) -> None:
    """Replace the file, or the link that stands in its place; one at a time. Raises: OSError."""
    with written(path, data, disk) as new:
        disk.rename(new, path)
    disk.sync_folder(path.parent)
