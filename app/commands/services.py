"""The snap's services: which there are, and having snapd start, stop or restart them."""

from __future__ import annotations

import sys
from typing import Final

from config.commands import instance
from config.snapd import SnapctlError, snapctl

SERVICES: Final = ("detector", "admin")


def services() -> list[str]:
    """Their names as snapd has them; none outside a snap."""
    return [f"{snap}.{service}" for service in SERVICES] if (snap := instance()) else []


def restart_page() -> None:
    """Have the page restarted in a snap, as it reads its certificate at its start only."""
    if snap := instance():
        ask_snapd("restart", f"{snap}.admin")


def ask_snapd(*arguments: str) -> None:
    """Have snapd do it, or print the command that does."""
    try:
        snapctl(*arguments)
    except SnapctlError as error:
        print(f"snapd did not do it ({error}): sudo snap {' '.join(arguments)}", file=sys.stderr)
