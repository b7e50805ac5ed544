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
# A step to a newer schema of the events, of which the older release knows nothing: a column that nobody uses
NEXT_SCHEMA = """
MIGRATIONS += (("ALTER TABLE events ADD COLUMN next TEXT NOT NULL DEFAULT ''",),)
"""


def make_snaps(folder: Path) -> str:
    """A snap for the stand-in base's Python, and one of the next release. Raises: AssertionError."""
    made = folder / "snaps"
    shutil.rmtree(made, ignore_errors=True)
    command = [sys.executable, "snap/local/pack.py", "amd64", "--python", BASE_PYTHON, "--output", str(made)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"snap/local/pack.py: {done.stderr.strip()[-500:]}"
    (snap,) = made.glob("*.snap")
    snap.replace(folder / FIRST)
    copy = made / "second"
    shutil.copytree(ROOT / f"build/prime-amd64-{BASE_PYTHON}", copy)
    make_next(copy)
    squash(copy, folder / SECOND, "-comp", "lzo", "-Xalgorithm", "lzo1x_1", "-all-root")
    return done.stdout.strip().splitlines()[-1].rpartition("/")[2]


def make_next(release: Path) -> None:
    """Make of a release's payload that of the next one, with another version and a newer schema of the events."""
    meta = release / "meta/snap.yaml"
    meta.write_text(re.sub(r"(?m)^version: .*", "version: second", meta.read_text()))
    schema = release / "python/app/journal/journal_schema.py"
    schema.write_text(schema.read_text() + NEXT_SCHEMA)
    for byte_code in schema.parent.glob(f"__pycache__/{schema.stem}.*.pyc"):  # it would be taken, whatever is written
        byte_code.unlink()


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
