"""Path -> what it is: a folder, a picture, a video or a camera, decided by what is there and not by its name."""

from __future__ import annotations

import os
import re
import stat
from enum import Enum
from pathlib import Path

from app.camera.pictures import PICTURE_SUFFIXES, SourceLost

_HEAD_BYTES = 16
_VIDEO4LINUX_MAJOR = 81  # Documentation/admin-guide/devices.txt of the kernel
_JPEG_STREAM_SUFFIXES = (".mjpg", ".mjpeg")  # begins as a JPEG does: only here the name decides
# What begins so is a video, whatever its name ends with. Boxes of MP4 and QuickTime have their name behind a length
_VIDEO_HEADS = (
    b"\x1a\x45\xdf\xa3",
    b"\0\0\1\xba",
    b"\0\0\1\xb3",
    b"FLV",
    b"OggS",
    b"\x30\x26\xb2\x75",
    b"GIF8",
    b"YUV4MPEG2",
)
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")  # of ftyp; they are refused as pictures
_SPECIAL = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISBLK, "a disk"))


class Kind(Enum):
    """What a path leads to."""

    FOLDER = "folder"
    PICTURE = "picture"
    VIDEO = "video"
    CAMERA = "camera"


def kind_of(path: Path) -> Kind:
    """What a path leads to, without opening anything but files. Raises: OSError, as SourceLost where it is none."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        return Kind.FOLDER
    if stat.S_ISCHR(found.st_mode):
        if os.major(found.st_rdev) == _VIDEO4LINUX_MAJOR:
            return Kind.CAMERA
        raise SourceLost(f"{path} is a device, but no camera: set camera.source to auto")
    for is_special, name in _SPECIAL:
        if is_special(found.st_mode):
            raise SourceLost(f"{path} is {name}, not a camera, a video, a picture or a folder")
    return Kind.PICTURE if is_picture(path) else Kind.VIDEO


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its first bytes; by its name where they say nothing, as of a damaged one."""
    head = _head(path)
    if path.suffix.lower() in _JPEG_STREAM_SUFFIXES:
        return False
    if head.startswith((b"\xff\xd8", b"\x89PNG", b"II*\0", b"MM\0*")) or head[8:12] in (b"WEBP", *_PICTURE_BRANDS):
        return True
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return True
    is_video = head.startswith(_VIDEO_HEADS) or head[4:8] in _BOXES or head[8:12] == b"AVI "
    return path.suffix.lower() in PICTURE_SUFFIXES and not is_video


def picture_files(folder: Path) -> list[Path]:
    """The picture files of a folder in order of their names, where 9.jpg comes before 10.jpg.

    ._1.jpg is what a Mac leaves on a USB stick beside 1.jpg.
    """
    seen = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted((path for path in seen if path.is_file() and is_picture(path)), key=_by_number)


def _by_number(path: Path) -> tuple[list[int | str], str]:
    parts = re.split(r"(\d+)", path.name)  # every second one a number
    return [int(part) if part.isdecimal() else part for part in parts], path.name


def _head(path: Path) -> bytes:
    if not path.is_file():  # opening a pipe would wait for whoever writes into it
        return b""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""  # whoever reads it says why
