"""Face -> Signals: head pose, eyes, mouth, gaze and hands from the landmarks; pure geometry.

Signs, from the driver's seat: + yaw is the driver's right (left in an unmirrored picture), + pitch is up, + roll leans
to the right shoulder. Angles are relative to the camera's axis. None means "cannot be measured", never a guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from app.events import State
from app.vision.blendshapes import (
    BROW_DOWN_LEFT,
    BROW_DOWN_RIGHT,
    EYE_BLINK_LEFT,
    EYE_BLINK_RIGHT,
    MOUTH_SMILE_LEFT,
    MOUTH_SMILE_RIGHT,
    Scores,
)
from app.vision.face import IRIS_START, Face, Landmarks, Reading
from app.vision.measurements import Signals
from app.vision.regions import Region

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
RIGHT_EAR, LEFT_EAR = 234, 454
WRIST = 0  # of a hand


def _rigid_points() -> tuple[list[int], npt.NDArray[np.float64]]:
    indices, points = list(_MIDLINE), [(0.0, y, z) for y, z in _MIDLINE.values()]
    for (right, left), (x, y, z) in _PAIRS.items():
        indices += [right, left]
        points += [(-x, y, z), (x, y, z)]
    return indices, np.array(points)


RIGID_INDICES, CANONICAL_CM = _rigid_points()

# Eye landmarks p1..p6 of Soukupová and Čech 2016, eq. 1: one corner, two of the upper lid, the other corner, two of the
# lower lid
Eye = tuple[int, int, int, int, int, int]
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (362, 385, 387, 263, 373, 380)
RIGHT_IRIS, LEFT_IRIS = IRIS_START, IRIS_START + 5
UPPER_LIP, LOWER_LIP, RIGHT_MOUTH, LEFT_MOUTH = 13, 14, 78, 308
MAR_AT_REST = 0.2  # both meshes read the fake driver's smile so

# Both meshes lean towards faces seen from the front: `make fake-driver-limits` prints 16 degrees down for 20 and 24 for
# 30, and less still of a head turned up
PITCH_GAIN = 1.2
# So does yaw, and the more the further a head is turned: of 13 real heads turned by 20 to 45 degrees, by eye, the
# attention mesh reads 0.93 of the angle on average, of the rendered ones turned by 30 to 50 degrees 0.6 to 1. The gain
# grows by the second between the two angles
YAW_GAIN, YAW_GAIN_FAR, YAW_GAIN_DEG = 1.1, 0.2, (15.0, 30.0)
# And real faces that look into the camera read lower than either rendered one: by 5.7 degrees on average (126 pictures
# of ../shared/real, pitch by eye to 10 degrees)
PITCH_OFFSET_DEG = 5.0
EYES_YAW_MAX_DEG = 34.0  # beyond, the mesh guesses the farther eye: open ones read as shut behind rendered glasses
# Sleep shuts both lids. Of the two blink scores the lower counts so much: a wink, glare on one lens or the far eye of a
# turned head must not read as shut, nor one lid that the mesh misses as open
LOWER_BLINK = 0.75
POSE_SURE_YAW_DEG, POSE_LOST_YAW_DEG = 35.0, 75.0  # confidence falls from one to the other
POSE_LOST_ROLL_DEG = 60.0  # upside down or lying: nothing the mesh was made for
FACE_SURE_PX, FACE_LOST_PX = 48.0, 20.0  # width between the ears
INSIDE_MIN = 0.9  # share of landmarks inside the frame below which a face at its edge is not measured
CONFIDENCE_MIN = 0.1
# An eye is about 30 mm between its corners and its ball about 24 mm across: sin(gaze) = offset / width * 30 / 12. At
# 320 x 240 the mesh moves an iris only so far: by 1.4 to 1.9 times too little on both rendered drivers (4 x 150 gazes
# of up to 35 degrees, correlation 0.89 to 0.94). Up and down it is no better than chance (0.34 with one of the two
# drivers), and so it is not given
EYE_WIDTH_PER_RADIUS, GAZE_GAIN = 2.5, 1.6
GAZE_MAX_DEG = 50.0  # no eye turns so far: the irises are misread, as beside a hand
GAZE_BLINK_MAX = 0.3  # behind lids lower than this the mesh makes the irises up
# A face that the detector sees and no mesh fits. Of 640 rendered heads none turned by less than 40 degrees was one, and
# of 80 turned by 60 to 80 degrees most. Of the detector's points the nose is then this many eye distances beside the
# eyes' middle (5 of 100 heads turned by 20 to 30 degrees reach 0.4); of one bowed by 50 degrees and more it is this
# far on the way from the eyes to the mouth (by 30 degrees 0.69)
GLIMPSED_ASIDE, GLIMPSED_DOWN = 0.35, 0.75
FACE_OF_BOX = 0.95  # width of a face as measured by the mesh, of the detector's box
HAND_AT_EAR_FACES = 0.45  # a hand whose nearest landmark is this many face widths from the ear holds something to it
# So many face widths from the face's middle its wrist is beside the face. Of 156 hands at the ear, on seeds to tune by,
# the least was 0.57; of the 30 chins, collars and caps that the hand model took for one there 28 were below
WRIST_BESIDE_FACES = 0.3


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

    The mesh's own depths are left out: a rigid fit to all three axes (Kabsch) read the fake driver's yaw 17 % too
    small, this one 7 %. Refined by Levenberg-Marquardt it is no truer, for three times the time.
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


def true_yaw_deg(read_deg: float) -> float:
    """The yaw of a head that the mesh reads so: more, and the more the further it is turned."""
    near_deg, far_deg = YAW_GAIN_DEG
    share = max(0.0, min(1.0, (abs(read_deg) - near_deg) / (far_deg - near_deg)))
    return read_deg * (YAW_GAIN + YAW_GAIN_FAR * share)


def _distance(landmarks: Landmarks, a: int, b: int) -> float:
    return float(np.linalg.norm(landmarks[a] - landmarks[b]))


def eye_aspect_ratio(landmarks: Landmarks, eye: Eye) -> float:
    """EAR of one eye in the mesh's three dimensions, so that turning the head changes it little.

    Source: Soukupová and Čech 2016, eq. 1.
    """
    p1, p2, p3, p4, p5, p6 = eye
    across = _distance(landmarks, p1, p4)
    return (_distance(landmarks, p2, p6) + _distance(landmarks, p3, p5)) / (2 * across) if across > 0 else 0.0


def mouth_aspect_ratio(landmarks: Landmarks) -> float:
    """Opening of the inner lips over the width of the mouth."""
    across = _distance(landmarks, RIGHT_MOUTH, LEFT_MOUTH)
    return _distance(landmarks, UPPER_LIP, LOWER_LIP) / across if across > 0 else 0.0


def driver_mar(landmarks: Landmarks, reading: Reading) -> float:
    """MAR as the attention mesh reads it."""
    return max(0.0, MAR_AT_REST + reading.mar_gain * (mouth_aspect_ratio(landmarks) - MAR_AT_REST))


def mean_ear(landmarks: Landmarks) -> float:
    """EAR of both eyes."""
    return (eye_aspect_ratio(landmarks, RIGHT_EYE) + eye_aspect_ratio(landmarks, LEFT_EYE)) / 2


def eye_blink(blendshapes: Scores, reading: Reading) -> float:
    """How far both lids are shut, 0 open to 1 shut, as the attention mesh reads it."""
    lower, upper = sorted((float(blendshapes[EYE_BLINK_LEFT]), float(blendshapes[EYE_BLINK_RIGHT])))
    return min(1.0, reading.blink_gain * (LOWER_BLINK * lower + (1 - LOWER_BLINK) * upper))


def smile(blendshapes: Scores) -> float:
    """How far the mouth smiles, 0..1: that narrows eyes which are awake."""
    return float(blendshapes[MOUTH_SMILE_LEFT] + blendshapes[MOUTH_SMILE_RIGHT]) / 2


def brow_down(blendshapes: Scores) -> float:
    """How far the brows are drawn down, 0..1: who frowns is awake."""
    return float(blendshapes[BROW_DOWN_LEFT] + blendshapes[BROW_DOWN_RIGHT]) / 2


def gaze_yaw(landmarks: Landmarks) -> float | None:
    """Yaw of the eyes in the head from the irises; None without irises, or where they are misread."""
    if len(landmarks) <= LEFT_IRIS:
        return None
    eyes = ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE))
    offset = sum(_iris_offset(landmarks, iris, eye) for iris, eye in eyes) / len(eyes)
    yaw_deg = GAZE_GAIN * math.degrees(math.asin(max(-1.0, min(1.0, EYE_WIDTH_PER_RADIUS * offset))))
    return yaw_deg if abs(yaw_deg) <= GAZE_MAX_DEG else None


def _iris_offset(landmarks: Landmarks, iris: int, eye: Eye) -> float:
    """How far the iris is from between the corners, in eye widths, to the driver's right."""
    left_in_picture, right_in_picture = landmarks[eye[0], :2], landmarks[eye[3], :2]
    across = right_in_picture - left_in_picture
    width_px = max(float(np.linalg.norm(across)), 1e-6)
    middle = (left_in_picture + right_in_picture) / 2
    return -float((landmarks[iris, :2] - middle) @ across) / width_px**2


def hand_at_ear(face: Face, face_width_px: float) -> bool:
    """A hand is held to an ear, as with a phone: its wrist is beside the face, not before it."""
    ears = face.landmarks[[RIGHT_EAR, LEFT_EAR], :2]
    return any(
        abs(hand[WRIST, 0] - ears[:, 0].mean()) >= WRIST_BESIDE_FACES * face_width_px
        and np.linalg.norm(hand[:, None, :2] - ears[None], axis=2).min() < HAND_AT_EAR_FACES * face_width_px
        for hand in face.hands
    )


def _falling(value: float, sure: float, lost: float) -> float:
    """1 at `sure`, 0 at `lost`, a straight line between."""
    return max(0.0, min(1.0, (value - lost) / (sure - lost)))


def _inside(landmarks: Landmarks, width_px: int, height_px: int) -> float:
    x, y = landmarks[:IRIS_START, 0], landmarks[:IRIS_START, 1]
    return float(np.mean((x >= 0) & (x < width_px) & (y >= 0) & (y < height_px)))


def pose_confidence(pose: Pose, face_width_px: float, presence: float, inside: float) -> float:
    """How much a pose is to be believed: less for a turned, a small and a cut-off face; 0 for one that lies."""
    if inside < INSIDE_MIN or abs(pose.roll_deg) > POSE_LOST_ROLL_DEG:
        return 0.0
    turned = _falling(abs(pose.yaw_deg), POSE_SURE_YAW_DEG, POSE_LOST_YAW_DEG)
    return presence * turned * _falling(face_width_px, FACE_SURE_PX, FACE_LOST_PX)


def measure(
    face: Face, size_px: tuple[int, int], horizontal_fov_deg: float, reading: Reading, sees_hands: bool = False
) -> Signals:
    """All that one face shows in a frame of the given width and height; reading: how its mesh reads eyes and mouth."""
    width_px, height_px = size_px
    landmarks = face.landmarks
    # The widest of ear to ear and forehead to chin: turning the head must not make a face look far away
    face_width_px = max(_distance(landmarks, RIGHT_EAR, LEFT_EAR), 0.75 * _distance(landmarks, 10, 152))
    face_x, face_width = float(landmarks[:IRIS_START, 0].mean()) / width_px, face_width_px / width_px
    read = head_pose(landmarks, camera_matrix(width_px, height_px, horizontal_fov_deg))
    pose = read and replace(
        read, yaw_deg=true_yaw_deg(read.yaw_deg), pitch_deg=PITCH_GAIN * read.pitch_deg + PITCH_OFFSET_DEG
    )
    inside = _inside(landmarks, width_px, height_px)
    confidence = pose_confidence(pose, face_width_px, face.presence, inside) if pose else 0.0
    if pose is None or confidence < CONFIDENCE_MIN:
        return Signals(confidence=confidence, face_x=face_x, face_width=face_width)
    scores = face.blendshapes
    sees_eyes = scores is not None and bool(np.isfinite(scores).all()) and abs(pose.yaw_deg) <= EYES_YAW_MAX_DEG
    blink = eye_blink(scores, reading) if scores is not None and sees_eyes else None
    on_phone = hand_at_ear(face, face_width_px) if sees_hands else None
    has_gaze = blink is not None and blink < GAZE_BLINK_MAX and not on_phone  # beside a hand irises are misread
    return Signals(
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
        roll_deg=pose.roll_deg,
        eye_blink=blink,
        eyes_hidden=False,
        brow_down=None if scores is None else brow_down(scores),
        smile=None if scores is None else smile(scores),
        ear=mean_ear(landmarks),
        mar=driver_mar(landmarks, reading),
        gaze_yaw_deg=gaze_yaw(landmarks) if has_gaze else None,
        hand_at_ear=on_phone,
        confidence=confidence,
        face_x=face_x,
        face_width=face_width,
    )


def detected_only(region: Region, size_px: tuple[int, int]) -> Signals | None:
    """What a face shows that the detector sees and no mesh fits; None where that does not say how it is turned."""
    turned = None if region.keypoints is None else _turned_beyond(region.keypoints)
    if turned is None:
        return None
    width = FACE_OF_BOX * region.box_px / size_px[0]
    return Signals(face_x=region.x_px / size_px[0], face_width=width, detected_only=turned)


def _turned_beyond(keypoints: Landmarks) -> State | None:
    """Where a head is turned, by its right and left eye, nose and mouth, float32 (4, 2)."""
    right_eye, left_eye, nose, mouth = keypoints
    across, middle = left_eye - right_eye, (left_eye + right_eye) / 2
    eyes_px = max(float(np.linalg.norm(across)), 1e-6)
    along = across / eyes_px
    if abs(float((nose - middle) @ along)) > GLIMPSED_ASIDE * eyes_px:
        return State.LOOKING_AWAY
    down = np.array([-along[1], along[0]])
    return State.LOOKING_DOWN if (nose - middle) @ down > GLIMPSED_DOWN * ((mouth - middle) @ down) > 0 else None
