"""A GPS receiver at the other end of a serial port, once a second:  receiver.py DEVICE KMH-FILE

The file has the speed; anything that is no number is a receiver without a fix.
"""

from __future__ import annotations

import sys
import time
from functools import reduce
from operator import xor
from pathlib import Path

EVERY_S = 1.0
KMH_PER_KNOT = 1.852
BESIDE = (
    "GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
    "GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1",
    *(f"GPGSV,3,{number},11,03,03,111,00,04,15,270,00,06,01,010,00,13,06,292,00" for number in (1, 2, 3)),
)


def main() -> None:
    device, file = map(Path, sys.argv[1:])
    with device.open("wb", buffering=0) as port:
        while True:
            port.write(sentence(file.read_text().strip(), time.gmtime()))
            time.sleep(EVERY_S)


def sentence(kmh: str, now: time.struct_time) -> bytes:
    """RMC of NMEA 0183 with its checksum, and what receivers send beside it."""
    moment, date = time.strftime("%H%M%S.00", now), time.strftime("%d%m%y", now)
    fix = f"A,4807.038,N,01131.000,E,{float(kmh) / KMH_PER_KNOT:.2f}" if kmh.isdecimal() else "V,,,,,"
    bodies = (*BESIDE, f"GPRMC,{moment},{fix},084.4,{date},,,")
    return b"".join(b"$%s*%02X\r\n" % (body, reduce(xor, body)) for body in map(str.encode, bodies))


if __name__ == "__main__":
    main()
