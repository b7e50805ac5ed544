"""The page's requests, found by the thread that writes the run folder: the loop asks for them and does not wait."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from app.monitor.saving import Save
from app.telemetry.requests import LASTS, Request, take


class PageRequests:
    """Of one detector, from its start on."""

    def __init__(self, run: Path, save: Save) -> None:
        self._run, self._save = run, save
        self._found: deque[Request] = deque(maxlen=2 * len(Request))
        self._looks = 0

    def take(self) -> list[Request]:
        """What was found since the last call; of what is from before the first one only what LASTS."""
        self._save("taking the page's requests", self._look, is_newest=True)
        return [self._found.popleft() for _ in range(len(self._found))]

    def _look(self) -> None:
        found = take(self._run)
        self._found.extend(found if self._looks else LASTS.intersection(found))
        self._looks += 1
