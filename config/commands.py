"""Commands as they are on this machine: with the name under which the snap is installed, or of a source checkout."""

from __future__ import annotations

import os
from pathlib import Path

PYTHON = ".venv/bin/python"  # of a source checkout, where `make run` is called as well


def instance() -> str:
    """The name under which this snap is installed; "" outside a snap."""
    return os.environ.get("SNAP_INSTANCE_NAME", "")


def command(name: str) -> str:
    """The command line of one of drivewatch's commands, such as admin-password."""
    return f"sudo {snap}.{name}" if (snap := instance()) else f"{PYTHON} -m app {name}"


def log_command(service: str, file: Path) -> str:
    """What shows the log of detector or admin; file: where that keeps its newest lines."""
    return f"sudo snap logs {snap}.{service}" if (snap := instance()) else f"tail {file}"


def restart_command() -> str:
    """What starts detector and page again."""
    return f"sudo snap restart {snap}" if (snap := instance()) else "Ctrl-C, then make run"


def connect_command(plug: str) -> str:
    """What gives the snap a right; "" outside a snap."""
    return f"sudo snap connect {snap}:{plug}" if (snap := instance()) else ""
