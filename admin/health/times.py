"""Times in words."""

from __future__ import annotations


def lasting(seconds: float) -> str:
    """A time that has passed, in the two largest units."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return f"{max(0, int(seconds))} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days {hours % 24} h"
