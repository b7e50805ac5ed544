"""What one picture shows by itself."""

from __future__ import annotations

from app.attention.driver import Driver
from app.attention.sample import direction
from app.events import State
from app.vision.measurements import Signals
from config.settings import Analysis


def momentary_state(signals: Signals, settings: Analysis) -> State:
    """What a single picture shows, with the neutral pose of the settings and eyes like most people's.

    Where head and eyes are when they look at the road is not known of it: the limits have their margin, and eyes turn
    nothing. Nor does it show a yawn.
    """
    driver = Driver(settings)
    error = driver.error(signals)
    if error is None:
        return signals.detected_only or State.NO_FACE
    if signals.hand_at_ear:
        return State.PHONE
    limits_deg = settings.yaw_limit_deg, settings.pitch_up_limit_deg, settings.pitch_down_limit_deg
    turned = direction(error, *(limit_deg + error.margin_deg for limit_deg in limits_deg))
    if turned is not None:
        return turned
    if driver.are_shut(signals):
        return State.EYES_CLOSED
    return State.EYES_UNSEEN if signals.eyes_hidden else State.ATTENTIVE
