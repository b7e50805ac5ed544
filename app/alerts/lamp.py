"""When the infrared lamp is on: while it is dark and somebody drives. Pure; time is passed in."""

from __future__ import annotations

from app.events import Motion
from app.held_for import HeldFor

# Mean of a picture in 8 bit steps. The lamp lights face and seat, not the sky: by day a picture has 90 and more, in a
# lit night 30 to 60. drivewatch's choice, not tried with a real lamp
DARK_BELOW, DARK_FOR_S = 45.0, 3.0  # longer than a bridge
BRIGHT_ABOVE, BRIGHT_FOR_S = 120.0, 10.0  # longer than the headlamps of a queue
NOBODY_FOR_S = 300.0  # without a face the lamp goes off, and lights up for a look once in so long


class LampRule:
    """Decides for one look after the other."""

    def __init__(self) -> None:
        self._is_night = False
        self._dark, self._bright = HeldFor(), HeldFor()
        self._seen_s: float | None = None

    def update(self, now_s: float, brightness: float | None, has_face: bool, motion: Motion) -> bool:
        """Take the mean brightness of a look, 0 to 255, None without a picture; whether the lamp is to be on."""
        if brightness is not None:
            dark_s = self._dark.update(brightness < DARK_BELOW, now_s)
            bright_s = self._bright.update(brightness > BRIGHT_ABOVE, now_s)
            self._is_night = (self._is_night or dark_s >= DARK_FOR_S) and bright_s < BRIGHT_FOR_S
        if has_face or self._seen_s is None:
            self._seen_s = now_s
        alone_s = now_s - self._seen_s
        looks = alone_s % NOBODY_FOR_S < NOBODY_FOR_S / 10 or alone_s < NOBODY_FOR_S
        return self._is_night and motion is not Motion.PARKED and looks
