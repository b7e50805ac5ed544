"""The direction of a face that only the detector sees, from its keypoints."""

from __future__ import annotations

import numpy as np
import pytest

from app.events import State
from app.vision.detected_only import detected_only
from app.vision.regions import ROI_SCALE, Region


def region(nose: tuple[float, float], mouth: tuple[float, float] = (160, 130), width_px: float = 80) -> Region:
    """A detected face with its eyes at 145 and 175, and nose and mouth at these places."""
    keypoints = np.array([(145, 100), (175, 100), nose, mouth], np.float32)
    return Region(160, 110, ROI_SCALE * width_px, 0.0, 0.9, keypoints)


@pytest.mark.parametrize(
    ("nose", "turned"),
    [
        ((160, 120), None),
        ((175, 115), State.LOOKING_AWAY),
        ((144, 115), State.LOOKING_AWAY),
        ((161, 126), State.LOOKING_DOWN),
    ],
)
def test_keypoints_give_the_direction_of_a_detected_face(nose: tuple[float, float], turned: State | None) -> None:
    seen = detected_only(region(nose), (320, 240))
    assert (seen and seen.detected_only) == turned
    if seen:
        assert seen.yaw_deg is None
        assert seen.face_x == 0.5
        assert seen.face_width == pytest.approx(0.25, abs=0.03)


def test_keypoints_all_in_one_place_give_none() -> None:
    heap = Region(1, 1, 1, 0.0, 0.9, np.zeros((4, 2), np.float32))
    assert detected_only(heap, (320, 240)) is None
    assert detected_only(Region(1, 1, 1, 0.0), (320, 240)) is None
