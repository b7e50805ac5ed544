"""How figures of one driver are learnt: the middle and the spread of what was seen, a slow drift, and bounds."""

from __future__ import annotations

from collections.abc import Iterable


def median(values: Iterable[float]) -> float:
    """The middle value; without the module statistics, which costs 0.5 MB."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))]


def drifted(known: float, seen: float, seconds: float, memory_s: float) -> float:
    """The known value, moved towards what was seen for so long: a running mean over memory_s."""
    return known + min(1.0, seconds / memory_s) * (seen - known)


def clamp(value: float, centre: float, reach: float) -> float:
    """The value, held within reach of the centre."""
    return max(centre - reach, min(centre + reach, value))
