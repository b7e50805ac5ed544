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


def encrypt_command() -> str:
    """What turns HTTPS on, with a certificate that this machine makes, and prints its fingerprint."""
    return f"{command('enable-https')} self-signed"


def log_command(service: str, file: Path) -> str:
    """What shows the log of detector or admin; file: where that keeps its newest lines."""
    return f"sudo snap logs {snap}.{service}" if (snap := instance()) else f"tail {file}"


def restart_command() -> str:
    """What starts detector and page again."""
    return f"sudo snap restart {snap}" if (snap := instance()) else "make run"


def stop_command(pid: str) -> str:
    """What ends a detector that runs as this process."""
    return f"sudo snap stop {snap}" if (snap := instance()) else f"kill {pid}"


def running_command() -> str:
    """What shows whether a detector runs."""
    return f"snap services {snap}" if (snap := instance()) else "pgrep -af 'app run'"


def update_command() -> str:
    """What brings the newest release."""
    return f"sudo snap refresh {snap}" if (snap := instance()) else "git pull"


def connect_command(plug: str, snap: str | None = None) -> str:
    """What gives the snap a right; "" outside a snap. snap: its name, if it is not this process's."""
    name = instance() if snap is None else snap
    return f"sudo snap connect {name}:{plug}" if name else ""


def grant(plug: str, group: str, snap: str | None = None) -> tuple[str, str]:
    """What lets this process open a device, and what to do then: a snap by its plug, who is in no snap by its group."""
    if command := connect_command(plug, snap):
        return command, ""
    return f"sudo usermod -aG {group} $USER", ", then log in again"
