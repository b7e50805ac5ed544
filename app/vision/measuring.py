"""Face -> Signals: all that one face shows, measured from its landmarks and blendshapes. Signs: see measurements.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.events import State
from app.vision.expression import MeshCalibration, brow_down, driver_mar, eye_blink, mean_ear, smile
from app.vision.face import Face
from app.vision.gaze import gaze_yaw
from app.vision.head_pose import (
    INSIDE_MIN,
    POSE_LOST_ROLL_DEG,
    Pose,
    camera_matrix,
    corrected,
    head_pose,
    pose_confidence,
    share_inside,
)
from app.vision.landmarks import CHIN, FOREHEAD, IRIS_START, LEFT_EAR, RIGHT_EAR, WRIST, Landmarks, distance
from app.vision.measurements import Signals

CONFIDENCE_MIN = 0.1  # below it the pose and all that depends on it is not given
# A mesh that is less sure of a face turns it at random: it fits an empty seat, or a head thrown back. Of 145 real faces
# that are found one scores less (0.86, with a mask), the others 0.997 and more, as do 3,947 looks in 22 clips
POSE_PRESENCE_MIN = 0.99
FAR_DEG = 60.0  # a sure mesh that reads more than this is right that the head is turned, though not how far
EYES_YAW_MAX_DEG = 34.0  # beyond, the mesh guesses the farther eye: open ones read as shut behind rendered glasses
GAZE_BLINK_MAX = 0.3  # behind lids lower than this the mesh makes the irises up
FACE_HEIGHTS = 0.75  # width of a face, of its height from forehead to chin
FACE_WIDTH_CM, OUTLINE_BEHIND_NOSE_CM = 15.3, 4.0  # of MediaPipe's canonical face, and as rendered; README.md, distance
HAND_AT_EAR_FACES = 0.45  # a hand whose nearest landmark is this many face widths from the ear holds something to it
WRIST_BESIDE_FACES = 0.3  # so many face widths from the face's middle its wrist is beside it; README.md, hands


def measure(
    face: Face,
    size_px: tuple[int, int],
    horizontal_fov_deg: float,
    calibration: MeshCalibration,
    sees_hands: bool = False,
) -> Signals:
    """All that one face shows in a frame of the given width and height."""
    width_px, height_px = size_px
    landmarks = face.landmarks
    face_width_px = _face_width_px(landmarks)
    face_x, face_width = float(landmarks[:IRIS_START, 0].mean()) / width_px, face_width_px / width_px
    camera = camera_matrix(width_px, height_px, horizontal_fov_deg)
    distance_cm = float(camera[0, 0]) * FACE_WIDTH_CM / max(face_width_px, 1.0) - OUTLINE_BEHIND_NOSE_CM
    read = head_pose(landmarks, camera)
    pose = read and corrected(read)
    inside = share_inside(landmarks, width_px, height_px)
    confidence = pose_confidence(pose, face_width_px, face.presence, inside) if pose else 0.0
    where = Signals(face_x=face_x, face_width=face_width, distance_cm=distance_cm)
    seen = replace(where, presence=face.presence, confidence=confidence)
    if pose is None or confidence < CONFIDENCE_MIN:
        return replace(seen, detected_only=_turned_away(face, pose, inside))
    blink = _blink(face, pose, calibration)
    on_phone = hand_at_ear(face, face_width_px) if sees_hands else None
    is_posed = face.presence >= POSE_PRESENCE_MIN
    has_gaze = blink is not None and blink < GAZE_BLINK_MAX and not on_phone  # beside a hand irises are misread
    return replace(
        seen,
        yaw_deg=pose.yaw_deg if is_posed else None,
        pitch_deg=pose.pitch_deg if is_posed else None,
        roll_deg=pose.roll_deg if is_posed else None,
        eye_blink=blink,
        eyes_hidden=False,
        brow_down=None if face.blendshapes is None else brow_down(face.blendshapes),
        smile=None if face.blendshapes is None else smile(face.blendshapes),
        ear=mean_ear(landmarks),
        mar=driver_mar(landmarks, calibration),
        gaze_yaw_deg=gaze_yaw(landmarks) if has_gaze else None,
        hand_at_ear=on_phone,
    )


def _turned_away(face: Face, pose: Pose | None, inside: float) -> State | None:
    """LOOKING_AWAY of a head that is turned too far for its pose to be trusted; None where even that is not sure."""
    if pose is None or abs(pose.roll_deg) > POSE_LOST_ROLL_DEG or abs(pose.yaw_deg) <= FAR_DEG:
        return None
    return State.LOOKING_AWAY if face.presence >= POSE_PRESENCE_MIN and inside >= INSIDE_MIN else None


def _face_width_px(landmarks: Landmarks) -> float:
    """The wider of ear to ear and forehead to chin: turning the head must not make a face look far away."""
    return max(distance(landmarks, RIGHT_EAR, LEFT_EAR), FACE_HEIGHTS * distance(landmarks, FOREHEAD, CHIN))


def _blink(face: Face, pose: Pose, calibration: MeshCalibration) -> float | None:
    """How far the lids are shut; None where the mesh does not see both eyes."""
    scores = face.blendshapes
    if scores is None or not np.isfinite(scores).all() or abs(pose.yaw_deg) > EYES_YAW_MAX_DEG:
        return None
    return eye_blink(scores, calibration)


def hand_at_ear(face: Face, face_width_px: float) -> bool:
    """Whether a hand is held to an ear, as with a phone: its wrist is beside the face, not in front of it."""
    ears = face.landmarks[[RIGHT_EAR, LEFT_EAR], :2]
    return any(
        abs(hand[WRIST, 0] - ears[:, 0].mean()) >= WRIST_BESIDE_FACES * face_width_px
        and np.linalg.norm(hand[:, None, :2] - ears[None], axis=2).min() < HAND_AT_EAR_FACES * face_width_px
        for hand in face.hands
    )
