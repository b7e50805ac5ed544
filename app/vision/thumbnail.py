"""A picture made smaller: fewer pixels to judge it as a whole, and a thumbnail to see what has moved."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from app.vision.regions import Region, Size

Thumbnail = npt.NDArray[np.uint8]

SAMPLED_WIDTH_PX = 320  # what is judged of the picture as a whole needs no more
THUMBNAIL_SIZE = (32, 24)
BLANK: Thumbnail = np.zeros((*THUMBNAIL_SIZE[::-1], 3), np.uint8)


def sampled(bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Every n-th pixel of every n-th row of a large picture, still at least SAMPLED_WIDTH_PX wide; a smaller one as is.

    Not averaged, so that noise stays as strong as it is.
    """
    height_px, width_px = bgr.shape[:2]
    nth = width_px // SAMPLED_WIDTH_PX
    if nth < 2:
        return bgr
    size = width_px // nth, max(1, height_px // nth)
    return cv2.resize(bgr, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def thumbnail(bgr: npt.NDArray[np.uint8]) -> Thumbnail:
    """The picture so small that comparing two costs nothing: uint8 (24, 32, 3)."""
    return cv2.resize(sampled(bgr), THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def change_around(region: Region, before: Thumbnail, after: Thumbnail, size: Size) -> float:
    """Mean difference of two frames' thumbnails where the face was, of 255; size: of the frames."""
    across, down = THUMBNAIL_SIZE[0] / size[0], THUMBNAIL_SIZE[1] / size[1]
    reach_px = region.side_px / 2
    left, right = (max(0, int((region.x_px + half) * across)) for half in (-reach_px, reach_px))
    top, bottom = (max(0, int((region.y_px + half) * down)) for half in (-reach_px, reach_px))
    return float(cv2.absdiff(before, after)[top : bottom + 1, left : right + 1].mean())
