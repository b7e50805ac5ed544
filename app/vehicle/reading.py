"""What is known of the vehicle at one moment."""

from __future__ import annotations

from dataclasses import dataclass

STALE_S = 3.0  # receivers and control units tell the speed once a second


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The newest of what the source says; None where it is not known. speed_s: when the speed was measured.

    source: the device that answers, "" while none does: then nothing may be held to be as it was.
    utc_s: Unix time that a satellite told together with the speed. message, remedy: as in app/part_status.py.
    """

    speed_kmh: float | None = None
    speed_s: float | None = None
    ignition: bool | None = None
    source: str = ""
    utc_s: float | None = None
    message: str = ""
    remedy: str = ""

    def age_s(self, now_s: float) -> float | None:
        """Seconds since the speed was measured."""
        return None if self.speed_s is None else now_s - self.speed_s

    def fresh_speed_kmh(self, now_s: float) -> float | None:
        """The speed, unless it is too old to be held for that of now."""
        age_s = self.age_s(now_s)
        return self.speed_kmh if age_s is not None and age_s <= STALE_S else None
