"""Why a file cannot be the settings: it is a picture, an archive, or not text at all. Pure."""

from __future__ import annotations

from config.check import shown
from config.document import MAX_BYTES
from config.read import read

# The first bytes of what people have beside a settings file
KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WebP picture, a sound or a video"),
    (b"BM", "a BMP picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"SQLite format 3\0", "a database"),
    (b"hsqs", "a snap"),
    (b"\x7fELF", "a program"),
    (b"\xff\xfe", "text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16: save it as UTF-8"),
)
VIDEO_MARK, VIDEO_MARK_AT = b"ftyp", 4  # of MP4, MOV and HEIC


def refusal(name: str, data: bytes) -> str:
    """Return what is wrong with a file of this name, in a sentence that names it; "" if it is text."""
    called = shown(name) if name else "The file"
    if not name and not data:
        return "No file was chosen: choose one such as config.yaml."
    if not data:
        return f"{called} is empty: choose a file such as config.yaml."
    if kind := _kind(data):
        return f"{called} is {kind}. It is not a settings file: choose one such as config.yaml."
    try:
        data.decode()
    except UnicodeDecodeError:
        return f"{called} cannot be used: {read(data).problems[0]}."
    return ""


def _kind(data: bytes) -> str:
    if data[VIDEO_MARK_AT:].startswith(VIDEO_MARK):
        return "a video or a HEIC picture"
    return next((kind for start, kind in KINDS if data.startswith(start) and not _is_text(data)), "")


def _is_text(data: bytes) -> bool:
    """Whether the bytes read so far are text: of a large file the last letter may be cut."""
    try:
        data[:MAX_BYTES].decode()
    except UnicodeDecodeError as error:
        return error.start >= MAX_BYTES - 4
    return b"\0" not in data
