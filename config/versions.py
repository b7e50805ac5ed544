"""The settings files that were saved before: their names, what each says, and when it was saved, to go back to."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.disk import Disk
from config.document import MAX_BYTES
from config.lost_settings import is_blank
from config.paths import CONFIG, HISTORY, LAST_GOOD
from config.release_date import RELEASED_S


@dataclass(frozen=True, slots=True)
class NumberedFiles:
    """Earlier files, at most `most`, and their names: numbered, as a Pi's clock does not tell which is the oldest."""

    folder: str
    start: str
    end: str
    most: int

    def numbered(self, names: list[str]) -> list[str]:
        """Return those of the names that are such, oldest first."""
        form = re.compile(re.escape(self.start) + "[0-9]{6}-[0-9a-f]{8}" + re.escape(self.end))
        return sorted(name for name in names if form.fullmatch(name))

    def next_name(self, newest: str, crc32: str) -> str:
        """Return the name that follows the newest one, "" if there is none."""
        number = int(newest.removeprefix(self.start)[:6]) + 1 if newest else 1
        return f"{self.start}{number:06d}-{crc32}{self.end}"


EARLIER = NumberedFiles(HISTORY, "", ".yaml", most=10)
BROKEN = NumberedFiles("", f"{CONFIG}.broken-", "", most=5)


@dataclass(frozen=True, slots=True)
class Version:
    """One settings file. saved_s: Unix time by the machine's clock when it was written, None if that was not set."""

    name: str
    text: str
    saved_s: float | None


@dataclass(frozen=True, slots=True)
class Versions:
    """What is kept: the file now and the last good one, None where there is none; lists have the newest first.

    rejected: those with which the detector did not watch, or that were not valid.
    """

    now: Version | None
    last_good: Version | None
    earlier: tuple[Version, ...]
    rejected: tuple[Version, ...]

    def named(self, name: str) -> Version | None:
        """The earlier or rejected one of that name, never another file."""
        there = (*self.earlier, *self.rejected, *((self.last_good,) if self.last_good else ()))
        return next((version for version in there if version.name == name), None)


def versions(folder: Path) -> Versions:
    """Return all that are kept in the data folder; what cannot be read is left out. Never raises."""
    disk = Disk()
    return Versions(
        _version(folder, CONFIG, disk),
        _version(folder, LAST_GOOD, disk),
        _newest_first(folder, EARLIER, disk),
        _newest_first(folder, BROKEN, disk),
    )


def _newest_first(folder: Path, kept: NumberedFiles, disk: Disk) -> tuple[Version, ...]:
    names: list[str] = []
    with suppress(OSError):
        names = kept.numbered(disk.names(folder / kept.folder))
    prefix = f"{kept.folder}/" if kept.folder else ""
    found = (_version(folder, prefix + name, disk) for name in reversed(names[-kept.most :]))
    return tuple(version for version in found if version and not is_blank(version.text.encode()))


def _version(folder: Path, name: str, disk: Disk) -> Version | None:
    """The kept names are links to the files that were saved, so they have the time of that."""
    try:
        text = disk.read(folder / name, MAX_BYTES + 1).decode(errors="replace")
        saved_s = (folder / name).stat().st_mtime
    except OSError:
        return None
    return Version(name, text, saved_s if saved_s >= RELEASED_S else None)
