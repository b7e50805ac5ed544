"""What the rules of attention share: one look at the driver, and how far the head is turned from the road."""

from __future__ import annotations

from dataclasses import dataclass

from app.events import Motion, Sight, State, Torso
from app.vision.measurements import Signals


@dataclass(frozen=True, slots=True)
class PoseError:
    """How far the head is turned from neutral: + yaw right, + pitch up; margin_deg widens limits until learnt.

    gaze_yaw_deg: how far the eyes are turned in the head from where they are at neutral; None where that is not known.
    """

    yaw_deg: float
    pitch_deg: float
    margin_deg: float
    gaze_yaw_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the driver. signals is None when the driver's face was not found.

    fits: what the mesh shows of the face can be believed. torso: what is seen of the driver below a face that is lost
    (app/vision/seat.py).
    """

    time_s: float
    seconds: float  # since the sample before
    period_s: float
    sight: Sight
    signals: Signals | None
    error: PoseError | None
    fits: bool
    torso: Torso | None = None
    motion: Motion = Motion.UNKNOWN


def direction(error: PoseError, yaw_deg: float, up_deg: float, down_deg: float) -> State | None:
    """Where the head is turned beyond these limits; None: to the road."""
    if abs(error.yaw_deg) > yaw_deg or error.pitch_deg > up_deg:
        return State.LOOKING_AWAY
    return State.LOOKING_DOWN if error.pitch_deg < -down_deg else None
