"""Frame as taken -> frame as judged: scaled to the settings' size, left and right put right, turned upright."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2

from app.camera.pictures import fitted

if TYPE_CHECKING:
    from app.camera.frame import Frame
    from config import settings

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_LEFT_TO_RIGHT = 1  # cv2.flip's code


def mounted(frame: Frame, camera: settings.Camera) -> Frame:
    """A frame as `camera.width`, `height`, `mirror` and `rotate` want it, in this order.

    The size is that before the turn: a camera on its side keeps all of its pixels.
    """
    bgr = fitted(frame.bgr, (camera.width, camera.height))
    if camera.mirror:
        bgr = cv2.flip(bgr, _LEFT_TO_RIGHT).astype(bgr.dtype, copy=False)
    if camera.rotate:
        bgr = cv2.rotate(bgr, _TURNS[camera.rotate]).astype(bgr.dtype, copy=False)
    return replace(frame, bgr=bgr, rotated_deg=camera.rotate)
