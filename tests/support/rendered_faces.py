"""Rendered pictures of a driver with known landmarks, and what a face mesh finds in them."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.face import Face, FaceMesh
from app.vision.landmarks import IRIS_START
from app.vision.measurements import Signals
from app.vision.measuring import measure

Picture = npt.NDArray[np.uint8]
WIDTH_PX, HEIGHT_PX = 320, 240
FOV_DEG = 53.13  # horizontal field of view of the renderer
RENDERERS = tuple(Renderer(WIDTH_PX, HEIGHT_PX, seed) for seed in (1, 2))
DRIVER = Scene(time_s=3)
NOISE = np.random.default_rng(1).integers(0, 256, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.uint8)
BLACK = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)


@cache
def render(scene: Scene, seed: int = 0) -> Picture:
    return RENDERERS[seed].picture(scene)


def true_px(scene: Scene) -> npt.NDArray[np.float32]:
    return RENDERERS[0].project(RENDERERS[0].vertices_cm(scene))[:IRIS_START]


def error_px(face: Face, scene: Scene) -> float:
    return float(np.linalg.norm(face.landmarks[:IRIS_START, :2] - true_px(scene), axis=1).mean())


def fresh(mesh: FaceMesh, picture: Picture) -> Face | None:
    """The face that the mesh finds without tracking an earlier one."""
    mesh.reset()
    return mesh.find(picture)


def found(mesh: FaceMesh, scene: Scene, seed: int = 0) -> Face:
    face = fresh(mesh, render(scene, seed))
    assert face is not None, scene
    return face


def signals(mesh: FaceMesh, picture: Picture, sees_hands: bool = False) -> Signals:
    face = fresh(mesh, picture)
    if face is None:
        return Signals()
    height_px, width_px = picture.shape[:2]
    return measure(face, (width_px, height_px), FOV_DEG, mesh.calibration, sees_hands)


def is_unmeasured(seen: Signals) -> bool:
    parts = (seen.yaw_deg, seen.pitch_deg, seen.roll_deg, seen.ear, seen.mar, seen.gaze_yaw_deg, seen.hand_at_ear)
    return all(part is None for part in parts)
