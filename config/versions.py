"""The settings files that were saved before: what each says, and when it was saved, for people to go back to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.disk import Disk
from config.document import MAX_BYTES
from config.lost import is_blank
from config.paths import CONFIG, LAST_GOOD
from config.release_date import RELEASED_S
from config.shelf import BROKEN, EARLIER, Shelf


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


def versions(folder: Path, disk: Disk | None = None) -> Versions:
    """Return all that are kept in the data folder; what cannot be read is left out. Never raises."""
    disk = disk or Disk()
    return Versions(
        _version(folder, CONFIG, disk),
        _version(folder, LAST_GOOD, disk),
        _of_shelf(folder, EARLIER, disk),
        _of_shelf(folder, BROKEN, disk),
    )


def _of_shelf(folder: Path, shelf: Shelf, disk: Disk) -> tuple[Version, ...]:
    names: list[str] = []
    with suppress(OSError):
        names = shelf.numbered(disk.names(folder / shelf.folder))
    prefix = f"{shelf.folder}/" if shelf.folder else ""
    found = (_version(folder, prefix + name, disk) for name in reversed(names[-shelf.most :]))
    return tuple(version for version in found if version and not is_blank(version.text.encode()))


def _version(folder: Path, name: str, disk: Disk) -> Version | None:
    """The kept names are links to the files that were saved, so they have the time of that."""
    try:
        text = disk.read(folder / name, MAX_BYTES + 1).decode(errors="replace")
        saved_s = (folder / name).stat().st_mtime
    except OSError:
        return None
    return Version(name, text, saved_s if saved_s >= RELEASED_S else None)
