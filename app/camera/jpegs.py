"""JPEGs as cameras and MJPEG videos send them -> BGR, no larger than needed."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import numpy.typing as npt

from app.camera.pictures import BadPicture, decoded, stated_size

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
# With the Huffman tables that cameras use (ITU-T T.81, annex K) no picture has so many zeros in a row, as the code that
# ends a block of brightness has ones. USB loses 512 bytes or more
_HOLE = bytes(64)
# Logitech's C270 and C910 leave 1 to 10 bytes over before most restart markers; a picture that lost bytes, hundreds
_LEFT_OVER_MAX_BYTES = 64
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def jpeg_reduction(sent: tuple[int, int], wanted: tuple[int, int]) -> int:
    """How many times smaller a JPEG of the size sent may be decoded: 1 to 8, so that `fitted` need not enlarge it."""
    return max(n for n in _REDUCED if n == 1 or max(sent[0] / wanted[0], sent[1] / wanted[1]) >= n)


def decoded_jpeg(data: npt.NDArray[np.uint8], sent: tuple[int, int], reduction: int) -> npt.NDArray[np.uint8]:
    """A JPEG as BGR, so many times smaller, which libjpeg decodes in a fraction of the time. Raises: BadPicture."""
    jpeg = data.tobytes()
    try:
        stated = stated_size(jpeg)
    except struct.error as error:
        raise BadPicture("a JPEG that is cut off in its head") from error
    if stated != sent:
        raise BadPicture(f"a JPEG of {stated} pixels where {sent} were promised")
    whole = jpeg if jpeg.endswith(_END_OF_IMAGE) else jpeg + _END_OF_IMAGE  # there are cameras that leave it out
    try:
        return _decoded(whole, reduction)
    except BadPicture:
        # Zeros that fill the buffer up may be what was wrong, or hide a cut, as they can be read as a picture
        bare = jpeg.rstrip(b"\0").removesuffix(_END_OF_IMAGE).rstrip(b"\0") + b"\0" + _END_OF_IMAGE
        if len(bare) >= len(whole):
            raise
        return _decoded(bare, reduction)


def _decoded(jpeg: bytes, reduction: int) -> npt.NDArray[np.uint8]:
    # Turned by its EXIF it would not have the size that was promised; how a camera hangs is for camera.rotate to say
    flags = _REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
    return decoded(np.frombuffer(jpeg, np.uint8), flags, _LEFT_OVER_MAX_BYTES)


def check_no_hole(data: npt.NDArray[np.uint8]) -> None:
    """Refuse a camera's JPEG that has zeros in the place of lost bytes. Raises: BadPicture."""
    jpeg = data.tobytes()
    begins = jpeg.rfind(_START_OF_SCAN)
    ends = jpeg.find(_END_OF_IMAGE, begins)
    if _HOLE in jpeg[begins : ends if ends >= 0 else None].rstrip(b"\0"):
        raise BadPicture("a JPEG with a hole in it")
