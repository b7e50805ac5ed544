"""The speed that the engine's control unit tells over CAN: OBD-II service 01, parameter 0x0D (SAE J1979). Pure.

A frame is the kernel's struct can_frame: identifier, length, three bytes of padding, eight bytes of data.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

FRAME = struct.Struct("=IB3x8s")
EXTENDED = 0x80000000  # CAN_EFF_FLAG: the identifier has 29 bits
# Sources: linux/can.h for the flags, ISO 15765-4 for the identifiers of requests and answers
FLAGS = 0xE0000000
SHOW_CURRENT_DATA, SPEED_PID, ANSWERED = 0x01, 0x0D, 0x41
NOT_KNOWN_KMH = 255  # many control units fill what they cannot tell with ones
DISAGREEING_KMH = 10  # control units read the same wheels; so far apart one of them is wrong


@dataclass(frozen=True, slots=True)
class Addressing:
    """How a vehicle's control units are asked; answers come from the identifiers that equal `answer` under `mask`."""

    request: int
    answer: int
    mask: int


STANDARD = Addressing(0x7DF, 0x7E8, 0x7F8 | FLAGS)
LONG = Addressing(0x18DB33F1 | EXTENDED, 0x18DAF100 | EXTENDED, 0x1FFFFF00 | FLAGS)


def request_of(addressing: Addressing) -> bytes:
    """The frame that asks all control units for the speed."""
    return FRAME.pack(addressing.request, 8, bytes((2, SHOW_CURRENT_DATA, SPEED_PID, 0, 0, 0, 0, 0)))


def answer_in(frame: bytes, addressing: Addressing) -> int | None:
    """The km/h in a frame that answers the request; None for every other frame."""
    if len(frame) != FRAME.size:
        return None
    identifier, length, data = FRAME.unpack(frame)
    if identifier & addressing.mask != addressing.answer or not 4 <= length <= 8:
        return None
    is_speed = data[0] == 3 and data[1] == ANSWERED and data[2] == SPEED_PID
    return int(data[3]) if is_speed and data[3] != NOT_KNOWN_KMH else None


def agreed_kmh(answers: Iterable[int]) -> float | None:
    """The speed that several control units tell; None where there is no answer, or where they disagree."""
    told = sorted(answers)
    if not told or told[-1] - told[0] > DISAGREEING_KMH:
        return None
    return float(told[-1])
