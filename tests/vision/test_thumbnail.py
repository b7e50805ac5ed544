"""Sampled pictures, and the change between two thumbnails."""

from __future__ import annotations

import numpy as np
import pytest

from app.vision.regions import Region
from app.vision.thumbnail import SAMPLED_WIDTH_PX, THUMBNAIL_SIZE, change_around, sampled

SIZE = 320, 240


@pytest.mark.parametrize(("width_px", "sampled_px"), [(320, 320), (639, 639), (640, 320), (1280, 320)])
def test_only_large_pictures_are_sampled(width_px: int, sampled_px: int) -> None:
    picture = np.arange(width_px * 30, dtype=np.uint32).astype(np.uint8).reshape(10, width_px, 3)
    small = sampled(picture)
    assert small.shape[1] == sampled_px >= SAMPLED_WIDTH_PX
    assert set(small.ravel()) <= set(picture.ravel()), "pixels as they are, not averaged"


def test_change_is_measured_only_around_the_face() -> None:
    before = np.zeros((*THUMBNAIL_SIZE[::-1], 3), np.uint8)
    after = before.copy()
    after[:, : THUMBNAIL_SIZE[0] // 2] = 100
    assert change_around(Region(250, 120, 80, 0), before, after, SIZE) == 0
    assert change_around(Region(70, 120, 80, 0), before, after, SIZE) == 100
    assert 0 < change_around(Region(160, 120, 80, 0), before, after, SIZE) < 100
    assert change_around(Region(-10, -10, 80, 0), before, after, SIZE) == 100  # cut off by the picture's edge


def test_change_is_found_at_the_bottom_of_a_portrait_picture() -> None:
    before = np.zeros((*THUMBNAIL_SIZE[::-1], 3), np.uint8)
    after = before.copy()
    after[-THUMBNAIL_SIZE[1] // 4 :] = 100
    assert change_around(Region(120, 60, 80, 0), before, after, (240, 320)) == 0
    assert change_around(Region(120, 290, 60, 0), before, after, (240, 320)) == 100
