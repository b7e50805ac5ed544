"""`make bench-squeeze`: memory runs short around the real detector, with the governor and without it.

A control group with a memory limit holds the detector (model full, a video of the rendered driver) and a hog. When
memory runs out there, the kernel chooses the detector (oom_score_adj), as beside a system's own services. The hog grows
until 4 MB are missing that the kernel cannot reclaim (all but file pages), stays for a while, and frees its memory.
Needs root, a memory control group, and that nothing else runs from the same .venv, as the detector would share its
pages. Exit status 1 when the detector with the governor does not survive, or the one without it survives as well.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.memory.governor import CALM_S, END_AGE_S, END_S
from app.memory.usage import usage_of
from app.part_status import Usage
from app.telemetry import failure, status
from config.paths import Paths
from tests.benchmarks.control_group import LIMIT_MB, Group, Hog, NotTried, group, room_mb, taken_mb

ROOT = Path(__file__).parents[2]
FOLDER = Path("build/squeeze")
GROWTH_MB = 2.0  # a second
LESS_MB = 4.0
LEFT_MB = 12.0  # left for file-backed pages of libraries where saving does not help: each frame needs 20 MB
SETTLE_S, HOLD_S = 20.0, 30.0
WAIT_S = 60.0


@dataclass
class Run:
    """One detector in one squeeze, read twice a second."""

    process: subprocess.Popen[bytes]
    paths: Paths
    room_mb: Callable[[], float]
    changes: list[tuple[float, bool]] = field(default_factory=list)
    """The times at which it began (True) and stopped (False) saving memory."""
    least_room_mb: float = LIMIT_MB
    faces: int = 0
    longest_s: float = 0.0
    began_s: float = field(default_factory=time.monotonic)
    _sequence: int = -1
    _told_s: float = field(default_factory=time.monotonic)

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    @property
    def is_saving(self) -> bool:
        return self.changes[-1][1] if self.changes else False

    def usage(self) -> Usage:
        return usage_of(self.process.pid)

    def look(self, for_s: float, until: Callable[[], bool] = lambda: False) -> None:
        """Follow its status and note what changes."""
        end_s = time.monotonic() + for_s
        while self.lives and time.monotonic() < end_s and not until():
            time.sleep(0.5)
            now_s, told = time.monotonic(), status.read(self.paths.status)
            if self._sequence >= 0:
                self.longest_s = max(self.longest_s, now_s - self._told_s)
            self.least_room_mb = min(self.least_room_mb, self.room_mb())
            if told is None or told.sequence == self._sequence or told.pid != self.process.pid:
                continue
            self._sequence, self._told_s = told.sequence, now_s
            self.faces += told.signals.has_face
            if bool(told.memory.saving) != self.is_saving:
                self.changes.append((now_s - self.began_s, not self.is_saving))

    def how_it_ended(self) -> str:
        code = self.process.poll()
        if code is None:
            return "goes on"
        found = failure.last(self.paths.failure)
        if code == -signal.SIGKILL:
            return "killed by the kernel"
        return f"ended itself with status {code}: {found.reason if found else 'no reason'}"


@contextmanager
def started(within: Group, name: str, model: str, governor: bool) -> Iterator[Run]:
    """A detector in the group, after its first face."""
    folder = FOLDER.absolute() / name
    paths = Paths(folder / "data", folder / "run" / "drivewatch", folder / "data")
    folder.mkdir(parents=True, exist_ok=True)
    paths.status.unlink(missing_ok=True)
    config = folder / "squeeze.yaml"
    config.write_text(
        f"vision:\n  model: {model}\nmemory:\n  budget_mb: 256\n  governor: {'true' if governor else 'false'}\n"
    )
    command = [
        sys.executable,
        "-m",
        "app",
        "run",
        "--config",
        str(config),
        "--camera",
        str(FOLDER.absolute() / "video.avi"),
    ]
    env = {**os.environ, "DRIVEWATCH_DATA": str(paths.data), "XDG_RUNTIME_DIR": str(folder / "run")}
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=log, stderr=log, preexec_fn=within.enter_as_victim
        )
    run = Run(process, paths, partial(room_mb, within))
    try:
        run.look(WAIT_S, lambda: run.faces > 0)
        yield run
    finally:
        process.terminate()
        process.wait(WAIT_S)


def squeeze(run: Run, hog: Hog, wanted_mb: float) -> None:
    """Let the hog grow until it holds `wanted_mb`, or the detector has ended."""
    while run.lives and hog.holds_mb < wanted_mb:
        hog.hold(hog.holds_mb + GROWTH_MB)
        run.look(1.0)


def through(within: Group, governor: bool) -> tuple[Run, dict[str, str]]:
    """The run of the whole squeeze and the time after it, with the rows of the table."""
    kills = within.kills()
    with started(within, "governed" if governor else "ungoverned", "full", governor) as run:
        run.look(SETTLE_S)
        used_mb, faces = run.usage(), run.faces
        hog = Hog(within)
        try:
            run.look(2.0)
            wanted_mb = LIMIT_MB - taken_mb(within) + LESS_MB
            began_s = time.monotonic()
            squeeze(run, hog, wanted_mb)
            run.look(HOLD_S)
            squeezed_s, squeezed = time.monotonic() - began_s, run.usage() if run.lives else None
            said = {
                "before, RSS (private)": f"{used_mb.rss_mb:.0f} ({used_mb.anonymous_mb:.0f}) MB",
                "hog grew to": f"{hog.holds_mb:.0f} of {LIMIT_MB:.0f} MB",
                "squeezed, RSS (private)": f"{squeezed.rss_mb:.0f} ({squeezed.anonymous_mb:.0f}) MB"
                if squeezed
                else "-",
                "least room in the group": f"{run.least_room_mb:.0f} MB",
                "looks with a face while squeezed": f"{run.faces - faces} in {squeezed_s:.0f} s",
                "longest time without a verdict": f"{run.longest_s:.1f} s",
                "saved memory": "yes" if run.changes else "no",
                "after the squeeze": run.how_it_ended(),
                "killed in the group": str(within.kills() - kills),
            }
        finally:
            hog.end()
        freed_s, faces = time.monotonic(), run.faces
        run.look(8 * CALM_S, lambda: not run.is_saving)
        run.look(HOLD_S if run.lives else 0.0)
        if run.lives:
            said["stopped saving after"] = f"{run.changes[-1][0] + run.began_s - freed_s:.0f} s" if run.changes else "-"
            said["then, RSS (private)"] = f"{run.usage().rss_mb:.0f} ({run.usage().anonymous_mb:.0f}) MB"
            said["looks with a face meanwhile"] = str(run.faces - faces)
        return run, said


def beyond_saving(within: Group) -> str:
    """How a detector ends that is squeezed beyond what saving can free."""
    with started(within, "desperate", "lite", governor=True) as run:
        run.look(SETTLE_S)
        hog = Hog(within)
        try:
            run.look(2.0)
            squeeze(run, hog, LIMIT_MB - taken_mb(within) - LEFT_MB)
            run.look(END_AGE_S + 4 * END_S)
            return run.how_it_ended()
        finally:
            hog.end()


def main() -> int:
    """Run all three squeezes and print the table."""
    argparse.ArgumentParser(prog="python -m tests.benchmarks.squeeze", description=__doc__).parse_args()
    render = ["render", "attentive", "--out", str(FOLDER), "--seconds", "60", "--video"]
    subprocess.run([sys.executable, "-m", "app", *render], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    try:
        with group() as within:
            print(
                f"{platform.machine()}, Python {platform.python_version()}, limit {LIMIT_MB:.0f} MB, {within.folder}\n"
            )
            governed, with_it = through(within, governor=True)
            _ungoverned, without = through(within, governor=False)
            print("| model full | with the governor | without |\n|---|---|---|")
            for what, value in with_it.items():
                print(f"| {what} | {value} | {without.get(what, '-')} |")
            changes = ", ".join(f"{'on' if on else 'off'} at {at_s:.0f} s" for at_s, on in governed.changes)
            print(f"\nsaving with the governor: {changes}")
            end = beyond_saving(within)
            print(f"model lite, {LEFT_MB:.0f} MB left for the pages of files: {end}", flush=True)
    except NotTried as reason:
        print(f"not tried: {reason}")
        return 0
    came_through = with_it["after the squeeze"] == "goes on" and not governed.is_saving
    was_killed = without["after the squeeze"] == "killed by the kernel"
    return 0 if came_through and was_killed and "nothing more can be saved" in end else 1


if __name__ == "__main__":
    sys.exit(main())
