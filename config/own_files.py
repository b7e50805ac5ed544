"""Files in the run folder, which must be this user's alone: nothing that others left there is opened or followed.

Every opener of a file in the run folder is here. A folder is used only where this user owns it and nobody else could
put another in its place; a file only where it is a plain one of this user with one name. So links lead nowhere, hard
ones too, and FIFOs and devices keep nobody waiting.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_PLAIN = errno.EINVAL
_IN_THE_WAY = (_NOT_PLAIN, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EACCES)  # in a folder of ours: to be removed


def private_folder(folder: Path) -> Path:
    """Make the folder if need be, and its owner's alone.

    Raises: OSError; PermissionError, with what helps, where others have it or could replace it.
    """
    with suppress(FileNotFoundError):
        return _checked(folder)
    if strange := _strange_parent(os.fspath(folder)):
        raise PermissionError(errno.EACCES, _taken(folder, strange))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _checked(folder)


def folder_problem(folder: Path) -> str:
    """Whose the run folder is that is not used, and what helps; "" for any other trouble. Nothing is made."""
    try:
        _checked(folder)
    except FileNotFoundError:
        strange = _strange_parent(os.fspath(folder))
        return _taken(folder, strange) if strange else ""
    except OSError as error:
        return "" if error.filename else reason_of(error)
    return ""


def reason_of(error: OSError) -> str:
    """Its words, without a number."""
    return str(error) if error.filename or not error.strerror else error.strerror


def read_file(path: Path, most_bytes: int) -> bytes:
    """The beginning of a file. Raises: OSError."""
    _checked(path.parent)
    file = os.open(path, os.O_RDONLY | _SAFELY)
    try:
        _refuse_strange(file, path)
        parts, left = [], most_bytes
        while left and (part := os.read(file, left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        os.close(file)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file so that a reader never sees half of it. No fsync: it is in memory. Raises: OSError."""
    folder = private_folder(path.parent)
    new = f"{folder}/.{path.name}.new"
    file = _made(new)
    try:
        try:
            while content:
                content = content[os.write(file, content) :]
        finally:
            os.close(file)
        try:
            os.rename(new, path)  # noqa: PTH104  Path.rename would make another path
        except IsADirectoryError:
            remove(path)
            os.rename(new, path)  # noqa: PTH104
    except OSError:
        with suppress(OSError):
            os.unlink(new)  # noqa: PTH108  half a file, which takes room
        raise


def open_file(path: Path) -> int:
    """A descriptor to read and write a file, which is made if need be. Raises: OSError."""
    private_folder(path.parent)
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | _SAFELY, 0o600)
        try:
            _refuse_strange(file, path)
        except OSError:
            os.close(file)
            raise
    except OSError as error:
        if error.errno not in _IN_THE_WAY:
            raise
        return _made(os.fspath(path))
    return file


def touch(path: Path) -> None:
    """Make the file, or give it the time of now. Raises: OSError."""
    file = open_file(path)
    try:
        os.utime(file)
    finally:
        os.close(file)


def touched_ns(path: Path) -> int | None:
    """When the file was written to, in ns of the wall clock; None where there is no file of ours."""
    try:
        _checked(path.parent)
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_mtime_ns if is_ours(found) else None


def remove(path: Path | str) -> None:
    """Remove what stands there, a folder with all in it; a link itself, not what it leads to. Raises: OSError."""
    _checked(Path(path).parent)
    try:
        os.unlink(path)  # noqa: PTH108
    except FileNotFoundError:
        return
    except IsADirectoryError:
        from shutil import rmtree  # 0.3 MB with three compressors; nobody puts a folder there

        rmtree(path)


def _made(path: str) -> int:
    """A new file in the place of what stands there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFELY
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        remove(path)
        return os.open(path, flags, 0o600)


def _checked(folder: Path) -> Path:
    """The folder, which is this user's alone now. Raises: OSError, as `private_folder`."""
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, f"{folder} is no folder: `rm {folder}`")
    if found.st_uid != os.geteuid():
        raise PermissionError(errno.EACCES, f"{folder} belongs to another user: `sudo rm -r {folder}`")
    if strange := _strange_parent(os.fspath(folder)):
        raise PermissionError(errno.EACCES, _taken(folder, strange))
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def _taken(folder: Path, strange: str) -> str:
    return (
        f"others could replace {folder}, as {strange} is theirs: `ls -ld {strange}` shows whose;"
        " XDG_RUNTIME_DIR names another folder"
    )


def _strange_parent(folder: str) -> str:
    """The lowest folder above in which others could put something else; "" where there is none.

    What the owner of "/" has is trusted: root, whom a user namespace shows as somebody else.
    """
    trusted = (os.geteuid(), os.lstat("/").st_uid)
    for way in (folder, os.path.realpath(folder)):  # both a link on the way and what it leads to
        above = os.path.dirname(way)  # noqa: PTH120  pathlib would intern its parts, each second
        while True:
            with suppress(FileNotFoundError):
                found = os.lstat(above)
                if found.st_uid not in trusted or (_is_shared(found) and not stat.S_ISLNK(found.st_mode)):
                    return above
            if above == (above := os.path.dirname(above)):  # noqa: PTH120
                break
    return ""


def _is_shared(folder: os.stat_result) -> bool:
    """Whether others could rename what is in it: all, or a group that is neither this user's own nor root's."""
    groups = (os.getegid(), os.lstat("/").st_gid)
    writers = stat.S_IWOTH if folder.st_gid in groups else stat.S_IWOTH | stat.S_IWGRP
    return bool(folder.st_mode & writers and not folder.st_mode & stat.S_ISVTX)


def _refuse_strange(file: int, path: Path) -> None:
    if not is_ours(os.fstat(file)):
        raise OSError(_NOT_PLAIN, f"{path} is not a plain file of this user: `ls -l {path}`")


def is_ours(found: os.stat_result) -> bool:
    """Whether it is a plain file of this user, without a second name; with none it was just replaced."""
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink <= 1
