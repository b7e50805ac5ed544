"""The wheels that are locked for a version of Python."""

from __future__ import annotations

import sys

from snap.local.stage import requirements

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def versions(python: str = PYTHON) -> dict[str, str]:
    """The version of each locked package by its name."""
    return dict(requirement.split("==") for requirement, _ in requirements(python))
