"""Whether a speed may be believed. Pure; time is passed in."""

from __future__ import annotations

SPEED_MAX_KMH = 300.0
CHANGE_MAX_KMH_PER_S = 60.0  # 1.7 g: no car brakes or gains speed like that


class PlausibleSpeed:
    """Believes a speed that follows from the one before; a first one is believed when the next agrees with it."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None  # the newest within the range, believed or not
        self._believed: tuple[float, float] | None = None

    def update(self, time_s: float, speed_kmh: float) -> float | None:
        """Take one measurement; the speed, or None where it is not believed."""
        if not 0.0 <= speed_kmh <= SPEED_MAX_KMH:  # also what is no number
            return None
        last, self._last = self._last, (time_s, speed_kmh)
        if not _follows(last, self._last) or not (self._believed is None or _follows(self._believed, self._last)):
            return None
        self._believed = self._last
        return speed_kmh


def _follows(before: tuple[float, float] | None, now: tuple[float, float]) -> bool:
    """Ten a second scatter by more than a tenth of what a second allows, so the limit is at least that of a second."""
    if before is None:
        return False
    return abs(now[1] - before[1]) <= CHANGE_MAX_KMH_PER_S * max(1.0, now[0] - before[0])
