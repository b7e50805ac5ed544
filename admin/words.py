"""Times, angles and counts as people read them; templates/words.html has what needs HTML. Pure."""

from __future__ import annotations

from datetime import datetime, timezone
from math import ceil

NOT_ANSWERING = "is not answering"  # of a detector that is silent
STRAIGHT = "straight"
STRAIGHT_DEG = 2.0  # nearer to the road than anybody could say


def iso(wall_s: float) -> str:
    """A Unix time as ISO 8601 in UTC; the browser shows its own time zone."""
    return datetime.fromtimestamp(int(wall_s), timezone.utc).isoformat()


def capital(text: str) -> str:
    """A text that begins with a capital letter; str.capitalize would lower the others."""
    return text[:1].upper() + text[1:]


def lasting(seconds: float) -> str:
    """A time that has passed, coarser as it grows."""
    seconds = max(0.0, seconds)
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{int(seconds)} s"
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days {hours % 24} h"


def minutes_left(seconds: float) -> str:
    """A time that is left, in minutes begun."""
    return f"{max(1, ceil(seconds / 60))} min"


def angle(value_deg: float | None, beyond: str, below: str, straight_deg: float = STRAIGHT_DEG) -> str:
    """An angle to one of two sides, or "straight"; "" where it is not known."""
    if value_deg is None:
        return ""
    if abs(value_deg) < straight_deg:
        return STRAIGHT
    return f"{abs(value_deg):.0f}° {beyond if value_deg > 0 else below}"


def angles(yaw_deg: float, pitch_deg: float) -> str:
    """A direction from the camera, such as "4° right, 2° up"; "straight ahead" for its axis."""
    said = (angle(yaw_deg, "right", "left", 0.5), angle(pitch_deg, "up", "down", 0.5))
    return ", ".join(one for one in said if one != STRAIGHT) or "straight ahead"


def counted(cautions: int, warnings: int, alarms: int) -> str:
    """How many alerts there were of each level."""
    found = ((alarms, "alarm"), (warnings, "warning"), (cautions, "caution"))
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in found if count) or "no alerts"
