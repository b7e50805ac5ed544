"""The file-system calls that saving makes, in one class, so that a test can make any of them fail or be lost."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = ".lock"
LOCK_WAIT_S, LOCK_LOOK_S = 10.0, 0.02  # a save takes some syncs, a second each on a worn card


def free_bytes(folder: Path) -> int:
    """What this user may still write on the disk of a folder. Raises: OSError."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class Disk:
    """The calls, one method each. All raise OSError."""

    def is_plain_file(self, path: Path) -> bool:
        """Return whether a file stands there itself: no link, no folder."""
        return stat.S_ISREG(path.lstat().st_mode)

    def read(self, path: Path, most_bytes: int) -> bytes:
        """The beginning of a file, through links; a FIFO or a device is refused, as it might never end.

        Raises: FileNotFoundError if there is nothing, not even a link that leads nowhere.
        """
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            if path.is_symlink():
                raise OSError(errno.ELOOP, "its link leads nowhere", str(path)) from None
            raise
        with os.fdopen(file, "rb") as stream:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "it is not a file", str(path))
            return stream.read(most_bytes)

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder, none if it is missing."""
        return os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208  names are what is asked for

    def make_folder(self, folder: Path) -> None:
        """Create a folder for this user alone, unless it exists."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        """Create a file for this user alone, which must not exist yet, and return its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def write(self, file: int, data: bytes) -> None:
        """Write all of it."""
        while data:
            data = data[os.write(file, data) :]

    def sync(self, file: int) -> None:
        """Wait until the file's content is safe from a power cut; its name is not yet."""
        os.fsync(file)

    def close(self, file: int) -> None:
        """Close a file that `create` returned."""
        os.close(file)

    def link(self, path: Path, name: Path) -> None:
        """Give a file a second name."""
        name.hardlink_to(path)

    def rename(self, path: Path, name: Path) -> None:
        """Give a file another name, in the place of the one that had it."""
        path.replace(name)

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the folder's names are safe from a power cut."""
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def wait_for_lock(self, file: int) -> None:
        """Lock a file; the kernel has no call with a time limit."""
        for _ in range(int(LOCK_WAIT_S / LOCK_LOOK_S)):
            with suppress(BlockingIOError):
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            time.sleep(LOCK_LOOK_S)
        return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextmanager
    def lock(self, folder: Path) -> Iterator[None]:
        """Hold the folder against other processes and threads; the kernel releases it when the holder dies.

        By a file in it: AppArmor denies a strict snap to lock its data folder itself. Raises: BlockingIOError, where
        another holds it for longer than LOCK_WAIT_S.
        """
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        try:
            self.wait_for_lock(file)
            yield
        finally:
            os.close(file)
