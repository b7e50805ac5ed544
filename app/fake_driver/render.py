"""Scene -> picture: the portrait on its turned surface, before a cabin, in the light and noise of a car."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from app.fake_driver.glasses import draw_glasses
from app.fake_driver.hand import draw_phone_at_ear
from app.fake_driver.infrared import darken_cabin, lamp_lit
from app.fake_driver.mask import draw_mask
from app.fake_driver.mesh import FACE, FOLDER, Floats, face_files, floats, load_mesh
from app.fake_driver.portrait import Picture, Portrait
from app.fake_driver.scene import Scene

FOCAL_OF_WIDTH = 1.0  # 53 degrees across, as camera_matrix assumes by default
PIVOT_CM = floats((0.0, -5.0, -9.0))  # the head turns about the top of the neck, behind and below the mouth
JAW_PIVOT_CM = floats((0.0, 0.5, -2.0))  # before the ears
JAW_OPEN_DEG = 30.0  # a wide yawn
MOUTH_NARROWS = 0.4  # by this share, as the portrait's smile becomes a yawn
SMILE_WIDENS, SMILE_LIFTS_CM, MOUTH_HALF_CM = 0.25, 0.7, 3.0  # of the mouth, of its corners, and where those are
DETAIL_FROM_WIDTH_PX = 430  # wider pictures show the driver larger than the portrait does
AREA_MIN_PX = 1e-3
OUTSIDE_PX = -1e4  # where the texture is transparent
PASSENGER = Scene(x_cm=34.0, y_cm=1.0, distance_cm=95.0, yaw_deg=-8.0)
# Skin from ear to ear and round the throat, then the black collar: points, how far they follow the head, colour
NECK: tuple[tuple[Floats, Floats, tuple[int, int, int]], ...] = (
    (
        floats([(x, y, z) for x in (-5.2, 5.2) for y, z in ((1.0, -6.0), (-6.0, -3.0), (-11.0, -5.0))]),
        floats([[1.0], [0.9], [0.3]] * 2),
        (78, 102, 128),
    ),
    (
        floats([(x, y, -5.0) for x in (-5.6, 5.6) for y in (-10.0, -15.0)]),
        floats([[0.3], [0.0]] * 2),
        (22, 20, 20),
    ),
)
LEFT_EAR = 454  # landmark before the driver's left ear
MASK_BGR = ((226, 208, 178), (226, 228, 230))  # light blue and white; the seed chooses
SLEEVE_BGR = (52, 96, 176)
NOISE_TILE_PX = 64
COVER_BGR = (22, 24, 30)


def rotation_of_pose(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """Rotation of the canonical axes, float32 (3, 3): Ry(-yaw) Rx(-pitch) Rz(roll), see app/vision/head_pose.py."""
    (sy, cy), (sp, cp), (sr, cr) = (
        (math.sin(angle), math.cos(angle)) for angle in map(math.radians, (-yaw_deg, -pitch_deg, roll_deg))
    )
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return floats(about_y @ about_x @ about_z)


class Renderer:
    """Renders scenes in one size. The same scene, size and seed give the same picture.

    face: the name of another face that tests/tools/fit_portrait.py made, and the folder it is in.
    """

    def __init__(self, width_px: int, height_px: int, seed: int = 0, face: str = FACE, folder: Path = FOLDER) -> None:
        self.size = (width_px, height_px)
        mesh_file, portrait_file = face_files(folder, face)
        self._mesh = load_mesh(mesh_file)
        self._triangles = self._mesh.triangles.astype(np.int64)
        points = self._mesh.portrait_px
        self._portrait = Portrait(portrait_file, points, 2 if width_px > DETAIL_FROM_WIDTH_PX else 1)
        self._texture_points = points * self._portrait.scale + (self._portrait.scale - 1) / 2
        (ax, ay), (bx, by), (cx, cy) = points[self._triangles[0]]
        self._winding = np.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))  # all have the same
        self._seed = seed
        self._cabin = draw_cabin(width_px, height_px)
        tile = (height_px + NOISE_TILE_PX, width_px + NOISE_TILE_PX, 3)
        self._noise = np.random.default_rng(seed).standard_normal(tile, np.float32)
        self._ramp = np.linspace(1, -1, width_px, dtype=np.float32)[None, :, None]

    def picture(self, scene: Scene) -> Picture:
        """The scene as uint8 (height, width, 3) BGR."""
        picture = self._cabin.copy()
        if scene.infrared:
            darken_cabin(picture, scene.infrared)
        if scene.passenger >= 0.5:
            self._draw_person(picture, PASSENGER, mirrored=True)
        if scene.present >= 0.5:
            self._draw_person(picture, scene)
            self._draw_worn(picture, scene)
            self._draw_before_face(picture, scene)
        picture = self._lit(picture, scene)
        if scene.blur_px >= 1:
            picture = floats(cv2.blur(picture, (1 + round(scene.blur_px), 1 + round(scene.blur_px / 2))))
        picture = picture + scene.noise * self._noise_at(scene)
        return np.clip(picture, 0, 255).astype(np.uint8)

    def vertices_cm(self, scene: Scene) -> Floats:
        """The surface's points in the camera's axes: x right in the picture, y up, z to the camera; float32 (N, 3)."""
        face = self._face_cm(scene)
        turn = rotation_of_pose(scene.yaw_deg, scene.pitch_deg, scene.roll_deg)
        turned = (face - PIVOT_CM) @ turn.T + PIVOT_CM
        place = floats((scene.x_cm, scene.y_cm, -scene.distance_cm))
        return np.asarray(face + self._mesh.head_weight[:, None] * (turned - face) + place, np.float32)

    def _face_cm(self, scene: Scene) -> Floats:
        """The surface in the head's axes, its mouth as the scene has it."""
        mesh = self._mesh
        jaw = rotation_of_pose(0, -JAW_OPEN_DEG * scene.jaw_open, 0)
        opened = (mesh.vertices_cm - JAW_PIVOT_CM) @ jaw.T + JAW_PIVOT_CM
        face = mesh.vertices_cm + mesh.jaw_weight[:, None] * (opened - mesh.vertices_cm)
        face[:, 0] *= 1 - MOUTH_NARROWS * scene.jaw_open * mesh.mouth_weight
        if scene.smile:
            reach = scene.smile * mesh.mouth_weight
            face[:, 1] += SMILE_LIFTS_CM * reach * np.minimum(1, (face[:, 0] / MOUTH_HALF_CM) ** 2)
            face[:, 0] *= 1 + SMILE_WIDENS * reach
        return np.asarray(face)

    def project(self, vertices_cm: Floats) -> Floats:
        """Pixels of points in the camera's axes, float32 (N, 2)."""
        width, height = self.size
        per_cm = width * FOCAL_OF_WIDTH / -vertices_cm[:, 2]
        x, y = width / 2 + per_cm * vertices_cm[:, 0], height / 2 - per_cm * vertices_cm[:, 1]
        return np.stack([x, y], axis=1)

    def _draw_person(self, picture: Floats, scene: Scene, mirrored: bool = False) -> None:
        texture = self._portrait.edited(scene.lids, scene.jaw_open, scene.gaze_yaw_deg, scene.gaze_pitch_deg)
        vertices = self.vertices_cm(scene)
        if mirrored:
            vertices[:, 0] = 2 * scene.x_cm - vertices[:, 0]
        screen = self.project(vertices)
        self._draw_neck(picture, scene)
        owner = self._visible_triangles(screen, vertices[:, 2], mirrored)
        rows, columns = np.nonzero(owner)
        if not len(rows):
            return
        top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        window = owner[top:bottom, left:right]
        a, b, c, d, e, f = np.moveaxis(self._texture_steps(screen)[window], 2, 0)
        y, x = np.arange(top, bottom, dtype=np.float32)[:, None], np.arange(left, right, dtype=np.float32)
        u, v = a * x + b * y + c, d * x + e * y + f
        seen = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        alpha = seen[..., 3:].astype(np.float32) / 255
        view = picture[top:bottom, left:right]
        view += alpha * (seen[..., :3] - view)

    def _draw_worn(self, picture: Floats, scene: Scene) -> None:
        """Mask and glasses, which turn with the head."""
        turn = rotation_of_pose(scene.yaw_deg, scene.pitch_deg, scene.roll_deg)
        place = floats((scene.x_cm, scene.y_cm, -scene.distance_cm))

        def seen(points_cm: Floats) -> Floats:
            """Points in the head's axes -> in the camera's."""
            return floats((points_cm - PIVOT_CM) @ turn.T + PIVOT_CM + place)

        def pixels(points_cm: Floats) -> Floats:
            return self.project(seen(points_cm))

        if scene.mask >= 0.5:
            draw_mask(picture, self._face_cm(scene), seen, self.project, MASK_BGR[self._seed % len(MASK_BGR)])
        if scene.glasses > 0 or scene.lens_mirrors > 0:
            draw_glasses(picture, self._mesh.vertices_cm, pixels, scene)

    def _draw_before_face(self, picture: Floats, scene: Scene) -> None:
        width, height = self.size
        px_per_cm = width * FOCAL_OF_WIDTH / scene.distance_cm
        if scene.phone_at_ear >= 0.5:
            ear_x, ear_y = self.project(self.vertices_cm(scene)[LEFT_EAR:][:1])[0]
            draw_phone_at_ear(picture, (float(ear_x), float(ear_y)), px_per_cm)
        if scene.arm_before_face > 0.01:
            middle = floats((width / 2 + scene.x_cm * px_per_cm, height / 2 - (scene.y_cm + 3) * px_per_cm))
            reach = floats((14, 9 + 14 * (1 - scene.arm_before_face))) * px_per_cm
            band = floats([(-1, 0.9), (1, 0.3), (1, 1.1), (-1, 1.7)]) * reach + middle
            cv2.fillConvexPoly(picture, np.round(band).astype(np.int32), SLEEVE_BGR, cv2.LINE_AA)

    def _draw_neck(self, picture: Floats, scene: Scene) -> None:
        """What the portrait does not show: the side of the neck that a turned head uncovers."""
        turn = rotation_of_pose(scene.yaw_deg, scene.pitch_deg, scene.roll_deg)
        below = floats((scene.x_cm, scene.y_cm, -scene.distance_cm))
        for points, follows, bgr in NECK:
            turned = (points - PIVOT_CM) @ turn.T + PIVOT_CM
            corners = floats(points + follows * (turned - points) + below)
            outline = cv2.convexHull(np.round(self.project(corners) * 16).astype(np.int32))
            cv2.fillConvexPoly(picture, outline, bgr, cv2.LINE_AA, shift=4)

    def _visible_triangles(self, screen: Floats, depth: Floats, mirrored: bool) -> npt.NDArray[np.int32]:
        """For each pixel the number of the nearest triangle that faces the camera, from 1; 0 where there is none."""
        corners = screen[self._triangles]
        along, across = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        area = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]
        facing = np.nonzero(area * (-self._winding if mirrored else self._winding) > AREA_MIN_PX)[0]
        order = facing[np.argsort(depth[self._triangles[facing]].mean(axis=1))]  # the painter's: far ones first
        owner = np.zeros((self.size[1], self.size[0]), np.int32)
        fixed_point = np.round(corners * 16).astype(np.int32)
        for index in order:
            cv2.fillConvexPoly(owner, fixed_point[index], int(index) + 1, shift=4)
        return owner

    def _texture_steps(self, screen: Floats) -> Floats:
        """Affine maps from the picture to the texture, float32 (M + 1, 6): of no triangle, then of each."""
        (x0, y0), (x1, y1), (x2, y2) = np.moveaxis(screen[self._triangles], 0, 2)
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        area[np.abs(area) < AREA_MIN_PX] = np.inf  # seen from the edge
        steps = np.full((len(area) + 1, 6), OUTSIDE_PX, np.float32)
        for axis in (0, 1):
            t0, t1, t2 = np.moveaxis(self._texture_points[self._triangles, axis], 0, 1)
            along_x = ((t1 - t0) * (y2 - y0) - (t2 - t0) * (y1 - y0)) / area
            along_y = ((t2 - t0) * (x1 - x0) - (t1 - t0) * (x2 - x0)) / area
            offset = t0 - along_x * x0 - along_y * y0
            steps[1:, 3 * axis : 3 * axis + 3] = np.stack([along_x, along_y, offset], axis=1)
        return steps

    def _lit(self, picture: Floats, scene: Scene) -> Floats:
        gain = scene.light * (1 + 0.5 * scene.sun_from_left * self._ramp) if scene.sun_from_left else scene.light
        lit = floats(picture * gain)
        if scene.infrared:
            lit += scene.infrared * (lamp_lit(picture) - lit)
        if scene.lens_covered:
            lit += scene.lens_covered * (floats(COVER_BGR) * min(1.0, scene.light) - lit)
        return lit

    def _noise_at(self, scene: Scene) -> Floats:
        rng = np.random.default_rng((self._seed, round(scene.time_s * 1000) % 2**32))
        y, x = rng.integers(NOISE_TILE_PX, size=2)
        noise = self._noise[y : y + self.size[1], x : x + self.size[0]]
        # an infrared sensor sees no colours, so its noise has none either
        return noise + scene.infrared * (noise[..., :1] - noise) if scene.infrared else noise


def draw_cabin(width_px: int, height_px: int) -> Floats:
    """A car without its driver, float32 BGR: roof, side windows, pillars, seat and headrest."""
    scale = width_px / 320
    cabin = np.full((height_px, width_px, 3), (58, 56, 54), np.float32)

    def box(x0: float, y0: float, x1: float, y1: float, bgr: tuple[int, int, int]) -> None:
        cv2.rectangle(cabin, (int(x0 * scale), int(y0 * scale)), (int(x1 * scale), int(y1 * scale)), bgr, -1)

    box(0, 0, 320, 22, (82, 84, 88))
    box(0, 26, 70, 120, (205, 196, 178))
    box(0, 84, 70, 120, (96, 132, 118))
    box(250, 26, 320, 112, (216, 206, 190))
    box(250, 78, 320, 112, (104, 128, 112))
    box(30, 20, 42, 240, (44, 42, 42))
    box(274, 20, 286, 240, (44, 42, 42))
    box(96, 96, 236, 240, (46, 44, 48))
    box(124, 34, 204, 92, (52, 50, 54))
    return np.asarray(cv2.GaussianBlur(cabin, (0, 0), 2.2 * scale), np.float32)
