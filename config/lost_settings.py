"""Whether a settings file has lost what it said, or says less because its owner wanted that.

Nothing in a file tells a wish from damage by itself: it is a wish if the page or a command saved it, which keeps a copy
of such a file (`Store._replace`). README.md says where the line is drawn for files that were edited by hand.
"""

from __future__ import annotations

from collections.abc import Collection

from config.read import Reading, read
from config.settings import Settings

PUT_BACK = 'put it back on the page, under "Backup and history"'
WANTED = "write `profile: low_memory` into it if the defaults are wanted"
KEYS_LEFT_MIN = 0.5  # of a file cut at a line's end; a false alarm leaves good settings in force, a missed cut does not


def is_blank(data: bytes) -> bool:
    """Whether there is nothing in it, not even a comment: what a power cut or a failing card leaves."""
    return not data.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\0")


def loss(data: bytes | None, reading: Reading, copies: Collection[bytes], *, was_told: bool) -> str:
    """Return what became of config.yaml with these bytes, None if it is missing; "" if it is whole, or as wanted.

    `copies` are the last good file and the earlier ones, `was_told` says that snapd was told of such a file.
    """
    if data is None:
        return f"is missing, though there was one: {PUT_BACK}" if was_told or any(map(_had_settings, copies)) else ""
    if is_blank(data):
        return f"is empty: {PUT_BACK}, or {WANTED}"
    if reading.problems or data in copies:
        return ""
    if not _keys(reading) and "profile" not in reading.values:
        is_loss = was_told or any(map(_had_settings, copies))
        return f"sets nothing any more: {PUT_BACK}, or {WANTED}" if is_loss else ""
    whole = next((copy for copy in copies if len(copy) > len(data) and copy.startswith(data)), b"")
    return f"is cut off after {len(data)} of {len(whole)} bytes: {PUT_BACK}" if _is_cut(data, reading, whole) else ""


def _is_cut(data: bytes, reading: Reading, whole: bytes) -> bool:
    if not whole or (before := read(whole)).values == reading.values:
        return False
    rest = whole[len(data) :]
    is_within_line = not data.endswith((b"\n", b"\r")) and not rest.startswith((b"\n", b"\r"))
    return is_within_line or b"#" in rest or _keys(reading) < KEYS_LEFT_MIN * _keys(before)


def _had_settings(copy: bytes) -> bool:
    """Whether a kept file set anything, as far as can be told: a damaged one may have."""
    reading = read(copy)
    is_other_profile = reading.settings.profile != Settings().profile
    return is_blank(copy) or is_other_profile or bool(reading.problems or _keys(reading))


def _keys(reading: Reading) -> int:
    """How many settings it has, its profile left out: the commented defaults begin with that."""
    return len(reading.values.keys() - {"profile"}) + len(reading.notes)
