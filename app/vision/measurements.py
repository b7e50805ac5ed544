"""Signals: what one face shows, as figures. Vision makes them, attention reads them. Loads neither numpy nor cv2.

Signs, from the driver's seat: + yaw is the driver's right (left in an unmirrored picture), + pitch is up, + roll leans
to the right shoulder. Angles are relative to the camera's axis. None means "cannot be measured", never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.events import State


@dataclass(frozen=True, slots=True)
class Signals:
    """What one face shows; every part None where it cannot be measured.

    eye_blink: how far both lids are shut, 0 open to 1 shut (MediaPipe's blendshapes). eyes_hidden: lenses, glare or a
    hand hide the eyes. brow_down: a frown, smile: 0..1. ear: eye aspect ratio, to show; mar: mouth aspect ratio.
    distance_cm: from the lens, by the width of an average face.
    gaze_yaw_deg: of the eyes in the head, same sign as the head's yaw. presence: the mesh's own score that it fits a
    face, confidence: of the pose, 0..1. face_x, face_width: centre and width as shares of the picture's width.
    detected_only: a face without mesh or pose is turned beyond the mesh's angles, LOOKING_AWAY or LOOKING_DOWN.
    """

    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    eye_blink: float | None = None
    eyes_hidden: bool | None = None
    brow_down: float | None = None
    smile: float | None = None
    ear: float | None = None
    mar: float | None = None
    gaze_yaw_deg: float | None = None
    hand_at_ear: bool | None = None
    presence: float = 0.0
    confidence: float = 0.0
    face_x: float = 0.5
    face_width: float = 0.0
    distance_cm: float | None = None
    detected_only: State | None = None
