"""A night camera with an infrared lamp beside its lens: grey, bright in the middle, bright skin, a dark cabin."""

from __future__ import annotations

import numpy as np

from app.fake_driver.mesh import Floats, floats

OF_BGR = floats((0.05, 0.2, 0.75))  # near infrared is next to red: skin and lips are both bright in it
SKIN_GREY, SKIN_GAIN = 150.0, 1.1  # how grey skin is by OF_BGR, and how much brighter the lamp makes it
CONTRAST = 0.8  # infrared enters skin and evens it out
CABIN_KEEPS = 0.13  # of its light: the lamp hardly reaches the seat behind, and windows are black
EDGE_KEEPS = 0.3  # of the lamp's light in the picture's corners


def darken_cabin(cabin: Floats, share: float) -> None:
    """Darken what is behind the driver."""
    cabin *= 1 - (1 - CABIN_KEEPS) * share


def lamp_lit(picture: Floats) -> Floats:
    """The picture as the night camera gives it, float32 (height, width, 3); all three channels are the same."""
    grey = picture @ OF_BGR
    grey = SKIN_GREY * SKIN_GAIN * (np.maximum(grey, 0) / SKIN_GREY) ** CONTRAST
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) ** 2 for size in grey.shape)
    lamp = EDGE_KEEPS ** ((y[:, None] + x) / 2)
    return floats(np.repeat((grey * lamp)[..., None], 3, axis=2))
