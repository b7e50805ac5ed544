"""For how long a condition has held. Standard library only."""

from __future__ import annotations

from math import inf


class HeldFor:
    """A stopwatch that a condition starts, and that starts from nothing each time the condition is broken."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    def update(self, holds: bool, now_s: float) -> float:
        """Seconds since the condition began to hold, to be asked regularly; -inf while it does not hold."""
        if not holds:
            self._since_s = None
            return -inf
        if self._since_s is None:
            self._since_s = now_s
        return now_s - self._since_s
