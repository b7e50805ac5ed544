"""Status -> what helps to aim the camera: hints in words, most important first, and how learning the road goes. Pure.

Left and right are the driver's. As the settings put the picture upright and unmirrored, the driver's left is right in
the picture, and a face there asks the camera to turn to the driver's left.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from admin.words import angles, capital
from app.events import SIGHT_PROBLEMS, DirectionAnswer, Learning, Neutral, Sight, WaitsFor
from app.telemetry.status import Aim, RoadRange, Status

# README, "Mounting the camera"; tests/benchmarks/tables/fake-driver-limits.md has each face found from 35 to 130 cm
NEAR_CM, FAR_CM = 40.0, 100.0
FACE_PX_MIN = 48.0  # head_pose.FACE_SURE_PX: a narrower face's pose is less sure
STEP_CM, STEPS_MAX_CM = 5.0, 200.0
# Free room beside the face, in widths and heights of it: as little as tests/evaluation/vary.py leaves at 48 cm. A face
# that is cut off is not measured
ROOM_BESIDE, ROOM_ABOVE = 0.5, 0.05
ANSWER_SHOWN_S = 60.0

OPENING = "The camera is being opened."
NO_FACE = (
    f"No face: sit as you drive. The camera belongs in front of you, {NEAR_CM:.0f} to {FAR_CM:.0f} cm away, "
    "looks at your face, and needs some light."
)
NOT_THE_DRIVERS = "A face, but not where the driver's was. If it is the driver's, press “Relearn the road direction”."
TURNED_TOO_FAR = "The face is turned too far to be measured: look at the road."
EYES_HIDDEN = "The eyes cannot be seen: take dark glasses off, or move the camera or what glares in them."
GOOD = "This place is good."
GOOD_SO_FAR = "Good so far. Look at the road until its direction is learnt."

WAITING = {
    WaitsFor.NOTHING: "Learning: look at the road.",
    WaitsFor.FACE: "Waits for the driver's face.",
    WaitsFor.STEADY_HEAD: "Waits for a still head with open eyes: look at the road.",
    WaitsFor.MOTION: "Waits until the vehicle drives, as who stands may look anywhere. Or press “Use this direction”.",
}
REFUSALS = {
    DirectionAnswer.NO_FACE: "Not taken: the driver's face could not be measured. Try again.",
    DirectionAnswer.UNSTEADY: "Not taken: the head was not still for two seconds. Try again.",
    DirectionAnswer.OUT_OF_RANGE: "Not taken: that is beyond the angles allowed. Move the camera, and try again.",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """One sentence or two. tone: good, doubtful or bad. setting: the key that helps, "" where none does."""

    words: str
    tone: str
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Learning the road's direction: a share of 0 to 1, and words."""

    share: float
    words: str
    tone: str


def hints(status: Status) -> tuple[Hint, ...]:
    """What to do next, most important first; one that all is well where nothing is to be done."""
    aim, seen = status.aim, status.signals
    if (why := blocked(status)) is not None:
        return (why,)
    if aim.face is None and not seen.has_face:
        return (Hint(NO_FACE, "doubtful"),)
    if not seen.has_face:
        return (Hint(NOT_THE_DRIVERS, "doubtful"),)
    found = [*_distance(aim), *_directions(status)]
    if seen.yaw_deg is None:
        found.append(Hint(TURNED_TOO_FAR, "doubtful"))
    if seen.eyes_hidden:
        found.append(Hint(EYES_HIDDEN, "doubtful"))
    return tuple(found) or (Hint(GOOD if status.neutral.learnt else GOOD_SO_FAR, "good"),)


def progress(status: Status) -> Progress:
    """How learning goes; a request for the driver's direction is answered for a minute."""
    learning, neutral = status.aim.learning, status.neutral
    if learning.answer is DirectionAnswer.WAITING:
        return Progress(learning.progress, "Look at the road: its direction is taken in some seconds.", "doubtful")
    if learning.answer in REFUSALS and _is_recent(learning, status.time_s):
        return Progress(learning.progress, REFUSALS[learning.answer], "bad")
    if neutral.learnt:
        word = "Taken" if learning.answer is DirectionAnswer.TAKEN else "Learnt"
        return Progress(1.0, f"{word}: the road is {angles(neutral.yaw_deg, neutral.pitch_deg)}.", "good")
    return Progress(learning.progress, WAITING[learning.waits_for], "doubtful")


def _is_recent(learning: Learning, now_s: float) -> bool:
    return learning.answered_s is not None and now_s - learning.answered_s < ANSWER_SHOWN_S


def blocked(status: Status) -> Hint | None:
    """Why nothing can be said of the driver."""
    aim, camera = status.aim, status.camera
    if camera.state in ("lost", "hung"):
        why = f"no picture: {camera.message}" if camera.message else SIGHT_PROBLEMS[Sight.NOTHING]
        return Hint(f"{capital(why)}.", "bad")
    if camera.state == "opening":
        return Hint(OPENING, "doubtful")
    if aim.rotate_to is not None:
        return Hint(f"The picture is {aim.sight.value}: set Rotate to {aim.rotate_to}.", "bad", "camera.rotate")
    if aim.sight in SIGHT_PROBLEMS:
        return Hint(f"{capital(SIGHT_PROBLEMS[aim.sight])}.", "bad")
    return None


def _distance(aim: Aim) -> Iterator[Hint]:
    cm = aim.distance_cm
    if cm is None:
        return
    if cm < NEAR_CM:
        yield Hint(f"Move the camera {_steps_cm(NEAR_CM - cm)} away from the driver.", "doubtful")
    far_cm = min(FAR_CM, cm * aim.face_px / FACE_PX_MIN)
    if cm > far_cm:
        closer = f"Bring the camera {_steps_cm(cm - far_cm)} closer to the driver"
        yield Hint(f"{closer}, or choose a larger resolution." if far_cm < FAR_CM else f"{closer}.", "doubtful")


def _steps_cm(cm: float) -> str:
    return f"{STEP_CM * math.ceil(min(cm, STEPS_MAX_CM) / STEP_CM - 0.1):.0f} cm"


def _directions(status: Status) -> Iterator[Hint]:
    """Turn the camera until the face has room around it, then move it until the road is within the angles allowed."""
    turn_deg, tilt_deg = turns_deg(status.aim, status.configuration.fov_deg)
    if round(turn_deg):
        yield Hint(f"Turn the camera {abs(turn_deg):.0f}° to the driver's {_side(-turn_deg)}.", "doubtful")
    if round(tilt_deg):
        yield Hint(f"Tilt the camera {abs(tilt_deg):.0f}° {'up' if tilt_deg > 0 else 'down'}.", "doubtful")
    aside_deg, up_deg = beyond_deg(
        status.neutral, status.aim.learning, status.configuration.road_range, turn_deg, tilt_deg
    )
    distance_cm = max(status.aim.distance_cm or NEAR_CM, STEP_CM)
    if round(aside_deg):
        by = _steps_cm(distance_cm * math.tan(math.radians(min(45.0, abs(aside_deg)))))
        words = f"Move the camera {by} to the driver's {_side(aside_deg)}"
        yield Hint(f"{words}: the road is {abs(aside_deg):.0f}° farther aside than allowed.", "doubtful")
    if round(up_deg):
        by = _steps_cm(distance_cm * math.tan(math.radians(min(45.0, abs(up_deg)))))
        where, look = ("up", "above") if up_deg > 0 else ("down", "below")
        yield Hint(f"Move the camera {by} {where}: the road is {abs(up_deg):.0f}° too far {look} it.", "doubtful")


def _side(yaw_deg: float) -> str:
    return "right" if yaw_deg > 0 else "left"


def turns_deg(aim: Aim, fov_deg: float) -> tuple[float, float]:
    """By how much to turn the camera to the driver's left and to tilt it up, so that the face is in the middle.

    0 where the face has room enough on both sides.
    """
    face = aim.face
    if face is None or not 0 < fov_deg < 180 or min(aim.width_px, aim.height_px) <= 0:
        return 0.0, 0.0
    focal_px = max(aim.width_px, aim.height_px) / 2 / math.tan(math.radians(fov_deg) / 2)

    def turn_deg(low: float, size: float, room: float, picture_px: int) -> float:
        is_roomy = low >= room * size and low + size <= 1 - room * size
        off_px = (low + size / 2 - 0.5) * picture_px
        is_fitting = size * (1 + 2 * room) <= 1  # else moving it away helps, and turning does not
        return 0.0 if is_roomy or (not is_fitting and abs(off_px) < 0.1 * picture_px) else _deg(off_px / focal_px)

    turn = turn_deg(face.x, face.width, ROOM_BESIDE, aim.width_px)
    return turn, -turn_deg(face.y, face.height, ROOM_ABOVE, aim.height_px)


def _deg(ratio: float) -> float:
    return math.degrees(math.atan(ratio))


def beyond_deg(
    neutral: Neutral, learning: Learning, road: RoadRange, turn_deg: float, tilt_deg: float
) -> tuple[float, float]:
    """How far the road lies beyond the angles allowed once the camera is turned so: to the right, and up."""
    if not learning.progress:
        return 0.0, 0.0
    yaw_deg = neutral.yaw_deg + learning.beyond_yaw_deg - turn_deg - road.yaw_deg
    pitch_deg = neutral.pitch_deg + learning.beyond_pitch_deg + tilt_deg - road.pitch_deg
    return _excess(yaw_deg, road.yaw_range_deg), _excess(pitch_deg, road.pitch_range_deg)


def _excess(angle_deg: float, range_deg: float) -> float:
    return math.copysign(min(90.0, max(0.0, abs(angle_deg) - range_deg)), angle_deg)
