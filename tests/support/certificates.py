"""Where the page is served from, in a snap and here, and the command that reads certificates."""

from __future__ import annotations

import subprocess

SNAP = {"SNAP_INSTANCE_NAME": "drivewatch"}
HERE: dict[str, str] = {}


def openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True)
