"""The picture of the preview: the frame with the outlines of the face mesh on it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from app.vision.face import Face

OUTLINES = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
     136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),  # the face
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),  # the right eye
    (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382),  # the left eye
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),  # the mouth
)  # fmt: skip
OUTLINE_BGR = (80, 220, 120)


def outlined(bgr: npt.NDArray[np.uint8], face: Face | None) -> npt.NDArray[np.uint8]:
    """A copy of the picture with the face mesh's outlines on it."""
    picture = bgr.copy()
    if face is not None:
        points = np.round(face.landmarks[:, :2] * 4).astype(np.int32)
        for outline in OUTLINES:
            cv2.polylines(picture, [points[list(outline)]], True, OUTLINE_BGR, 1, cv2.LINE_AA, shift=2)
    return picture
