"""A V4L2 camera that another process meets at /dev/video0, played by played_camera.c, which is compiled for it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

PLAYER = Path(__file__).with_name("played_camera.c")
COMPILER = shutil.which("cc") or shutil.which("gcc")
WHY_NOT = "" if COMPILER else "no C compiler (sudo apt install gcc libc6-dev)"

Picture = npt.NDArray[np.uint8]


def encoded(fourcc: str, picture: Picture) -> bytes:
    """A BGR picture as a camera of this format sends it."""
    match fourcc:
        case "MJPG":
            return cv2.imencode(".jpg", picture)[1].tobytes()
        case "YUYV":
            return cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_YUY2).tobytes()
        case "GREY":
            return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).tobytes()
    raise ValueError(f"no camera of {fourcc} is played")


class PlayedCamera:
    """The camera's files in a folder: env for the process that shall meet it, and its fault, which may change."""

    def __init__(self, folder: Path, fourcc: str, pictures: Sequence[Picture]) -> None:
        """pictures: BGR, all of one size."""
        player, frames, self._fault = folder / "player.so", folder / "frames", folder / "fault"
        command = [f"{COMPILER}", "-shared", "-fPIC", "-O1", "-Wall", "-o", str(player), str(PLAYER), "-ldl"]
        subprocess.run(command, check=True)
        self.fault("")
        height, width = pictures[0].shape[:2]
        data = [encoded(fourcc, picture) for picture in pictures]
        head = f"{fourcc} {width} {height}\n".encode()
        frames.write_bytes(head + b"".join(len(one).to_bytes(4, "little") + one for one in data))
        self.env = {"LD_PRELOAD": str(player), "PLAYED_FRAMES": str(frames), "PLAYED_FAULT": str(self._fault)}

    def fault(self, words: str) -> None:
        """Fail in this way from now on; played_camera.c has the words."""
        new = self._fault.with_suffix(".new")
        new.write_text(words)
        new.replace(self._fault)  # in one step, as the player may be reading it
