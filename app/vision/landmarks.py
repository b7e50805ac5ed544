"""The points of MediaPipe's face mesh by their numbers: eyes, irises, lips, ears, and where the detector sees them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Landmarks = npt.NDArray[np.float32]

IRIS_START = 468  # landmarks from here on are the irises, which only the attention mesh gives
# Eye landmarks p1..p6 of Soukupová and Čech 2016, eq. 1: one corner, two of the upper lid, the other corner, two of the
# lower lid
Eye = tuple[int, int, int, int, int, int]
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (362, 385, 387, 263, 373, 380)
RIGHT_IRIS, LEFT_IRIS = IRIS_START, IRIS_START + 5
UPPER_LIP, LOWER_LIP, RIGHT_MOUTH, LEFT_MOUTH = 13, 14, 78, 308
RIGHT_EAR, LEFT_EAR = 234, 454
FOREHEAD, CHIN = 10, 152
WRIST = 0  # of a hand
# The detector's keypoints right eye, left eye, nose, mouth: each is the middle of these two landmarks
KEYPOINTS = ((33, 133), (362, 263), (1, 1), (13, 14))


def distance(landmarks: Landmarks, a: int, b: int) -> float:
    """How far two points are apart, in pixels."""
    return float(np.linalg.norm(landmarks[a] - landmarks[b]))
