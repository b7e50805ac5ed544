"""The pixel formats of Video4Linux that can be read, and their bytes -> pictures of uint8 or uint16.

A fourcc is four letters, as linux/videodev2.h has them; "Y10 " ends with a blank.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from app.camera.pictures import BadPicture

JPEG_FORMATS = ("MJPG", "JPEG")


@dataclass(frozen=True, slots=True)
class Packing:
    """How the pixels of a format lie in memory."""

    bytes_per_pixel: int
    """In the first plane."""
    to_bgr: int | None
    """OpenCV's conversion; None for grey, and for what is BGR."""
    rows: tuple[int, int] = (1, 1)
    """Rows of bytes per row of pixels: 3 to 2 where planes of colour follow."""


# In the order in which they are asked for: JPEG needs the least of USB, colour tells more than grey
PACKINGS = {
    "YUYV": Packing(2, cv2.COLOR_YUV2BGR_YUYV),
    "UYVY": Packing(2, cv2.COLOR_YUV2BGR_UYVY),
    "YVYU": Packing(2, cv2.COLOR_YUV2BGR_YVYU),
    "NV12": Packing(1, cv2.COLOR_YUV2BGR_NV12, (3, 2)),
    "NV21": Packing(1, cv2.COLOR_YUV2BGR_NV21, (3, 2)),
    "YU12": Packing(1, cv2.COLOR_YUV2BGR_I420, (3, 2)),
    "YV12": Packing(1, cv2.COLOR_YUV2BGR_YV12, (3, 2)),
    "BGR3": Packing(3, None),
    "RGB3": Packing(3, cv2.COLOR_RGB2BGR),
    "GREY": Packing(1, None),
    "Y10 ": Packing(2, None),
    "Y12 ": Packing(2, None),
    "Y16 ": Packing(2, None),
}
FORMATS = (*JPEG_FORMATS, *PACKINGS)
# At the least; cameras of 10, 12 and 14 bits call their pictures Y16 too, and those are scaled by what they hold
HELD_BITS = {"Y10 ": 10, "Y12 ": 12, "Y16 ": 10}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a device sends: fourcc, pixels, and bytes from one row to the next (0: as many as the pixels take)."""

    fourcc: str
    width: int
    height: int
    bytes_per_line: int = 0

    @property
    def line_bytes(self) -> int:
        """Bytes from one row of the first plane to the next."""
        return max(self.bytes_per_line, self.width * PACKINGS[self.fourcc].bytes_per_pixel)

    @property
    def picture_bytes(self) -> int:
        """Of a whole picture; 0 for JPEGs, whose size varies."""
        if self.fourcc in JPEG_FORMATS:
            return 0
        of, per = PACKINGS[self.fourcc].rows
        return self.line_bytes * (self.height * of // per)


def unpacked(data: npt.NDArray[np.uint8], layout: Layout) -> MatLike:
    """A copy as BGR, or as grey of 8 or 16 bits, from a row of bytes. Raises: BadPicture, bytes are missing."""
    if len(data) < layout.picture_bytes:
        raise BadPicture(f"a picture that is cut off: {len(data)} of {layout.picture_bytes} bytes")
    packing = PACKINGS[layout.fourcc]
    lines: MatLike = data[: layout.picture_bytes].reshape(-1, layout.line_bytes)
    if packing.bytes_per_pixel > 1:
        width = layout.line_bytes // packing.bytes_per_pixel  # with what fills the rows up, which is cut off below
        lines = lines[:, : width * packing.bytes_per_pixel].reshape(len(lines), width, packing.bytes_per_pixel)
    if packing.to_bgr is not None:
        return cv2.cvtColor(lines, packing.to_bgr)[:, : layout.width]
    if packing.bytes_per_pixel == 2:
        lines = np.ascontiguousarray(lines).view("<u2")[:, :, 0]
    return lines[:, : layout.width].copy()
