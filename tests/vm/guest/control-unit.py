"""An engine's control unit on a CAN interface, which answers for the speed:  control-unit.py INTERFACE KMH-FILE

The file has the speed; an empty one is a control unit that sleeps.
"""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

FRAME = struct.Struct("=IB3x8s")  # linux/can.h: struct can_frame
ASKED, ANSWER = 0x7DF, 0x7E8  # ISO 15765-4
SHOW_SPEED = bytes((2, 0x01, 0x0D))  # SAE J1979


def main() -> None:
    interface, file = sys.argv[1], Path(sys.argv[2])
    with socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as bus:
        bus.bind((interface,))
        while True:
            identifier, _, data = FRAME.unpack(bus.recv(FRAME.size))
            if identifier == ASKED and data.startswith(SHOW_SPEED) and (kmh := file.read_text().strip()):
                bus.send(FRAME.pack(ANSWER, 8, bytes((3, 0x41, 0x0D, int(kmh), 0, 0, 0, 0))))


if __name__ == "__main__":
    main()
