"""Core dumps, which would copy this memory to a file: frames, faces and passwords are in it."""

from __future__ import annotations

import resource


def no_core_dumps() -> None:
    """See that a crash leaves no copy of this process's memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
