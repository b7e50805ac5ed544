"""The wheels that are locked for a Python, this one's in particular."""

from __future__ import annotations

import sys

from snap.local.stage import requirements

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def versions(python: str = PYTHON) -> dict[str, str]:
    """Of each locked package."""
    return dict(requirement.split("==") for requirement, _ in requirements(python))
