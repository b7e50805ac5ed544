"""The picture's rotation, learnt from a face finder's results on it and on its rotated copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from app.vision.measurements import Signals
from app.vision.turned import DOUBT_S, FIRST_TRIES, REMOUNTED_S, SURE_LOOKS, Picture, Seen, Turned

NOTHING: Seen = (0.0, None)
UPRIGHT: Seen = (0.95, Signals(yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0, eye_blink=0.1))
ASLEEP: Seen = (0.95, Signals(yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0, eye_blink=0.7))
DOUBTED: Seen = (0.6, UPRIGHT[1])
LEANING: Seen = (0.95, Signals(yaw_deg=0.0, pitch_deg=0.0, roll_deg=70.0, eye_blink=0.1))
CORNERS = {90: (0, -1), 180: (-1, -1), 270: (-1, 0)}
MARKED = np.zeros((24, 32, 3), np.uint8)
MARKED[0, 0] = 255


@dataclass
class Finder:
    """Finds a face only in the copy rotated by turn_deg; counts the copies."""

    turn_deg: int = 0
    seen: Seen = UPRIGHT
    copies: int = 0

    def __call__(self, copy: Picture) -> Seen:
        self.copies += 1
        by = next(turn for turn, corner in CORNERS.items() if copy[corner][0] == 255)
        return self.seen if by == self.turn_deg else NOTHING


def turns(turned: Turned, seen: Seen, finder: Finder, begin_s: float, end_s: float, step_s: float = 1.0) -> list[int]:
    return [turned.look(MARKED, t, seen, finder) for t in np.arange(begin_s, end_s, step_s).tolist()]


@pytest.mark.parametrize("turn_deg", CORNERS)
def test_rotated_picture_is_recognised_at_the_first_look(turn_deg: int) -> None:
    turned = Turned()
    assert turns(turned, DOUBTED, Finder(turn_deg), 0, 5) == [turn_deg] * 5
    assert turns(turned, NOTHING, Finder(), 5, 60) == [turn_deg] * 55, "the seat is empty, the camera still lies"


def test_upright_picture_needs_no_rotated_copy() -> None:
    finder = Finder(180)
    assert turns(Turned(), UPRIGHT, finder, 0, 60) == [0] * 60
    assert finder.copies == 0


def test_doubtful_upright_face_is_compared_and_then_believed() -> None:
    turned, finder = Turned(), Finder(180, (0.5, UPRIGHT[1]))
    assert turns(turned, DOUBTED, finder, 0, 60) == [0] * 60
    assert finder.copies == SURE_LOOKS * len(CORNERS)


def test_face_seen_once_in_a_rotated_copy_is_forgotten() -> None:
    turned = Turned()
    assert turns(turned, NOTHING, Finder(90), 0, 1) == [90]
    assert turns(turned, NOTHING, Finder(), 1, 5) == [0] * 4


def test_camera_turned_back_is_upright_again() -> None:
    turned = Turned()
    turns(turned, NOTHING, Finder(180), 0, 5)
    assert turns(turned, UPRIGHT, Finder(), 5, 10)[SURE_LOOKS - 1 :] == [0] * 3


@pytest.mark.parametrize("turn_deg", CORNERS)
def test_sleeping_head_on_the_shoulder_is_not_a_rotated_camera(turn_deg: int) -> None:
    turned = Turned()
    turns(turned, UPRIGHT, Finder(), 0, 5)
    assert turns(turned, LEANING, Finder(turn_deg, ASLEEP), 5, 300) == [0] * 295
    if turn_deg != 180:
        assert turns(Turned(), LEANING, Finder(turn_deg, ASLEEP), 5, 300) == [0] * 295, "nor from the start"


def test_fallen_camera_is_recognised_by_open_eyes() -> None:
    turned = Turned()
    turns(turned, UPRIGHT, Finder(), 0, 5)
    fallen = turns(turned, LEANING, Finder(90), 5, 100)
    first = fallen.index(90)
    assert DOUBT_S + REMOUNTED_S - 5 <= first <= DOUBT_S + REMOUNTED_S + 10
    assert fallen[first:] == [90] * (95 - first)


def test_empty_seat_makes_few_rotated_copies() -> None:
    finder = Finder()
    turns(Turned(), NOTHING, finder, 0, 600, step_s=0.1)
    assert finder.copies <= len(CORNERS) * (FIRST_TRIES + 600 / 5 + 2)
