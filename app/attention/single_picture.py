"""What one picture shows by itself."""

from __future__ import annotations

from app.attention.driver import Driver
from app.attention.policy import Policy
from app.attention.sample import direction
from app.events import Neutral, State
from app.vision.measurements import Signals


def momentary_state(signals: Signals, policy: Policy, road: Neutral) -> State:
    """What a single picture shows, with the road where the settings say it is and eyes like most people's.

    Where head and eyes are when they look at the road is not known of it: the limits have their margin, and eyes turn
    nothing. Nor does it show a yawn.
    """
    driver = Driver(policy, road)
    error = driver.error(signals)
    if error is None:
        return signals.detected_only or State.NO_FACE
    if signals.hand_at_ear:
        return State.PHONE
    limits_deg = policy.yaw_limit_deg, policy.pitch_up_limit_deg, policy.pitch_down_limit_deg
    turned = direction(error, *(limit_deg + error.margin_deg for limit_deg in limits_deg))
    if turned is not None:
        return turned
    if driver.are_shut(signals):
        return State.EYES_CLOSED
    return State.EYES_UNSEEN if signals.eyes_hidden else State.ATTENTIVE
