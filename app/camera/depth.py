"""Pictures of more than 8 bits -> 8 bits, scaled by what they hold, as many files and cameras do not say it.

A camera of 10 bits that calls its pictures 16 bits deep would be black otherwise.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

_BITS = (8, 10, 12, 14, 16)


class Depth:
    """The deepest that one source has shown: a dark picture after a bright one is dark, and not scaled up."""

    def __init__(self, least_bits: int = 8) -> None:
        """least_bits: that the source promises to have."""
        self._white = float(2**least_bits - 1)

    def eight_bit(self, picture: MatLike) -> npt.NDArray[np.uint8]:
        """The picture as uint8, in which white is the least 8, 10, 12, 14 or 16 bits that hold all it has shown.

        Floating point counts from 0 to 1 where it holds no more; what is no number, or negative, is black.
        """
        if picture.dtype == np.uint8:
            return picture.astype(np.uint8, copy=False)
        if picture.dtype != np.uint16:
            picture = np.nan_to_num(picture.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0).clip(0)
            if picture.max() <= 1.0:
                picture = picture * self._white
        highest = float(picture.max())
        self._white = max(self._white, next((2.0**bits - 1 for bits in _BITS if highest < 2**bits), highest))
        return cv2.convertScaleAbs(picture, alpha=255 / self._white).astype(np.uint8, copy=False)
