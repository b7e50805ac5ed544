"""The diagram of head and road."""

from __future__ import annotations

from admin.home.directions import HEIGHT, WIDTH, directions
from app.events import Limits, Neutral
from app.telemetry.status import Signals

ROAD = Neutral(-1.0, -2.0, learnt=True)
LIMITS = Limits(23.0, 30.0, 18.0)
MIDDLE = WIDTH // 2, HEIGHT // 2


def test_the_diagram_draws_right_and_up_on_the_correct_sides() -> None:
    seen = directions(Signals(True, 20.0, 10.0, 5.0, gaze_yaw_deg=8.0), ROAD, LIMITS)
    head = seen.head
    assert head is not None and head.gaze_x is not None
    assert head.x > MIDDLE[0] and head.y < MIDDLE[1] and head.gaze_x > head.x
    assert head.nose_x > 0 > head.nose_y and head.roll_deg == 5
    assert seen.head_words == "20° right, 10° up"


def test_the_road_is_drawn_where_learnt_with_the_allowed_angles_around_it() -> None:
    seen = directions(Signals(), ROAD, LIMITS)
    assert (seen.road_words, seen.is_learnt, seen.head, seen.head_words) == ("1° left, 2° down", True, None, "")
    area = seen.allowed
    assert area is not None
    assert area.x + area.width / 2 == seen.road_x
    assert seen.road_y - area.y > area.y + area.height - seen.road_y  # up may be further than down


def test_a_head_beyond_the_allowed_angles_is_drawn_as_turned_away() -> None:
    for yaw_deg, pitch_deg, is_away in ((0, 0, False), (21, 0, False), (23, 0, True), (-25, 0, True), (0, -21, True)):
        head = directions(Signals(True, yaw_deg, pitch_deg), ROAD, LIMITS).head
        assert head is not None and head.is_turned_away is is_away


def test_the_diagram_clips_large_angles_and_omits_unknown_ones() -> None:
    seen = directions(Signals(True, 170.0, -89.0), Neutral(55.0, 40.0, learnt=False), LIMITS)
    assert seen.head is not None and seen.allowed is not None
    assert (seen.head.x, seen.head.y, seen.head.gaze_x) == (WIDTH, HEIGHT, None)
    assert seen.allowed.x + seen.allowed.width == WIDTH and seen.allowed.y == 0
    assert directions(Signals(), ROAD, Limits()).allowed is None


def test_a_head_near_the_road_is_called_straight_ahead() -> None:
    assert directions(Signals(True, 0.2, -0.2), Neutral(0.0, 0.0, learnt=True), LIMITS).head_words == "straight ahead"
