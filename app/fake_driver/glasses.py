"""Glasses on the rendered face: frame, bridge and temples, lenses that tint and mirror. They hide lids and brows."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from app.fake_driver.mesh import Floats, floats
from app.fake_driver.scene import Scene

# Landmarks: corners of each eye, and the ear on its side
EYES = (((33, 133), 127), ((362, 263), 356))
LENS_CM, BEFORE_EYE_CM, BELOW_EYE_CM = (2.7, 1.9), 1.9, 0.25  # half width and half height of a lens, and where it sits
RIM_CM = 0.28  # a plastic frame's rim
ROUNDNESS = 3.0  # exponent of the lens's outline: 2 is an ellipse, more is squarer
FRAME_BGR, TINT_BGR, MIRRORED_BGR = (24, 22, 26), (30, 26, 24), (236, 228, 214)
MIRRORED = 0.5  # of the window that a lens shows
# A screen or window before the driver, mirrored over the whole lens: bright panes between darker bars, as shares of the
# lens's width and height (x0, y0, x1, y1); they wander over it as the head turns
PANES = ((-1.1, -0.6, -0.12, 0.9), (-0.04, -0.6, 0.96, 0.9), (1.04, -0.6, 2.1, 0.9))
PANE_BGR, BAR_BGR = (232, 214, 190), (120, 108, 96)
WANDERS = 0.02  # widths of a lens for each degree
TURN_HIDES_TEMPLE_DEG = 8.0  # turned this far, the other temple is behind the head
SHIFT = 4  # bits of a pixel's fraction


def lens_outlines(vertices_cm: Floats) -> list[Floats]:
    """The edge of the right and of the left lens in the head's own axes, float32 (40, 3) each."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outline = np.sign(unit) * np.abs(unit) ** (2 / ROUNDNESS) * LENS_CM
    before_cm = max(float(vertices_cm[list(corners), 2].max()) for corners, _ in EYES) + BEFORE_EYE_CM
    outlines = []
    for corners, _ in EYES:
        x, y, _z = vertices_cm[list(corners)].mean(axis=0)
        outlines.append(floats(np.c_[np.add(outline, (x, y - BELOW_EYE_CM)), np.full(len(outline), before_cm)]))
    return outlines


def draw_glasses(picture: Floats, vertices_cm: Floats, pixels: Callable[[Floats], Floats], scene: Scene) -> None:
    """Draw them into the picture; pixels: where points in the head's axes are seen."""
    right, left = lens_outlines(vertices_cm)
    rim_px = max(1, round(RIM_CM * picture.shape[1] / scene.distance_cm))
    for lens in (right, left):
        _draw_lens(picture, pixels(lens), scene)
    bridge = floats([right[0] + (0, 0.5, 0), left[20] + (0, 0.5, 0)])
    lines = [(right, True), (left, True), (bridge, False)]
    for lens, ((_, ear), outer, is_hidden) in zip(
        (right, left),
        ((EYES[0], 20, scene.yaw_deg > TURN_HIDES_TEMPLE_DEG), (EYES[1], 0, scene.yaw_deg < -TURN_HIDES_TEMPLE_DEG)),
        strict=True,
    ):
        if not is_hidden:
            lines.append((floats([lens[outer] + (0, 0.5, 0), vertices_cm[ear]]), False))
    for points, is_closed in lines:
        cv2.polylines(picture, [_fixed(pixels(points))], is_closed, FRAME_BGR, rim_px, cv2.LINE_AA, SHIFT)


def _draw_lens(picture: Floats, outline_px: Floats, scene: Scene) -> None:
    """Tint what is behind it; the side window mirrors in its upper edge, further in the more the head is turned."""
    mask = _filled(picture, outline_px)
    picture += scene.glasses * mask[..., None] * (floats(TINT_BGR) - picture)
    low, high = outline_px.min(axis=0), outline_px.max(axis=0)
    from_left = 0.25 + 0.5 * np.sin(np.radians(scene.yaw_deg * 2)) * 0.5
    shape = floats([(from_left, 0), (from_left + 0.35, 0), (from_left + 0.2, 0.45), (from_left - 0.1, 0.45)])
    band = _filled(picture, floats(low + shape * (high - low)))
    picture += MIRRORED * (band * mask)[..., None] * (floats(MIRRORED_BGR) - picture)
    if scene.lens_mirrors > 0:
        shown = _screen(picture, low, high - low, scene)
        picture += scene.lens_mirrors * mask[..., None] * (shown - picture)


def _screen(picture: Floats, low_px: Floats, size_px: Floats, scene: Scene) -> Floats:
    """What lies before the driver as a lens at this place mirrors it, float32, as large as the picture."""
    shown = np.full_like(picture, BAR_BGR)
    wander = WANDERS * floats((scene.yaw_deg, scene.pitch_deg))
    for x0, y0, x1, y1 in PANES:
        corners = floats([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) + wander
        pane = _filled(picture, floats(low_px + corners * size_px))
        shown += pane[..., None] * (floats(PANE_BGR) - shown)
    return shown


def _filled(picture: Floats, outline_px: Floats) -> Floats:
    """How much of each pixel is inside, float32 (height, width), 0..1."""
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.fillConvexPoly(mask, _fixed(outline_px), 1.0, cv2.LINE_AA, SHIFT)
    return mask


def _fixed(points_px: Floats) -> npt.NDArray[np.int32]:
    return np.round(points_px * (1 << SHIFT)).astype(np.int32)
