"""Region -> Signals of a face that only the detector sees: it is turned beyond the angles that the mesh can fit."""

from __future__ import annotations

import numpy as np

from app.events import State
from app.vision.landmarks import Landmarks
from app.vision.measurements import Signals
from app.vision.regions import Region

ASIDE_EYES = 0.35  # the nose of a head turned aside: eye distances from the eyes' middle; README.md, detected only
DOWN_OF_MOUTH = 0.75  # the nose of a bowed head: how far from the eyes' middle to the mouth
FACE_OF_BOX = 0.95  # width of a face as measured by the mesh, of the detector's box


def detected_only(region: Region, size_px: tuple[int, int]) -> Signals | None:
    """Where a face is turned that the detector sees and no mesh fits; None where its keypoints do not say."""
    turned = None if region.keypoints is None else _turned_beyond(region.keypoints)
    if turned is None:
        return None
    width = FACE_OF_BOX * region.box_px / size_px[0]
    return Signals(face_x=region.x_px / size_px[0], face_width=width, detected_only=turned)


def _turned_beyond(keypoints: Landmarks) -> State | None:
    """Where a head is turned, by its right and left eye, nose and mouth, float32 (4, 2)."""
    right_eye, left_eye, nose, mouth = keypoints
    across, middle = left_eye - right_eye, (left_eye + right_eye) / 2
    eyes_px = max(float(np.linalg.norm(across)), 1e-6)
    along = across / eyes_px
    if abs(float((nose - middle) @ along)) > ASIDE_EYES * eyes_px:
        return State.LOOKING_AWAY
    down = np.array([-along[1], along[0]])
    return State.LOOKING_DOWN if (nose - middle) @ down > DOWN_OF_MOUTH * ((mouth - middle) @ down) > 0 else None
