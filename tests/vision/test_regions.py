"""Which of several detected faces is the driver's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.vision.regions import Region, faces_by_prominence, overlap, prominence

SIZE = WIDTH_PX, HEIGHT_PX = 320, 240
DRIVER = Region(160, 120, 120, 0, score=0.97)


def first(*regions: Region, place: Region | None = None) -> Region:
    """The most prominent face, which must not depend on the order of detection."""
    found = {id(faces_by_prominence(list(some), None, SIZE, place)[0][0]) for some in (regions, regions[::-1])}
    (only,) = [region for region in regions if id(region) in found]
    return only


def test_regions_are_grouped_by_face_with_the_driver_first() -> None:
    driver, passenger, tracked = Region(100, 100, 80, 0), Region(250, 90, 50, 0), Region(104, 98, 84, 0)
    assert faces_by_prominence([passenger, driver], None, SIZE) == [[driver], [passenger]]
    assert faces_by_prominence([passenger, driver], tracked, SIZE) == [[driver, tracked], [passenger]]
    assert faces_by_prominence([passenger], tracked, SIZE) == [[tracked], [passenger]]
    assert faces_by_prominence([], None, SIZE) == []


def test_tracked_region_gets_the_keypoints_of_the_detected_face() -> None:
    keypoints = np.array([(145, 100), (175, 100), (160, 115), (160, 130)], np.float32)
    seen = Region(160, 120, 120, 0, score=0.9, keypoints=keypoints)
    ((_, tracked),) = faces_by_prominence([seen], Region(163, 121, 118, 0), SIZE)
    assert tracked.keypoints is keypoints
    assert tracked.side_px == 118


@pytest.mark.parametrize(
    "larger",
    [Region(230, 110, 180, 0, score=0.57), Region(310, 120, 170, 0, score=0.95)],
    ids=["doubtful, as a head seen from behind", "cut off by the edge"],
)
def test_whole_sure_face_is_preferred_to_a_larger_one(larger: Region) -> None:
    assert first(larger, DRIVER) is DRIVER


def test_drivers_place_decides_unless_the_other_face_is_far_larger() -> None:
    left, right = Region(100, 120, 100, 0), Region(220, 120, 100, 0)
    for place in (left, right):
        assert first(left, right, place=Region(place.x_px + 5, 122, 96, 0)) is place
    far_larger = Region(200, 120, 200, 0)
    assert first(left, far_larger, place=left) is far_larger


@pytest.mark.parametrize(
    "change",
    [{"side_px": 60}, {"score": 0.6}, {"x_px": 280}, {"x_px": 0}, {"y_px": 0}],
    ids=["smaller", "less sure", "aside", "half outside", "cut off above"],
)
def test_each_change_makes_a_face_less_prominent(change: dict[str, float]) -> None:
    changed = replace(DRIVER, **change)  # type: ignore[arg-type]
    assert prominence(changed, SIZE, None) < prominence(DRIVER, SIZE, None)


@pytest.mark.parametrize("score", (0.5, 0.1, 0.0))
def test_doubtful_face_alone_is_the_drivers(score: float) -> None:
    doubtful = Region(160, 120, 100, 0, score=score)
    assert faces_by_prominence([doubtful], None, SIZE) == [[doubtful]]
    assert prominence(doubtful, SIZE, None) > 0


def test_inside_is_the_share_of_the_detected_box() -> None:
    side_px = 1.65 * 100  # the box is 100 wide
    assert Region(160, 120, side_px, 0).inside(SIZE) == pytest.approx(1)
    assert Region(0, 120, side_px, 0).inside(SIZE) == pytest.approx(0.5)
    assert Region(0, 240, side_px, 0).inside(SIZE) == pytest.approx(0.25)
    assert Region(-60, 120, side_px, 0).inside(SIZE) == 0


def test_overlap_is_intersection_over_union() -> None:
    square = Region(0, 0, 10, 0)
    assert overlap(square, square) == 1
    assert overlap(square, Region(5, 0, 10, 0)) == pytest.approx(1 / 3)
    assert overlap(square, Region(0, 0, 5, 0)) == pytest.approx(1 / 4)
    assert overlap(square, Region(10, 0, 10, 0)) == 0
    assert overlap(square, Region(9, 9, 10, 0)) == overlap(Region(9, 9, 10, 0), square)
