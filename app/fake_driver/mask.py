"""A surgical mask on the rendered face: a pleated sheet from the nose's bridge over the cheeks to below the chin."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from app.fake_driver.mesh import Floats, floats

# Landmarks that the sheet lies on, from the driver's right to the left: its upper edge, two rows over nose and mouth,
# its lower edge
ROWS = (
    (123, 50, 36, 195, 266, 280, 352),
    (147, 187, 203, 1, 423, 411, 376),
    (213, 192, 216, 17, 436, 416, 433),
    (172, 136, 149, 152, 378, 365, 397),
)
EARS = (127, 356)  # where the loops go
LIFT_CM = floats((0.1, 0.4, 0.4, 0.4))  # of each row, out from the face
BELOW_CHIN_CM = floats((0.0, 0.0, 0.0, 0.4))
FINE = 8  # quads for each step from landmark to landmark
PLEATS, PLEAT_DEPTH, PLEAT_WIDTH = 3, 0.1, 0.13  # shadows across the sheet, how dark and, of their distance, how wide
LIGHT = floats((0.2, 0.6, 0.77))  # from where: to the driver's left, up, to the camera
SHADE = 0.75  # of what faces away from the light
EDGE_BLUR_PX = 0.7  # a portrait is no sharper
LOOP_BGR, LOOP_CM = (205, 205, 205), 0.22
SHIFT = 4  # bits of a pixel's fraction


def mask_sheet(face_cm: Floats) -> Floats:
    """The sheet's points in the head's axes, float32 (rows, columns, 3)."""
    coarse = floats([face_cm[list(row)] for row in ROWS])
    middle = coarse.mean(axis=(0, 1)) - (0, 0, 6)
    out = coarse - middle
    coarse += LIFT_CM[:, None, None] * out / np.linalg.norm(out, axis=2, keepdims=True)
    coarse[..., 1] -= BELOW_CHIN_CM[:, None]
    return _fine(_fine(coarse).swapaxes(0, 1)).swapaxes(0, 1)


def draw_mask(
    picture: Floats,
    face_cm: Floats,
    seen: Callable[[Floats], Floats],
    project: Callable[[Floats], Floats],
    colour: tuple[int, int, int],
) -> None:
    """Draw it into the picture; seen: points in the head's axes -> in the camera's; project: these -> pixels."""
    sheet = mask_sheet(face_cm)
    height, width = sheet.shape[:2]
    points = seen(sheet.reshape(-1, 3))
    px = project(points).reshape(height, width, 2)
    points = points.reshape(height, width, 3)
    _draw_loops(picture, px, seen(face_cm[list(EARS)]), project)
    light = _light(points)
    depth = (points[:-1, :-1, 2] + points[1:, 1:, 2]) / 2
    corners = np.stack([px[:-1, :-1], px[:-1, 1:], px[1:, 1:], px[1:, :-1]], axis=2)
    (ax, ay), (bx, by) = (np.moveaxis(corners[:, :, side] - corners[:, :, 0], 2, 0) for side in (1, 3))
    faces_camera = ax * by - ay * bx > 0
    lit, covered = np.zeros(picture.shape[:2], np.float32), np.zeros(picture.shape[:2], np.float32)
    for index in np.argsort(depth, axis=None):  # the painter's: far ones first
        row, column = divmod(int(index), width - 1)
        if faces_camera[row, column]:
            cv2.fillConvexPoly(lit, _fixed(corners[row, column]), float(light[row, column]), shift=SHIFT)
            cv2.fillConvexPoly(covered, _fixed(corners[row, column]), 1.0, shift=SHIFT)
    soft_lit, soft_covered = (cv2.GaussianBlur(layer, (0, 0), EDGE_BLUR_PX)[..., None] for layer in (lit, covered))
    picture += soft_lit * floats(colour) - soft_covered * picture


def _light(points: Floats) -> Floats:
    """How bright each quad is, float32 (rows - 1, columns - 1): less in pleats and turned from the light."""
    normals = np.cross(points[1:, :-1] - points[:-1, :-1], points[:-1, 1:] - points[:-1, :-1])
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-6)
    down = (np.arange(len(normals)) + 0.5) / len(normals)
    pleats = np.exp(-((((down * (PLEATS + 1) + 0.5) % 1 - 0.5) / PLEAT_WIDTH) ** 2))
    lit = SHADE + (1 - SHADE) * np.clip(normals @ LIGHT, 0, 1)
    return floats(lit * (1 - PLEAT_DEPTH * pleats)[:, None])


def _fine(rows: Floats) -> Floats:
    """FINE - 1 points between each two of the first axis, on a curve through them all (Catmull-Rom)."""
    ends = np.concatenate([2 * rows[:1] - rows[1:2], rows, 2 * rows[-1:] - rows[-2:-1]])
    t = (np.arange(FINE) / FINE)[None, :, None, None]
    a, b, c, d = (ends[start : len(ends) - 3 + start, None] for start in range(4))
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return floats(np.concatenate([curve.reshape(-1, *rows.shape[1:]), rows[-1:]]))


def _draw_loops(picture: Floats, px: Floats, ears_cm: Floats, project: Callable[[Floats], Floats]) -> None:
    """From two corners of each side to the ear; none on a side that is turned away."""
    for side, inward, ear_cm in ((0, 1, ears_cm[:1]), (-1, -2, ears_cm[1:])):
        across = px[0, inward, 0] - px[0, side, 0]
        if (across if side == 0 else -across) <= 0:
            continue
        thick_px = max(1, round(LOOP_CM * picture.shape[1] / -float(ear_cm[0, 2])))
        for row in (0, -1):
            line = np.stack([px[row, side], project(ear_cm)[0]])
            cv2.polylines(picture, [_fixed(line)], False, LOOP_BGR, thick_px, cv2.LINE_AA, SHIFT)


def _fixed(points_px: Floats) -> npt.NDArray[np.int32]:
    return np.round(points_px * (1 << SHIFT)).astype(np.int32)
