"""A memory control group of version 1 or 2, the memory left in it, and a hog that fills it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.memory import cgroup
from app.memory.usage import MB

LIMIT_MB = 220.0
HOG = """
import sys
held = []
for line in sys.stdin:
    wanted = int(line)
    del held[wanted:]
    held.extend(bytearray(b"x" * 1048576) for _ in range(wanted - len(held)))
"""


class NotTried(RuntimeError):
    """This machine cannot run the benchmark; the message says why."""


@dataclass(frozen=True, slots=True)
class Group:
    """A control group of version 1 or 2."""

    folder: Path
    limit: str
    killed: str

    def enter(self) -> None:
        """Join the group: in the child, before it executes another program."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def enter_as_victim(self) -> None:
        """Join the group as the process that the kernel kills first."""
        self.enter()
        Path("/proc/self/oom_score_adj").write_text("1000")

    def kills(self) -> int:
        """How many processes the kernel has killed in the group because memory ran out."""
        lines = (self.folder / self.killed).read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("oom_kill ")))


@contextmanager
def group() -> Iterator[Group]:
    """A new control group with the limit, removed at the end of the block. Raises: NotTried."""
    root = Path("/sys/fs/cgroup")
    if (root / "memory").is_dir():
        made = Group(root / "memory" / f"drivewatch-{os.getpid()}", "memory.limit_in_bytes", "memory.oom_control")
    elif (root / "cgroup.subtree_control").exists():
        made = Group(root / f"drivewatch-{os.getpid()}", "memory.max", "memory.events")
    else:
        raise NotTried("there is no memory control group here")
    try:
        made.folder.mkdir()
    except OSError as error:
        raise NotTried(f"{made.folder} cannot be made ({error.strerror}): run it as root") from error
    try:
        (made.folder / made.limit).write_text(str(int(LIMIT_MB * MB)))
        # File pages that other programs have read are charged to those, so start without any in memory
        Path("/proc/sys/vm/drop_caches").write_text("1")
        yield made
    except FileNotFoundError as error:
        raise NotTried(f"{error.filename} is missing: the memory controller is off") from error
    finally:
        with suppress(OSError):
            made.folder.rmdir()


class Hog:
    """A process that holds as many MB as `hold` asks for."""

    def __init__(self, within: Group) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOG], text=True, preexec_fn=within.enter, stdin=subprocess.PIPE
        )
        self.holds_mb = 0.0

    def hold(self, mb: float) -> None:
        """Allocate or free, as soon as there is memory."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{mb:.0f}\n")
        self._process.stdin.flush()
        self.holds_mb = mb

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


def taken_mb(group: Group) -> float:
    """Memory of the group that the kernel cannot reclaim, in MB."""
    names = ("memory.usage_in_bytes", "total_") if group.limit == "memory.limit_in_bytes" else ("memory.current", "")
    figures = dict(line.split() for line in (group.folder / "memory.stat").read_text().splitlines())
    file_bytes = sum(int(figures[f"{names[1]}{kind}_file"]) for kind in ("active", "inactive"))
    return (int((group.folder / names[0]).read_text()) - file_bytes) / MB


def room_mb(group: Group) -> float:
    """Room in the group in MB, as the detector in it reads it."""
    found = cgroup.group_in(group.folder)
    return min(found.room_mb, LIMIT_MB) if found else LIMIT_MB
