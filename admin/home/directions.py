"""Where the head points and where the road lies, as a diagram: data for templates/directions.html. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

from admin.words import angles
from app.events import Limits, Neutral
from app.telemetry.status import Signals

YAW_MAX_DEG, PITCH_MAX_DEG, UNITS_PER_DEG = 60.0, 45.0, 2.0  # the middle is the camera's axis; beyond: at the edge
WIDTH, HEIGHT = round(2 * YAW_MAX_DEG * UNITS_PER_DEG), round(2 * PITCH_MAX_DEG * UNITS_PER_DEG)
NOSE = 9.0  # units from the middle of the head to the nose of one who looks aside


@dataclass(frozen=True, slots=True)
class Head:
    """The driver's head, seen as in a mirror. nose_x, nose_y: where the nose is. gaze_x: where the eyes point."""

    x: int
    y: int
    roll_deg: int
    nose_x: int
    nose_y: int
    gaze_x: int | None
    are_eyes_closed: bool
    is_turned_away: bool


@dataclass(frozen=True, slots=True)
class Area:
    """The angles that count as looking at the road."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Directions:
    """The diagram, and the same in words, "" where not known.

    head: None where no face is measured; allowed: None without limits.
    """

    head: Head | None
    road_x: int
    road_y: int
    is_learnt: bool
    allowed: Area | None
    head_words: str
    road_words: str
    width: int = WIDTH
    height: int = HEIGHT


def directions(signals: Signals, road: Neutral | None, limits: Limits) -> Directions:
    """Place head and road by their angles from the camera's axis, from the driver's seat. road: None if not known."""
    if road is None:
        return Directions(None, _x(0.0), _y(0.0), False, None, "", "")
    road_words = angles(road.yaw_deg, road.pitch_deg)
    yaw_deg, pitch_deg = signals.yaw_deg, signals.pitch_deg
    head, head_words = None, ""
    if yaw_deg is not None and pitch_deg is not None:
        head = _head(
            signals, yaw_deg, pitch_deg, _is_beyond(yaw_deg - road.yaw_deg, pitch_deg - road.pitch_deg, limits)
        )
        head_words = angles(yaw_deg, pitch_deg)
    allowed = _allowed(road, limits)
    return Directions(head, _x(road.yaw_deg), _y(road.pitch_deg), road.learnt, allowed, head_words, road_words)


def _head(signals: Signals, yaw_deg: float, pitch_deg: float, is_turned_away: bool) -> Head:
    gaze_deg = None if signals.gaze_yaw_deg is None else yaw_deg + signals.gaze_yaw_deg
    return Head(
        _x(yaw_deg),
        _y(pitch_deg),
        round(signals.roll_deg or 0.0),
        round(NOSE * sin(radians(yaw_deg))),
        round(-NOSE * sin(radians(pitch_deg)) * cos(radians(yaw_deg))),
        None if gaze_deg is None else _x(gaze_deg),
        bool(signals.eyes_closed),
        is_turned_away,
    )


def _is_beyond(yaw_deg: float, pitch_deg: float, limits: Limits) -> bool:
    return (
        (limits.yaw_deg is not None and abs(yaw_deg) > limits.yaw_deg)
        or (limits.up_deg is not None and pitch_deg > limits.up_deg)
        or (limits.down_deg is not None and -pitch_deg > limits.down_deg)
    )


def _allowed(road: Neutral, limits: Limits) -> Area | None:
    if limits.yaw_deg is None or limits.up_deg is None or limits.down_deg is None:
        return None
    left, right = _x(road.yaw_deg - limits.yaw_deg), _x(road.yaw_deg + limits.yaw_deg)
    top, bottom = _y(road.pitch_deg + limits.up_deg), _y(road.pitch_deg - limits.down_deg)
    return Area(left, top, right - left, bottom - top)


def _x(yaw_deg: float) -> int:
    return round(UNITS_PER_DEG * (YAW_MAX_DEG + max(-YAW_MAX_DEG, min(YAW_MAX_DEG, yaw_deg))))


def _y(pitch_deg: float) -> int:
    return round(UNITS_PER_DEG * (PITCH_MAX_DEG - max(-PITCH_MAX_DEG, min(PITCH_MAX_DEG, pitch_deg))))
