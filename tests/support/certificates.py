"""The environments of a snap and of a checkout, files in the data folder, and the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path

from config.paths import Paths

SNAP = {"SNAP_INSTANCE_NAME": "drivewatch"}
HERE: dict[str, str] = {}


def put(paths: Paths, name: str, data: bytes) -> Path:
    """Write a file of the data folder."""
    paths.data.mkdir(exist_ok=True)
    (paths.data / name).write_bytes(data)
    return paths.data / name


def openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True)
