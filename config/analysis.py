"""What a person chooses of attention: how strict, where the road is, and how far back to look.

The numbers that follow from the choice are app/attention/policy.py's.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.declaration import setting

POLICIES = ("relaxed", "normal", "strict")

# A table: first line the value and its limits, second line what people read.
# fmt: off


@dataclass(frozen=True, slots=True)
class Analysis:
    """How strictly the driver is judged, where the road is, and how far back to look."""

    policy: str = setting("normal", choices=POLICIES, source="EU 2023/2590, Euro NCAP, FHWA; strict: openpilot",
        label="Strictness", help="normal warns when regulations ask it, strict earlier, relaxed as late as they allow.")
    history_window: int = setting(120, low=10, high=3600, unit="s", balanced=300, high_accuracy=600,
        label="Drowsiness window", help="How far back the share of closed eyes (PERCLOS) and the charts look.")
    max_events_buffer: int = setting(100, low=1, high=1000, unit="events",
        label="Events in memory", help="The oldest leave first.")
    event_history: bool = setting(True,
        label="Keep events", help="false: only live figures, nothing is stored.")
    neutral_yaw: float = setting(0.0, low=-45, high=45, unit="deg",
        label="Road, sideways", help="Where the road appears from this camera; + is to the driver's right.")
    neutral_pitch: float = setting(0.0, low=-30, high=30, unit="deg",
        label="Road, up or down", help="Where the road appears from this camera; + is up.")
