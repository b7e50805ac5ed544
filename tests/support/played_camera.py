"""A V4L2 camera at /dev/video0 of another process, played by played_camera.c, which is compiled here."""

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
    """A BGR picture in this format of a camera."""
    match fourcc:
        case "MJPG":
            return cv2.imencode(".jpg", picture)[1].tobytes()
        case "YUYV":
            return cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_YUY2).tobytes()
        case "GREY":
            return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).tobytes()
    raise ValueError(f"no camera of {fourcc} is played")


class PlayedCamera:
    """A played camera with its files in a folder; `env` is for the process that uses it, `fault` changes its fault."""

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
        """Fail like this from now on; played_camera.c lists the words."""
        new = self._fault.with_suffix(".new")
        new.write_text(words)
        new.replace(self._fault)  # atomic, as the player may be reading it
