"""Memory cards to break: each is an ext4 of 6 MB in a loop image, mounted as root."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.paths import Paths

IMAGE_BYTES = 6 * 1024 * 1024
FILLER = "filler"
FILLERS = 20  # files at most until the card is full


def why_not() -> str:
    """Why this machine cannot mount a card, "" if it can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    if missing := [tool for tool in ("mkfs.ext4", "mount", "umount", "setpriv") if not shutil.which(tool)]:
        return f"no {', '.join(missing)} (sudo apt install e2fsprogs mount util-linux)"
    if not Path("/dev/loop-control").exists():
        return "this machine has no loop devices"
    return ""


@dataclass(frozen=True, slots=True)
class Card:
    """A card in its own folder; the run folder is elsewhere, as it is in memory on a Pi."""

    place: Path

    @property
    def paths(self) -> Paths:
        """The paths of the detector on this card."""
        return Paths(self.mounted / "data", self.place / "run" / "drivewatch", self.mounted / "data")

    @property
    def mounted(self) -> Path:
        """The mount point."""
        return self.place / "card"

    def insert(self) -> None:
        """Make and mount the card. Raises: subprocess.CalledProcessError."""
        image = self.place / "image"
        image.write_bytes(b"")
        os.truncate(image, IMAGE_BYTES)
        self.mounted.mkdir()
        # 4,096 bytes a block, as on each card above 512 MB: SQLite reserves room for its index by the block size
        _run("mkfs.ext4", "-q", "-b", "4096", "-m", "0", str(image))
        _run("mount", "-o", "loop", str(image), str(self.mounted))
        for folder in (self.paths.data, self.paths.run):
            folder.mkdir(mode=0o700, parents=True)

    def pull(self) -> None:
        """Unmount the card even if files on it are open."""
        _run("umount", "--lazy", str(self.mounted))

    def settle(self) -> None:
        """Sync the card."""
        _run("sync", "--file-system", str(self.mounted))

    def fill(self) -> None:
        """Fill the card to the last byte; again after something was freed."""
        for number in range(FILLERS):
            with suppress(OSError), (self.mounted / f"{FILLER}-{number}").open("ab", buffering=0) as file:
                for size in (1 << 16, 1 << 12, 1):
                    with suppress(OSError):
                        while True:
                            file.write(b"x" * size)
            if _refuses_a_byte(self.mounted):
                return
            self.settle()  # ext4 refuses early by an estimate, and fragmented files before new ones
        raise AssertionError("the card is not full")

    def make_room(self) -> None:
        """Remove the files of `fill`."""
        for file in self.mounted.glob(f"{FILLER}-*"):
            file.unlink()

    def die(self) -> None:
        """Turn read-only at once, as ext4 does after an error of the card."""
        _run("mount", "-o", "remount,abort", str(self.mounted))

    def exchange(self) -> None:
        """Mount the card again, writable."""
        self.pull()
        _run("mount", "-o", "loop", str(self.place / "image"), str(self.mounted))


def modes_bind_root() -> tuple[str, ...]:
    """A command prefix with which file modes bind root, too."""
    caps = "-dac_override,-dac_read_search,-fowner"
    return ("setpriv", f"--inh-caps={caps}", f"--bounding-set={caps}")


def _refuses_a_byte(folder: Path) -> bool:
    try:
        (folder / "one-more").write_bytes(b"x" * 4096)
    except OSError as error:
        return error.errno == errno.ENOSPC
    finally:
        (folder / "one-more").unlink(missing_ok=True)
    return False


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
