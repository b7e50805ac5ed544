"""Landmarks -> head pose: a perspective fit, the mesh's known errors taken out, and how far it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from app.vision.landmarks import IRIS_START, Landmarks

# Landmarks that no expression moves much, in MediaPipe's canonical face (canonical_face_model.obj, cm; x to the
# driver's left, y up, z towards the camera). The brows and the jaw are left out because they move.
_MIDLINE = {
    10: (8.261778, 4.481535),
    151: (6.545390, 5.027311),
    9: (4.885979, 5.385258),
    8: (4.019042, 5.284764),
    168: (3.271027, 5.236015),
    6: (2.473255, 5.788627),
    197: (1.728369, 6.316750),
    195: (1.059413, 6.774605),
    5: (0.365669, 7.242870),
    4: (-0.463170, 7.586580),
    1: (-1.126865, 7.475604),
    2: (-2.089024, 6.058267),
}
_PAIRS = {  # (right, left): the left one, the right one is its mirror image
    (33, 263): (4.445859, 2.663991, 3.173422),  # outer eye corners
    (133, 362): (1.856432, 2.585245, 3.757904),  # inner eye corners
    (129, 358): (1.785794, -0.978284, 4.850470),  # wings of the nose
    (116, 345): (6.465170, 0.937119, 1.689873),  # cheek bones
    (50, 280): (4.765501, -0.701554, 3.534632),
    (21, 251): (7.087960, 5.434801, 0.099620),  # temples
    (162, 389): (7.555811, 4.106811, -0.991917),
    (127, 356): (7.743095, 2.364999, -2.005167),
    (234, 454): (7.664182, 0.673132, -2.435867),  # before the ears
}

# The mesh reads turned heads as less turned, the far ones most; README.md, head pose
PITCH_GAIN = 1.2
YAW_GAIN, YAW_GAIN_FAR, YAW_GAIN_DEG = 1.1, 0.2, (15.0, 30.0)  # the second is added from one angle to the other
PITCH_OFFSET_DEG = 5.0  # real faces that look into the camera read 5.7 degrees low on average; README.md, head pose
POSE_SURE_YAW_DEG, POSE_LOST_YAW_DEG = 35.0, 75.0  # confidence falls from one to the other
POSE_LOST_ROLL_DEG = 60.0  # upside down or lying: nothing the mesh was made for
FACE_SURE_PX, FACE_LOST_PX = 48.0, 20.0  # width between the ears
INSIDE_MIN = 0.9  # share of landmarks inside the frame below which a face at its edge is not measured


def _rigid_points() -> tuple[list[int], npt.NDArray[np.float64]]:
    indices, points = list(_MIDLINE), [(0.0, y, z) for y, z in _MIDLINE.values()]
    for (right, left), (x, y, z) in _PAIRS.items():
        indices += [right, left]
        points += [(-x, y, z), (x, y, z)]
    return indices, np.array(points)


RIGID_INDICES, CANONICAL_CM = _rigid_points()


@dataclass(frozen=True, slots=True)
class Pose:
    """Head pose in degrees."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def camera_matrix(width_px: int, height_px: int, fov_deg: float) -> npt.NDArray[np.float64]:
    """Pinhole intrinsics with square pixels and the optical axis in the middle; 53 degrees make fx the longer side.

    fov_deg: across the longer side, which of a picture that stands on end is its height.
    """
    focal_px = max(width_px, height_px) / 2 / math.tan(math.radians(fov_deg) / 2)
    return np.array([[focal_px, 0, width_px / 2], [0, focal_px, height_px / 2], [0, 0, 1]])


def pose_of_rotation(rotation: npt.NDArray[np.float64]) -> Pose:
    """Angles of a rotation of the canonical axes (x left, y up, z to the camera): Ry(-yaw) Rx(-pitch) Rz(roll)."""
    forward = rotation[:, 2]
    return Pose(
        yaw_deg=math.degrees(math.atan2(-forward[0], forward[2])),
        pitch_deg=math.degrees(math.asin(float(np.clip(forward[1], -1, 1)))),
        roll_deg=math.degrees(math.atan2(rotation[1, 0], rotation[1, 1])),
    )


def head_pose(landmarks: Landmarks, camera: npt.NDArray[np.float64]) -> Pose | None:
    """Pose by a perspective fit of the rigid landmarks (SQPNP); None if nothing fits.

    The mesh's own depths are left out because they make it less true (README.md, head pose).
    """
    image = landmarks[RIGID_INDICES, :2].astype(np.float64)
    if np.ptp(image, axis=0).max() < 1:  # all in one place: OpenCV would raise
        return None
    points = CANONICAL_CM * (1, -1, -1)  # OpenCV's camera: y down, z forward
    found, turn, shift = cv2.solvePnP(points, image, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    if not found or shift[2, 0] <= 0:
        return None
    flip = np.diag((1.0, -1.0, -1.0))
    return pose_of_rotation(flip @ np.asarray(cv2.Rodrigues(turn)[0], np.float64) @ flip)


def corrected(pose: Pose) -> Pose:
    """The pose without the mesh's bias towards faces seen from the front."""
    pitch_deg = PITCH_GAIN * pose.pitch_deg + PITCH_OFFSET_DEG
    return replace(pose, yaw_deg=true_yaw_deg(pose.yaw_deg), pitch_deg=pitch_deg)


def true_yaw_deg(read_deg: float) -> float:
    """The yaw of a head that the mesh reads so: the further it is turned, the more is added."""
    near_deg, far_deg = YAW_GAIN_DEG
    share = max(0.0, min(1.0, (abs(read_deg) - near_deg) / (far_deg - near_deg)))
    return read_deg * (YAW_GAIN + YAW_GAIN_FAR * share)


def _falling(value: float, sure: float, lost: float) -> float:
    """1 at `sure`, 0 at `lost`, a straight line between."""
    return max(0.0, min(1.0, (value - lost) / (sure - lost)))


def share_inside(landmarks: Landmarks, width_px: int, height_px: int) -> float:
    """Share of the face's landmarks that lie in the picture."""
    x, y = landmarks[:IRIS_START, 0], landmarks[:IRIS_START, 1]
    return float(np.mean((x >= 0) & (x < width_px) & (y >= 0) & (y < height_px)))


def pose_confidence(pose: Pose, face_width_px: float, presence: float, inside: float) -> float:
    """How far a pose can be trusted, 0..1: less for a turned, a small and a cut-off face; 0 for one that lies."""
    if inside < INSIDE_MIN or abs(pose.roll_deg) > POSE_LOST_ROLL_DEG:
        return 0.0
    turned = _falling(abs(pose.yaw_deg), POSE_SURE_YAW_DEG, POSE_LOST_YAW_DEG)
    return presence * turned * _falling(face_width_px, FACE_SURE_PX, FACE_LOST_PX)
