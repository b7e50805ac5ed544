"""Requests for the speed to control units, and their answers."""

from __future__ import annotations

import random

import pytest

from app.vehicle.obd import FRAME, LONG, STANDARD, Addressing, agreed_kmh, answer_in, request_of

ANSWER = bytes((3, 0x41, 0x0D, 88, 0, 0, 0, 0))


def frame(identifier: int, data: bytes = ANSWER, length: int = 8) -> bytes:
    return FRAME.pack(identifier, length, data)


def test_request_is_that_of_the_standard() -> None:
    identifier, length, data = FRAME.unpack(request_of(STANDARD))
    assert (identifier, length, data[:3]) == (0x7DF, 8, bytes((0x02, 0x01, 0x0D)))
    assert FRAME.unpack(request_of(LONG))[0] == 0x98DB33F1


@pytest.mark.parametrize(
    ("addressing", "identifier"),
    [(STANDARD, 0x7E8), (STANDARD, 0x7EF), (LONG, 0x98DAF110), (LONG, 0x98DAF118)],
)
def test_answer_of_every_control_unit_is_read(addressing: Addressing, identifier: int) -> None:
    assert answer_in(frame(identifier), addressing) == 88
    assert answer_in(frame(identifier, bytes((3, 0x41, 0x0D, 88)), length=4), addressing) == 88


@pytest.mark.parametrize(
    "wrong",
    [
        frame(0x7DF),
        frame(0x123),
        frame(0x800007E8),  # 29 bits long
        frame(0x400007E8),  # a remote request
        frame(0x200007E8),  # an error frame
        frame(0x7E8, bytes((3, 0x7F, 0x01, 0x12, 0, 0, 0, 0))),  # refused
        frame(0x7E8, bytes((4, 0x41, 0x0C, 1, 2, 0, 0, 0))),  # engine speed
        frame(0x7E8, bytes((2, 0x41, 0x0D, 88, 0, 0, 0, 0))),
        frame(0x7E8, bytes((3, 0x41, 0x0D, 0xFF, 0, 0, 0, 0))),  # not known
        frame(0x7E8, length=3),
        frame(0x7E8, length=200),
        frame(0x7E8)[:-1],
        b"",
    ],
)
def test_other_frames_give_no_speed(wrong: bytes) -> None:
    assert answer_in(wrong, STANDARD) is None


def test_mutated_frames_never_raise() -> None:
    chance = random.Random(7)
    for _ in range(1000):
        answer = answer_in(chance.randbytes(chance.choice([0, 8, 15, 16, 17, 72])), STANDARD)
        assert answer is None or 0 <= answer <= 255


@pytest.mark.parametrize(
    ("answers", "kmh"),
    [([], None), ([50], 50.0), ([50, 51], 51.0), ([50, 60], 60.0), ([0, 100], None), ([50, 50, 0], None)],
)
def test_disagreeing_control_units_give_no_speed(answers: list[int], kmh: float | None) -> None:
    assert agreed_kmh(answers) == kmh
