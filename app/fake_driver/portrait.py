"""The portrait as a texture whose eyes close and look about: skin is painted over the eyes, irises are moved.

The picture is NASA's official portrait of Eileen M. Collins (public domain), from scikit-image's data set `astronaut`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from app.fake_driver.mesh import Floats, floats

Picture = npt.NDArray[np.uint8]

DETAIL = 5  # eyes are edited this many times enlarged: in the portrait one is only 17 px wide
MARGIN_PX = 5
# Lid landmarks from the picture's left to its right
RIGHT_LIDS = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133))
LEFT_LIDS = ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263))
RIGHT_IRIS, LEFT_IRIS = (468, 469, 470, 471, 472), (473, 474, 475, 476, 477)
EYEBALL_OF_EYE = 0.4  # radius of the ball over the eye's width: 12 of 30 mm
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
LASH_PX, LASH_BGR = 1.1, (38, 48, 62)
LID_BLUR_PX = 1.0
MOUTH_BGR = (32, 22, 58)


def load_portrait(path: Path) -> Picture:
    """The person cut out of the portrait: uint8 (height, width, 4), BGR and opacity."""
    bgra = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if bgra is None:
        raise FileNotFoundError(f"{path} is missing: run `git checkout app/fake_driver`")
    return bgra.astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye's part of the portrait, DETAIL times enlarged; edges are rows of the lids for each column."""

    place_px: tuple[int, int, int, int]  # x0, y0, x1, y1 in the portrait
    opened: Floats
    whole_iris: Floats  # the same, the iris also where a lid covers it
    skin: Floats
    white: Floats
    iris: npt.NDArray[np.bool_]
    upper: Floats
    lower: Floats
    ball_px: float

    def picture(self, closed: float, gaze_yaw_deg: float, gaze_pitch_deg: float) -> Floats:
        """The patch with lids closed this far and the iris turned."""
        rows = np.arange(self.opened.shape[0], dtype=np.float32)[:, None]
        edge = self.upper + closed * (self.lower - self.upper)
        in_eye = (rows > self.upper) & (rows < self.lower)
        shown = self._turned(gaze_yaw_deg, gaze_pitch_deg, in_eye)
        covered = np.clip((edge - rows) / (LID_BLUR_PX * DETAIL) + 0.5, 0, 1) * (closed > 0.02)
        covered = np.where(rows > self.lower + DETAIL, 0, covered)[..., None]
        lash = (
            np.exp(-(((rows - edge) / (LASH_PX * DETAIL / 2)) ** 2)) * min(1.0, closed * 2) * (self.lower > self.upper)
        )
        patch = shown * (1 - covered) + self.skin * covered
        return np.asarray(patch * (1 - 0.8 * lash[..., None]) + floats(LASH_BGR) * 0.8 * lash[..., None], np.float32)

    def _turned(self, yaw_deg: float, pitch_deg: float, in_eye: npt.NDArray[np.bool_]) -> Floats:
        if abs(yaw_deg) < 1 and abs(pitch_deg) < 1:
            return self.opened
        right, up = (self.ball_px * np.sin(np.radians(angle)) for angle in (-yaw_deg, pitch_deg))
        move = floats([[1, 0, right], [0, 1, -up]])
        size = (self.opened.shape[1], self.opened.shape[0])
        iris = cv2.warpAffine(self.iris.astype(np.float32), move, size)[..., None]
        moved = cv2.warpAffine(self.whole_iris, move, size, borderMode=cv2.BORDER_REPLICATE)
        eye = self.white * (1 - iris) + moved * iris
        return np.asarray(np.where(in_eye[..., None], eye, self.opened), np.float32)


def cut_eye(bgr: Picture, points_px: Floats, lids: tuple[tuple[int, ...], ...], iris: tuple[int, ...]) -> Eye:
    """Prepare one eye of the portrait."""
    ring = points_px[[*lids[0], *lids[1]]]
    x0, y0 = np.floor(ring.min(axis=0)).astype(int) - MARGIN_PX
    x1, y1 = np.ceil(ring.max(axis=0)).astype(int) + MARGIN_PX
    patch = cv2.resize(bgr[y0:y1, x0:x1], None, fx=DETAIL, fy=DETAIL, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    upper, lower = ((points_px[list(lid)] - (x0, y0)) * DETAIL for lid in lids)
    columns = np.arange(patch.shape[1])
    upper_row, lower_row = (np.interp(columns, lid[:, 0], lid[:, 1]).astype(np.float32) for lid in (upper, lower))
    outside = (columns < upper[0, 0]) | (columns > upper[-1, 0])
    upper_row[outside] = lower_row[outside] = (upper_row[outside] + lower_row[outside]) / 2
    hole = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(hole, [np.vstack([upper, lower[::-1]]).astype(np.int32)], 255)
    lashes = cv2.dilate(hole, np.ones((6 * DETAIL, 3 * DETAIL), np.uint8))
    small = cv2.inpaint(
        cv2.resize(patch, None, fx=0.5, fy=0.5), cv2.resize(lashes, None, fx=0.5, fy=0.5), 8, cv2.INPAINT_TELEA
    )
    skin = cv2.GaussianBlur(cv2.resize(small, (patch.shape[1], patch.shape[0])), (0, 0), DETAIL / 2)
    skin = np.where(lashes[..., None] > 0, skin, patch)
    centre, radius = (
        (points_px[iris[0]] - (x0, y0)) * DETAIL,
        np.linalg.norm(points_px[iris[1]] - points_px[iris[3]]) / 2 * DETAIL,
    )
    disc = np.zeros(hole.shape, np.uint8)
    cv2.circle(disc, (round(float(centre[0])), round(float(centre[1]))), round(float(radius)), 255, -1)
    ball = cv2.inpaint(patch, cv2.dilate(disc, np.ones((5, 5), np.uint8)) & hole, 6, cv2.INPAINT_TELEA)
    return Eye(
        (int(x0), int(y0), int(x1), int(y1)),
        patch.astype(np.float32),
        _whole_iris(patch, disc, hole),
        skin.astype(np.float32),
        ball.astype(np.float32),
        disc > 0,
        upper_row,
        lower_row,
        EYEBALL_OF_EYE * float(np.linalg.norm(upper[-1] - upper[0])),
    )


def _whole_iris(patch: Picture, disc: Picture, hole: Picture) -> Floats:
    """The patch with the iris also where a lid or lashes cover it, for eyes that look elsewhere."""
    seen = (disc > 0) & (cv2.erode(hole, np.ones((3 * DETAIL, DETAIL), np.uint8)) > 0)
    whole = patch.astype(np.float32)
    whole[(disc > 0) & ~seen] = patch[seen].mean(axis=0)
    return whole


class Portrait:
    """The texture at one scale; `edited` paints eyes and mouth into it."""

    def __init__(self, path: Path, points_px: Floats, scale: int) -> None:
        portrait = load_portrait(path)
        bgr = np.ascontiguousarray(portrait[..., :3])
        self.scale = scale
        self._eyes = [cut_eye(bgr, points_px, RIGHT_LIDS, RIGHT_IRIS), cut_eye(bgr, points_px, LEFT_LIDS, LEFT_IRIS)]
        size = (portrait.shape[1] * scale, portrait.shape[0] * scale)
        self._plain = cv2.resize(portrait, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        self._mouth = np.zeros(self._plain.shape[:2], np.float32)
        cv2.fillPoly(self._mouth, [np.round(points_px[list(INNER_LIPS)] * scale).astype(np.int32)], 1.0)
        self._mouth = cv2.GaussianBlur(self._mouth, (3, 3), 0)[..., None]

    def edited(self, closed: float, jaw_open: float, gaze_yaw_deg: float, gaze_pitch_deg: float) -> Picture:
        """uint8 BGRA with the lids closed, the mouth dark inside and the irises turned so far."""
        texture = self._plain.copy()
        for eye in self._eyes:
            x0, y0, x1, y1 = (edge * self.scale for edge in eye.place_px)
            patch = cv2.resize(
                eye.picture(closed, gaze_yaw_deg, gaze_pitch_deg), (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA
            )
            texture[y0:y1, x0:x1, :3] = np.clip(patch, 0, 255)
        if jaw_open > 0.05:
            dark = self._mouth * min(1.0, 3 * jaw_open)
            texture[..., :3] = (texture[..., :3] * (1 - dark) + floats(MOUTH_BGR) * dark).astype(np.uint8)
        return texture
