"""What is carried into the machine on a second disk: drivewatch as two snaps, what snapd needs, the camera's view."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.vm import frames
from tests.vm.archive import BASE_PYTHON, HERE
from tests.vm.build import squash

ROOT = HERE.parents[1]
FIRST, SECOND = "first.snap", "second.snap"
NOT_COMPRESSED = ("-noD", "-noF", "-noI")


def make_snaps(folder: Path) -> str:
    """A snap for the stand-in base's Python, and the same as another version. Raises: AssertionError."""
    made = folder / "snaps"
    shutil.rmtree(made, ignore_errors=True)
    command = [sys.executable, "snap/local/pack.py", "amd64", "--python", BASE_PYTHON, "--output", str(made)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"snap/local/pack.py: {done.stderr.strip()[-500:]}"
    (snap,) = made.glob("*.snap")
    snap.replace(folder / FIRST)
    copy = made / "second"
    shutil.copytree(ROOT / f"build/prime-amd64-{BASE_PYTHON}", copy)
    meta = copy / "meta/snap.yaml"
    meta.write_text(re.sub(r"(?m)^version: .*", "version: second", meta.read_text()))
    squash(copy, folder / SECOND, "-comp", "lzo", "-Xalgorithm", "lzo1x_1", "-all-root")
    return done.stdout.strip().splitlines()[-1].rpartition("/")[2]


def load(folder: Path) -> Path:
    """Put it all together as a disk."""
    cargo, disk = folder / "cargo", folder / "cargo.squashfs"
    shutil.rmtree(cargo, ignore_errors=True)
    shutil.copytree(HERE / "guest", cargo)
    frames.write(cargo / "frames.yuyv")
    for snap in ("snapd.snap", "core24.snap", FIRST, SECOND):
        shutil.copy(folder / snap, cargo)
    squash(cargo, disk, *NOT_COMPRESSED)
    return disk
