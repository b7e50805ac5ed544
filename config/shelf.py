"""Where earlier settings files are kept, and what they are called there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.paths import CONFIG, HISTORY


@dataclass(frozen=True, slots=True)
class Shelf:
    """Earlier files, at most `most`. They are numbered, as the clock of a Pi does not tell which is the oldest."""

    folder: str
    start: str
    end: str
    most: int

    def numbered(self, names: list[str]) -> list[str]:
        """Return those of the names that are of this shelf, oldest first."""
        form = re.compile(re.escape(self.start) + "[0-9]{6}-[0-9a-f]{8}" + re.escape(self.end))
        return sorted(name for name in names if form.fullmatch(name))

    def next_name(self, newest: str, crc32: str) -> str:
        """Return the name that follows the newest one, "" if there is none."""
        number = int(newest.removeprefix(self.start)[:6]) + 1 if newest else 1
        return f"{self.start}{number:06d}-{crc32}{self.end}"


EARLIER = Shelf(HISTORY, "", ".yaml", most=10)
BROKEN = Shelf("", f"{CONFIG}.broken-", "", most=5)
