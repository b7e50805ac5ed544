"""The portraits from which faces of the fake driver are made, and the person's place in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from app.fake_driver.mesh import FACE, FOLDER

Picture = npt.NDArray[np.uint8]
FACES = Path(__file__).parents[1] / "evaluation" / "faces"


@dataclass(frozen=True, slots=True)
class Sitter:
    """One portrait, in its pixels once it is scaled.

    crop: what is kept, head, collar and shoulders: x0, y0, x1, y1. face_box: where the mesh looks. mark: draws into a
    mask for OpenCV's grabCut what is surely and what is probably the person. read_as_deg: the face mesh reads a
    rendering of the surface straightened by its own depths as of this yaw and pitch; zero is where it reads zero, so
    that only turns from there are a truth of the renderer's own.
    """

    scale: float
    crop: tuple[int, int, int, int]
    face_box: tuple[int, int, int, int]
    head_bottom_px: int
    body_top_px: int
    collar_px: int
    neck_x: int
    neck_half_width_px: int
    read_as_deg: tuple[float, float]
    folder: Path
    mark: Callable[[Picture], None]


def _mark_collins(mask: Picture) -> None:
    """Mark the person without the helmet in the lap."""
    mask[10:135, 145:310] = cv2.GC_PR_FGD
    mask[135:200, 110:262] = cv2.GC_PR_FGD
    mask[170:, 20:370] = cv2.GC_PR_FGD
    cv2.ellipse(mask, (225, 105), (42, 78), 0, 0, 360, cv2.GC_FGD, -1)
    cv2.fillPoly(mask, [np.array([[100, 240], [330, 280], [340, 420], [60, 480], [40, 420]])], cv2.GC_FGD)
    cv2.ellipse(mask, (208, 222), (92, 68), 10, 0, 360, cv2.GC_FGD, -1)
    cv2.fillPoly(mask, [np.array([[266, 128], [310, 128], [310, 200], [300, 205], [268, 178]])], cv2.GC_BGD)


def _mark_hopper(mask: Picture) -> None:
    """Mark the person with the cap, without the flag behind her."""
    mask[2:190, 84:232] = cv2.GC_PR_FGD
    mask[190:, 10:300] = cv2.GC_PR_FGD
    cv2.fillPoly(mask, [np.array([[0, 100], [90, 100], [94, 176], [116, 188], [36, 222], [0, 236]])], cv2.GC_BGD)
    cv2.ellipse(mask, (159, 125), (52, 70), 0, 0, 360, cv2.GC_FGD, -1)
    cv2.ellipse(mask, (160, 122), (64, 26), 0, 0, 360, cv2.GC_FGD, -1)  # the ears
    for corner in (
        [[80, 0], [125, 0], [106, 36], [88, 60], [80, 60]],
        [[190, 0], [240, 0], [240, 56], [223, 56], [210, 34]],
    ):
        cv2.fillPoly(mask, [np.array(corner)], cv2.GC_BGD)
    cv2.fillPoly(mask, [np.array([[93, 88], [93, 62], [112, 34], [205, 34], [219, 58], [221, 96]])], cv2.GC_FGD)
    cv2.fillPoly(mask, [np.array([[118, 205], [200, 205], [280, 235], [300, 360], [20, 360], [36, 235]])], cv2.GC_FGD)


SITTERS = {
    FACE: Sitter(1.0, (15, 5, 370, 350), (80, 0, 380, 300), 128, 140, 196, 222, 42, (0.0, -5.5), FOLDER, _mark_collins),
    "hopper": Sitter(
        0.6, (5, 4, 303, 340), (60, 0, 260, 220), 182, 200, 246, 159, 46, (-2.2, -3.2), FACES, _mark_hopper
    ),
}
