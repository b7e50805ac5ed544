"""Status -> what is drawn for aiming: marks over the camera's picture, and a field of angles beside it. Pure.

Both are seen as the picture is: the driver's left is right, so the marks move as the driver does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from admin.aim.aiming import ROOM_ABOVE, ROOM_BESIDE
from admin.words import angles
from app.telemetry.status import Box, Status

FIELD_YAW_DEG, FIELD_PITCH_DEG = 50, 38  # to each side: the mesh finds heads up to 50 degrees aside, 40 up and down


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle of an SVG, in its own units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the face's middle to where the head points, in pixels."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Overlay:
    """In pixels of the picture. frame: where the face's box has room enough around it."""

    width: int
    height: int
    face: Rectangle
    frame: Rectangle | None
    head: Arrow | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A direction in the field; one beyond it is drawn at its edge."""

    x: float
    y: float
    words: str
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class Field:
    """Angles in degrees: x is to the driver's left, y is down. words: the same for who does not see it."""

    allowed: Rectangle
    road: Mark | None
    head: Mark | None
    words: str


def overlay(status: Status) -> Overlay | None:
    """The marks over the picture; None without a face."""
    aim, seen = status.aim, status.signals
    box, width, height = aim.face, aim.width_px, aim.height_px
    if box is None or not (0 < width <= 8192 and 0 < height <= 8192):
        return None
    face = Rectangle(*_rounded(box.x * width, box.y * height, box.width * width, box.height * height))
    head = None
    if seen.has_face and seen.yaw_deg is not None and seen.pitch_deg is not None:
        x, y = face.x + face.width / 2, face.y + face.height / 2
        away_x, away_y = -math.sin(math.radians(seen.yaw_deg)), -math.sin(math.radians(seen.pitch_deg))
        head = Arrow(*_rounded(x, y, x + face.width * away_x, y + face.width * away_y))
    return Overlay(width, height, face, _frame(box, width, height), head)


def _frame(box: Box, width: int, height: int) -> Rectangle | None:
    beside, above = ROOM_BESIDE * box.width, ROOM_ABOVE * box.height
    if 2 * beside + box.width > 1 or 2 * above + box.height > 1:
        return None  # too near to fit
    return Rectangle(*_rounded(beside * width, above * height, (1 - 2 * beside) * width, (1 - 2 * above) * height))


def field(status: Status) -> Field:
    """Angles allowed, the road's direction as far as it is learnt, and the head's now."""
    road_range, neutral, seen = status.configuration.road_range, status.neutral, status.signals
    yaw_range, pitch_range = min(90.0, road_range.yaw_range_deg), min(90.0, road_range.pitch_range_deg)
    allowed = Rectangle(
        *_rounded(-road_range.yaw_deg - yaw_range, -road_range.pitch_deg - pitch_range, 2 * yaw_range, 2 * pitch_range)
    )
    road = _mark(status, neutral.yaw_deg, neutral.pitch_deg) if status.aim.learning.progress else None
    head = None
    if seen.has_face and seen.yaw_deg is not None and seen.pitch_deg is not None:
        head = _mark(status, seen.yaw_deg, seen.pitch_deg)
    learnt = "" if neutral.learnt else ", not learnt yet"
    said = [
        f"Road: {road.words}{learnt}." if road else "Road: not learnt yet.",
        f"Head now: {head.words}." if head else "",
    ]
    return Field(allowed, road, head, " ".join(filter(None, said)))


def _mark(status: Status, yaw_deg: float, pitch_deg: float) -> Mark:
    road = status.configuration.road_range
    is_allowed = (
        abs(yaw_deg - road.yaw_deg) <= road.yaw_range_deg and abs(pitch_deg - road.pitch_deg) <= road.pitch_range_deg
    )
    x, y = (max(-most, min(most, -angle)) for angle, most in ((yaw_deg, FIELD_YAW_DEG), (pitch_deg, FIELD_PITCH_DEG)))
    return Mark(round(x, 1), round(y, 1), angles(yaw_deg, pitch_deg), is_allowed)


def _rounded(*figures: float) -> tuple[float, ...]:
    return tuple(round(figure, 1) for figure in figures)
