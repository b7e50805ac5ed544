"""Speed and ignition -> how the vehicle moves, as far as the rules differ. Pure; time is passed in.

What is not known is never "parked": the rules are strict where nothing is known.
"""

from __future__ import annotations

from app.events import Motion
from app.held_for import HeldFor
from app.vehicle.reading import Vehicle

# From this speed on, and until it falls below the second. 20 and 50 km/h: EU 2023/2590; 65: EU 2021/1341
BANDS_KMH = ((Motion.HIGHWAY, 65.0, 62.0), (Motion.FAST, 50.0, 47.0), (Motion.SLOW, 20.0, 17.0))
ORDER = (Motion.CRAWLING, Motion.SLOW, Motion.FAST, Motion.HIGHWAY)
PARKED_BELOW_KMH, PARKED_AFTER_S = 5.0, 30.0  # a receiver at rest tells 1 to 3 km/h
LEFT_FROM_KMH, LEFT_AFTER_S = 10.0, 2.0
HELD_MAX_S = 120.0  # a tunnel of 3 km at 90 km/h
IGNITION_OFF_AFTER_S = 2.0  # cranking the engine takes the voltage down for a moment


class MotionTracker:
    """Follows one vehicle."""

    def __init__(self) -> None:
        self._motion = Motion.UNKNOWN
        self._known_s: float | None = None
        self._at_rest, self._leaving, self._ignition_off = HeldFor(), HeldFor(), HeldFor()
        self._is_wire_broken = False  # the line said "off" while the vehicle moved

    def update(self, now_s: float, vehicle: Vehicle) -> Motion:
        """Take what is known of the vehicle now; how it moves."""
        speed_kmh = vehicle.fresh_speed_kmh(now_s) if vehicle.source else None
        off_s = self._ignition_off.update(vehicle.ignition is False, now_s)
        if speed_kmh is not None:
            self._known_s = now_s
            self._motion = self._moving_at(speed_kmh, now_s)
        else:
            self._at_rest = HeldFor()  # whether it rested meanwhile is not known
            if not vehicle.source or self._known_s is None or now_s - self._known_s > HELD_MAX_S:
                self._motion = Motion.UNKNOWN
        is_off = off_s >= IGNITION_OFF_AFTER_S
        # Whoever is seen to move must not be silenced by a wire that broke, nor when the fix is lost then
        if is_off and speed_kmh is not None and speed_kmh >= LEFT_FROM_KMH:
            self._is_wire_broken = True
        elif vehicle.ignition or self._motion is Motion.PARKED:
            self._is_wire_broken = False
        return Motion.PARKED if is_off and not self._is_wire_broken else self._motion

    def _moving_at(self, speed_kmh: float, now_s: float) -> Motion:
        rest_s = self._at_rest.update(speed_kmh < PARKED_BELOW_KMH, now_s)
        leaving_s = self._leaving.update(speed_kmh >= LEFT_FROM_KMH, now_s)
        if rest_s >= PARKED_AFTER_S or (self._motion is Motion.PARKED and leaving_s < LEFT_AFTER_S):
            return Motion.PARKED
        return band_of(speed_kmh, self._motion)


def band_of(speed_kmh: float, before: Motion) -> Motion:
    """The band of a speed; one that was reached is left only below its lower limit."""
    for motion, from_kmh, until_kmh in BANDS_KMH:
        is_reached = before in ORDER and ORDER.index(before) >= ORDER.index(motion)
        if speed_kmh >= (until_kmh if is_reached else from_kmh):
            return motion
    return Motion.CRAWLING
