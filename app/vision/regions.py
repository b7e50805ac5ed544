"""Where in the picture the mesh looks for a face, and which of several faces is the driver's."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Size = tuple[int, int]  # (width, height) of the picture in pixels

# The mesh's region from the detected box: its side, and how far up its middle lies, in boxes; README.md, detector
ROI_SCALE, ROI_UP = 1.65, 0.06
SAME_FACE_IOU = 0.25  # two regions that overlap more are one face; a passenger's head overlaps less
# A detection that scores 0.5 may be anything, one that scores 0.9 is a whole face seen from the front
SCORE_NONE, SCORE_SURE = 0.45, 0.85
SCORE_LEAST = 0.15  # the weight of a face that scores lower: where it is alone it is still the driver's
PLACE_GAIN = 1.5  # a face where the driver's was counts as this many times larger
ASIDE_LOSS = 0.6  # share of its weight that a face at the picture's edge loses: the camera is aimed at the driver


@dataclass(frozen=True, slots=True)
class Region:
    """A square in the frame, turned clockwise by rotation_rad, in which the mesh looks for one face.

    score: the detector's, 0..1; 1 for a region that the mesh gave. keypoints: float32 (4, 2) pixels of right and left
    eye, nose and mouth where the detector saw the face; None where it did not.
    """

    x_px: float
    y_px: float
    side_px: float
    rotation_rad: float
    score: float = 1.0
    keypoints: npt.NDArray[np.float32] | None = None

    @property
    def box_px(self) -> float:
        """Side of the detected box, from which such a region is made."""
        return self.side_px / ROI_SCALE

    def inside(self, size: Size) -> float:
        """Share of the detected box that lies in the picture, 0..1; the rotation ignored."""
        shares = []
        for middle, length in ((self.x_px, size[0]), (self.y_px, size[1])):
            low, high = middle - self.box_px / 2, middle + self.box_px / 2
            shares.append(max(0.0, min(high, length) - max(low, 0.0)) / max(self.box_px, 1e-6))
        return shares[0] * shares[1]


def overlap(a: Region, b: Region) -> float:
    """Intersection over union of the two squares, their rotation ignored."""
    reach = (a.side_px + b.side_px) / 2
    smaller = min(a.side_px, b.side_px)
    width = min(smaller, reach - abs(a.x_px - b.x_px))
    height = min(smaller, reach - abs(a.y_px - b.y_px))
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.side_px**2 + b.side_px**2 - shared)


def prominence(region: Region, size: Size, place: Region | None) -> float:
    """How much a face looks like the driver's: large, surely a face, whole, in the middle, and where it was before."""
    sure = min(1.0, max(SCORE_LEAST, (region.score - SCORE_NONE) / (SCORE_SURE - SCORE_NONE)))
    is_there = place is not None and overlap(region, place) > SAME_FACE_IOU
    aside = min(1.0, abs(2 * region.x_px / size[0] - 1))
    middle = 1 - ASIDE_LOSS * aside**2
    return region.side_px * sure * middle * region.inside(size) ** 2 * (PLACE_GAIN if is_there else 1.0)


def faces_by_prominence(
    detected: list[Region], tracked: Region | None, size: Size, place: Region | None = None
) -> list[list[Region]]:
    """Regions grouped by face, the likeliest driver first; a tracked region stands behind its own fresh detection."""
    faces = [[region] for region in detected]
    if tracked is not None:
        same = [face for face in faces if overlap(face[0], tracked) > SAME_FACE_IOU]
        if same:
            same[0].append(replace(tracked, keypoints=same[0][0].keypoints))
        else:
            faces.append([tracked])
    return sorted(faces, key=lambda face: -prominence(face[0], size, place))


def detected_region(
    box_px: tuple[float, float, float, float], keypoints: npt.NDArray[np.float32], score: float
) -> Region:
    """The square around a detected box (left, top, width, height), turned so that the eyes are level."""
    left, top, width, height = box_px
    across_px, down_px = keypoints[1] - keypoints[0]
    side_px = max(width, height)
    rotation_rad = math.atan2(down_px, across_px)
    up_px = ROI_UP * side_px
    return Region(
        x_px=left + width / 2 + math.sin(rotation_rad) * up_px,
        y_px=top + height / 2 - math.cos(rotation_rad) * up_px,
        side_px=ROI_SCALE * side_px,
        rotation_rad=rotation_rad,
        score=score,
        keypoints=keypoints,
    )
