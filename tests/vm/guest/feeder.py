"""Writes frames to a v4l2loopback device over and over:  feeder.py DEVICE FILE.yuyv WIDTH HEIGHT FPS"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import time
from pathlib import Path

# linux/videodev2.h: struct v4l2_format: type, padding, width, height, pixelformat, field, bytesperline, sizeimage,
# colorspace, and room to 208 bytes
FORMAT = struct.Struct("=2I 7I 172x")
VIDIOC_S_FMT = 0xC0D05605
BUF_TYPE_VIDEO_OUTPUT, FIELD_NONE, COLORSPACE_SRGB = 2, 1, 8
YUYV = int.from_bytes(b"YUYV", "little")


def main() -> None:
    device, file, *numbers = sys.argv[1:]
    width, height, fps = map(int, numbers)
    row_bytes, size = 2 * width, 2 * width * height
    fd = os.open(device, os.O_RDWR)
    wanted = (BUF_TYPE_VIDEO_OUTPUT, 0, width, height, YUYV, FIELD_NONE, row_bytes, size, COLORSPACE_SRGB)
    fcntl.ioctl(fd, VIDIOC_S_FMT, bytearray(FORMAT.pack(*wanted)))
    data = Path(file).read_bytes()
    frames = [data[start : start + size] for start in range(0, len(data), size)]
    began_s = time.monotonic()
    number = 0
    while True:
        os.write(fd, frames[number % len(frames)])
        number += 1
        time.sleep(max(0.0, began_s + number / fps - time.monotonic()))


if __name__ == "__main__":
    main()
