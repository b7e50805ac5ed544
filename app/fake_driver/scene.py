"""What one rendered picture shows: the truth a detector is measured by."""

from __future__ import annotations

from dataclasses import dataclass

# A lid rests on the iris and follows it down: by this share of the eye for each degree, and no further than that
LIDS_PER_DEG, LIDS_DOWN_MAX = 0.7 / 30, 0.9


@dataclass(frozen=True, slots=True)
class Scene:
    """Driver, cabin and camera at one moment.

    Angles in degrees with drivewatch's signs (+ yaw driver's right, + pitch up, + roll to the right shoulder), relative
    to the camera's axis; gaze relative to the head. Shares run from 0 to 1.
    """

    time_s: float = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    x_cm: float = 0.0  # where the head is: + is to the driver's left, right in the picture
    y_cm: float = 3.0  # + is up
    distance_cm: float = 58.0  # from the lens to the nose
    eyes_closed: float = 0.0
    jaw_open: float = 0.0  # 0.3 talks, 0.8 yawns, 1 is as wide as it goes
    smile: float = 0.0  # 1 is a broad one; with the jaw open a laugh
    gaze_yaw_deg: float = 0.0
    gaze_pitch_deg: float = 0.0
    present: float = 1.0
    passenger: float = 0.0  # a second, smaller face beside the driver
    phone_at_ear: float = 0.0
    glasses: float = 0.0  # worn when above 0, and their lenses tinted this much: 0.05 clear, 0.9 black
    lens_mirrors: float = 0.0  # glasses are worn when above 0; how opaque a bright window or screen on their lenses is
    mask: float = 0.0  # from 0.5 on a surgical mask over nose, mouth and chin
    arm_before_face: float = 0.0  # a sleeve that hides the lower face, as in turning the wheel
    light: float = 1.0  # 1 is day, 0.2 a lit night
    sun_from_left: float = 0.0  # -1..1: how much brighter the picture's left is than its right
    infrared: float = 0.0  # 1 is a night camera: grey, lit by its own lamp, the cabin dark
    noise: float = 1.5  # standard deviation of the sensor's noise in 8 bit steps
    blur_px: float = 0.0  # motion blur as the car shakes
    lens_covered: float = 0.0
    frozen: float = 0.0  # above one half the camera repeats its last picture

    @property
    def lids(self) -> float:
        """How far the lids cover the eyes, 0..1: because they close, or because they follow eyes that look down."""
        return max(self.eyes_closed, min(LIDS_DOWN_MAX, -LIDS_PER_DEG * self.gaze_pitch_deg))
