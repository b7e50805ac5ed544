"""NMEA sentences of GPS receivers."""

from __future__ import annotations

from functools import reduce
from operator import xor

KMH_PER_KNOT = 1.852


def sentence(body: str) -> bytes:
    """The sentence with checksum and line end."""
    return f"${body}*{reduce(xor, body.encode(), 0):02X}\r\n".encode()


def rmc(kmh: float, status: str = "A", time: str = "120000.00", date: str = "301126", mode: str = ",A") -> bytes:
    """A recommended minimum sentence (RMC) with this speed."""
    position = "4807.038,N,01131.000,E"
    return sentence(f"GPRMC,{time},{status},{position},{kmh / KMH_PER_KNOT:.2f},084.4,{date},,{mode}")
