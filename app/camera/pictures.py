"""Picture files and JPEGs -> BGR; one that is too big, too small or damaged is refused before it costs memory."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from app.camera.depth import Depth
from app.native_words import native_words, pass_on

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
# 50 megapixels decode to 150 MB, a JPEG to 300 MB with its coefficients, which a Pi with 512 MB still has
_MAX_MEGAPIXELS = 50
_MAX_FILE_BYTES = 100_000_000
# A face this small has no features left; such files are icons and tracking pixels.
_MIN_SIDE_PX = 16
# Of the height; less is lap and belt, and cheap cameras lose the last lines of many a picture.
_MISSING_SHARE = 0.25
# The lower half of a cabin by night may well be pure black, but not from a lit row of pixels to the next
_BLACK_MAX, _LIT_MIN, _LIT_SHARE = 16, 40, 0.9

# Of a camera whose pictures arrive damaged
CABLE_REMEDY = "take another cable or USB port"

# SourceLost and BadPicture say once what OpenCV and FFmpeg would print again and again
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg's AV_LOG_QUIET; read when the first video is opened


class BadPicture(ValueError):
    """This picture cannot be used; the next one may be."""


class SourceLost(OSError):
    """The source gives no more pictures; the text says why and what helps, remedy only the latter where known."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy


class SourceRefused(SourceLost):
    """Lost, and each further try costs something: a denial in the system's log, a process that starts."""


def check_size(width: int, height: int, bytes_per_value: int = 1) -> None:
    """Refuse pictures too big to decode or too small to show a face. Raises: BadPicture."""
    most = _MAX_MEGAPIXELS / bytes_per_value
    if width * height > most * 1_000_000:
        raise BadPicture(f"{width} x {height} is more than {most:g} megapixels")
    if min(width, height) < _MIN_SIDE_PX:
        raise BadPicture(f"{width} x {height} is less than {_MIN_SIDE_PX} pixels wide or high")


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture file as BGR, turned upright as its EXIF says. Raises: BadPicture."""
    data = _read(path)
    try:
        width, height = stated_size(data)
        check_size(width, height, _bytes_per_value(data))
        return decoded(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except BadPicture as bad:
        raise BadPicture(f"{path}: {bad}") from bad
    except (struct.error, cv2.error) as error:
        raise BadPicture(f"{path}: not a picture, or damaged") from error


def decoded(
    data: npt.NDArray[np.uint8], flags: int, left_over_max_bytes: int = _MAX_FILE_BYTES
) -> npt.NDArray[np.uint8]:
    """A picture of any kind that OpenCV decodes, as BGR; one of which only a part is there is refused.

    An end marker proves nothing: a JPEG that lost bytes in the middle has one, and libjpeg fills its end with grey.
    What libjpeg says counts, of which it prints only the first. left_over_max_bytes: so many may precede a marker.
    Raises: BadPicture.
    """
    with native_words() as words:
        bgr = cv2.imdecode(data, flags)
    if others := _LIBRARYS_WORDS.sub("", words.text):
        pass_on(others)
    if bgr is None:
        raise BadPicture("not a picture, or damaged")
    said = _LIBJPEGS_WORDS.findall(words.text)
    is_harmless = all((left := _LEFT_OVER.fullmatch(line)) and int(left[1]) <= left_over_max_bytes for line in said)
    if not is_harmless or (said and (bgr[-1, -1] == _LIBJPEGS_FILLING).all()):
        raise BadPicture("a JPEG of which a part is missing")
    return Depth().eight_bit(bgr)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise BadPicture(f"{path}: larger than {_MAX_FILE_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise BadPicture(f"{path}: {error.strerror}") from error
    if not data:
        raise BadPicture(f"{path}: the file is empty")
    return data


def stated_size(data: bytes) -> tuple[int, int]:
    """(width, height) from the head of a picture file, before anything is decoded.

    Raises: BadPicture, struct.error where the head is cut off.
    """
    if data.startswith(b"\x89PNG"):
        width, height = struct.unpack_from(">II", data, 16)
    elif data.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", data, 18)  # the height is negative from the top down
    elif data.startswith(b"\xff\xd8"):
        width, height = _jpeg_size(data)
    elif data[8:12] == b"WEBP":
        width, height = _webp_size(data)
    elif data[:4] in _TIFF_ORDERS:
        width, height = _tiff_size(data, _TIFF_ORDERS[data[:4]])
    else:
        raise BadPicture("not a picture that can be read")
    return width, abs(height)


# Source: jerror.h and jdhuff.c of libjpeg-turbo
_LIBJPEGS_WORDS = re.compile(r"^(?:Corrupt JPEG|Premature end|Invalid|Inconsistent|Unsupported marker).*", re.MULTILINE)
_LEFT_OVER = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker .*")
_LIBJPEGS_FILLING = 128
_LIBRARYS_WORDS = re.compile(rf"(?:{_LIBJPEGS_WORDS.pattern}|^libpng .*)\n?", re.MULTILINE)
# SOF0 to SOF15 without the tables DHT, JPG and DAC among them. Source: ITU-T T.81 table B.1.
_JPEG_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


_TIFF_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_SHORT = 256, 257, 3


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        sync, marker, length = struct.unpack_from(">BBH", data, at)
        if sync != 0xFF:
            raise BadPicture("damaged")
        if marker in _JPEG_FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 1 if marker == 0xFF else 2 + length  # 0xFF before a marker is padding


def _webp_size(data: bytes) -> tuple[int, int]:
    """Source: RFC 9649, sections 2.5 to 2.7."""
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    (bits,) = struct.unpack_from("<I", data, 21 if kind == b"VP8L" else 26)
    if kind == b"VP8L":
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return bits & 0x3FFF, bits >> 16 & 0x3FFF


def _tiff_size(data: bytes, order: str) -> tuple[int, int]:
    """Of the first picture in the file. Source: TIFF 6.0, section 2: a directory of tag, type, count and value."""
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, entry)
        (found[tag],) = struct.unpack_from(f"{order}{'H' if kind == _TIFF_SHORT else 'I'}", data, entry + 8)
    if not {_TIFF_WIDTH, _TIFF_HEIGHT} <= found.keys():
        raise BadPicture("damaged")
    return found[_TIFF_WIDTH], found[_TIFF_HEIGHT]


def _bytes_per_value(data: bytes) -> int:
    """The most that each value of a pixel may take once it is decoded."""
    if data[:4] in _TIFF_ORDERS:
        return 4
    return 2 if data.startswith(b"\x89PNG") and data[24:25] == b"\x10" else 1


def as_bgr(picture: MatLike | None) -> npt.NDArray[np.uint8]:
    """A grey, BGR or BGRA picture of 8 bits as BGR. Raises: BadPicture."""
    if picture is None or picture.size == 0 or picture.ndim not in (2, 3):
        raise BadPicture("an empty picture")
    if picture.dtype != np.uint8:
        raise BadPicture(f"a picture of type {picture.dtype}")
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    if channels == 3:
        return _uint8(picture)
    if channels not in (1, 4):
        raise BadPicture(f"a picture of {channels} channels")
    return _uint8(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_BGRA2BGR))


def _uint8(picture: MatLike) -> npt.NDArray[np.uint8]:
    return picture.astype(np.uint8, copy=False)


def check_whole(bgr: npt.NDArray[np.uint8]) -> None:
    """Refuse a picture cut off below: from half a face the mesh makes up eyes. Raises: BadPicture.

    Decoders fill what is missing with one colour, while a lens hardly ever shows one colour over the whole width.
    """
    filling = bgr[-1, -1]
    if (bgr[-1] != filling).any() or (bgr[0] == filling).all():
        return
    missing = bgr[-max(1, int(_MISSING_SHARE * len(bgr))) :]
    if (missing == filling).all() and (filling.max() >= _BLACK_MAX or _is_lit_above(bgr, filling)):
        raise BadPicture("a picture of which the lower part is missing")


def _is_lit_above(bgr: npt.NDArray[np.uint8], filling: npt.NDArray[np.uint8]) -> bool:
    """Whether the last row that is not cut off, nor in part, is lit from side to side."""
    shown = np.flatnonzero((bgr != filling).any(axis=(1, 2)))
    return bool((bgr[max(0, shown[-1] - 1)].max(axis=1) >= _LIT_MIN).mean() > _LIT_SHARE)


def fitted(bgr: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The picture scaled to fit into (width, height), never squeezed: a squeezed face reads as bowed."""
    width, height = size_of(bgr)
    scale = min(size[0] / width, size[1] / height)
    fitting = max(1, round(scale * width)), max(1, round(scale * height))
    return bgr if fitting == (width, height) else _uint8(cv2.resize(bgr, fitting, interpolation=cv2.INTER_LINEAR))


def size_of(picture: MatLike) -> tuple[int, int]:
    """(width, height) in pixels."""
    height, width = picture.shape[:2]
    return width, height
