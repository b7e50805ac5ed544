"""`make profile`: flame graphs of the running detector: build/profile/cpu.svg (py-spy) and memory.html (memray)."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from config.declaration import PROFILES
from config.settings import settings_from
from tests.benchmarks.measure import FPS, PYTHON, ROOT, pictures, prepared

FOLDER = Path("build/profile")
RATE_HZ = 200
READING = f"""
A box is a function, the boxes stacked on it are what it called, and its width is its share: look for wide boxes that
end a stack. The order from left to right means nothing.

{FOLDER}/cpu.svg
  Where the CPU time goes, at {FPS} frames a second instead of 1, native functions among them; waiting does not count.
  The start is in it, beside `run` of the detector. A click enlarges a box, Ctrl-F searches.
{FOLDER}/memory.html
  What is allocated when most is, native allocations among them. Code, models and other mapped files are not allocated:
  this is about the anonymous part of what `make bench` shows.
"""


def main() -> int:
    """Record both flame graphs."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.flames", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--profile", choices=PROFILES, default=PROFILES[0])
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    recorded, page = FOLDER / "memory.bin", FOLDER / "memory.html"
    recorded.unlink(missing_ok=True)
    py_spy = Path(sys.executable).with_name("py-spy")
    cpu = (py_spy, "record", "--native", "--rate", str(RATE_HZ), "--nolineno", "--output", FOLDER / "cpu.svg", "--")
    record(asked.seconds, asked.profile, (*cpu, *PYTHON))
    record(asked.seconds, asked.profile, (*PYTHON, "memray", "run", "--quiet", "--native", "--output", recorded, "-m"))
    draw = (*PYTHON, "memray", "flamegraph", "--no-web", "--force", "--output", page, recorded)
    subprocess.run(draw, check=True, stdout=subprocess.DEVNULL)
    print(READING)
    return 0


def record(seconds: float, profile: str, recorder: Sequence[str | Path]) -> None:
    """Run the detector under a recorder, and end it as Ctrl-C would."""
    camera = settings_from({"profile": profile}).camera
    frames = pictures((camera.width, camera.height))
    with tempfile.TemporaryDirectory() as folder:
        env = prepared(Path(folder), {"profile": profile, "camera.target_fps": FPS})
        command = [*recorder, "app", "run", "--camera", str(frames.absolute())]
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, start_new_session=True) as process:
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGINT)  # the recorder ends with the detector
        if process.returncode:
            raise SystemExit(f"{recorder[0]} failed with status {process.returncode}: see above")


if __name__ == "__main__":
    sys.exit(main())
