"""Bytes of a GPS receiver -> speed and time, by the sentence RMC of NMEA 0183. Pure.

By hand: it takes the place of no more lines than calling pynmeagps would, which costs 0.7 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import reduce
from operator import xor

SENTENCE_MAX_BYTES = 128  # NMEA 0183 allows 82; some receivers send longer ones
KMH_PER_KNOT = 1.852
# Talker, time, status, four fields of position, knots, course, date; what follows differs by version
RMC = re.compile(
    rb"[A-Z]{2}RMC,(\d{6}(?:\.\d{1,6})?)?,([AV]),(?:[^,]*,){4}(\d{1,4}(?:\.\d{1,6})?)?,[^,]*,(\d{6})?(,.*)?"
)
# The mode of NMEA 2.3: N no fix, S simulated, M typed in
MODES_NOT_BELIEVED = frozenset({b"N", b"S", b"M"})
MODE_FIELD = 3  # after the date: magnetic variation, its direction, mode


@dataclass(frozen=True, slots=True)
class Fix:
    """What one RMC sentence says. speed_kmh is None without a fix; utc_s is Unix time, None where it is not told."""

    speed_kmh: float | None
    utc_s: float | None


class Sentences:
    """Cuts the stream into sentences whose checksum is right; at most one unfinished sentence is kept."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what was read; each sentence without `$` and checksum."""
        *lines, self._rest = re.split(rb"[\r\n]+", self._rest + data)
        self._rest = self._rest[-SENTENCE_MAX_BYTES:]
        for line in lines:
            sentence = checked(line)
            if sentence is not None:
                yield sentence


def checked(line: bytes) -> bytes | None:
    """The sentence in a line such as `$GPRMC,...*6A`; None where the checksum is wrong or missing."""
    _, dollar, rest = line[-SENTENCE_MAX_BYTES:].rpartition(b"$")
    body, star, told = rest.rpartition(b"*")
    if not dollar or not star or not re.fullmatch(rb"[0-9A-Fa-f]{2}", told) or int(told, 16) != reduce(xor, body, 0):
        return None
    return body


def fix_in(sentence: bytes) -> Fix | None:
    """What an RMC sentence says; None for every other sentence."""
    match = RMC.fullmatch(sentence)
    if match is None:
        return None
    time_of_day, status, knots, date, rest = match.groups()
    if status != b"A" or _mode(rest) in MODES_NOT_BELIEVED:
        return Fix(None, None)
    speed_kmh = None if knots is None else float(knots) * KMH_PER_KNOT
    return Fix(speed_kmh, _utc_s(date, time_of_day))


def _mode(rest: bytes | None) -> bytes:
    fields = (rest or b"").split(b",")
    return fields[MODE_FIELD] if len(fields) > MODE_FIELD else b""


def _utc_s(date: bytes | None, time_of_day: bytes | None) -> float | None:
    if date is None or time_of_day is None:
        return None
    try:
        second = datetime.strptime((date + time_of_day[:6]).decode(), "%d%m%y%H%M%S")
    except ValueError:  # day 0, month 13, a leap second
        return None
    return second.replace(tzinfo=timezone.utc).timestamp()
