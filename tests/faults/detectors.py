"""Real detectors on the fake driver, each in its own folders, and what their status says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.journal.entries import recent
from app.telemetry import status
from app.telemetry.status import Status
from config.paths import Paths
from tests.faults.scratch import on_disk
from tests.faults.tally import Count, Row

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0  # an idle machine needs 2 to 10 s
STOPPED_S = 20.0
END_S = 25.0  # a detector that waits for a hung disk gives up within that


@dataclass(frozen=True, slots=True)
class Running:
    """A detector and its folders."""

    process: subprocess.Popen[bytes]
    paths: Paths
    log: Path

    @property
    def status(self) -> Status | None:
        """The newest status."""
        return status.read(self.paths.status)

    @property
    def said(self) -> str:
        """The end of its log and the journal's problem, to explain a failure."""
        found = self.status
        return f"{found.journal_problem if found else 'no status'}; {self.log.read_text()[-300:]!r}"

    def says(self, what: Callable[[Status], bool], within_s: float = PATIENCE_S) -> bool:
        """Wait for a status for which `what` holds; False if none comes in time, or the detector has ended."""
        return waited(lambda: (found := self.status) is not None and what(found), self, within_s)

    def is_watching(self, for_frames: int = 3) -> bool:
        """Whether the status counts so many more frames from now on."""
        found = self.status
        before = found.camera.frames if found else 0
        return self.says(lambda said: said.camera.frames >= before + for_frames and said.camera.state == "live")


def waited(what: Callable[[], bool], detector: Running, within_s: float = PATIENCE_S) -> bool:
    """True as soon as `what` holds; False when it does not in time or the detector has ended."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s and detector.process.poll() is None:
        if what():
            return True
        time.sleep(0.05)  # another process is waited for
    return False


@contextmanager
def detecting(
    paths: Paths,
    log: Path,
    camera: str,
    prefix: tuple[str, ...] = (),
    more_env: Mapping[str, str] | None = None,
    out: int | None = None,
) -> Iterator[Running]:
    """A detector until the end of the block.

    prefix: a command that starts it, such as one that drops rights. out: where it prints instead of the log.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SNAP", "PYTHONDONTWRITE"))}
    env |= {"DRIVEWATCH_DATA": str(paths.data), "XDG_RUNTIME_DIR": str(paths.run.parent)}
    env |= more_env or {}
    command = [*prefix, sys.executable, "-m", "app", "run", "--camera", camera]
    with (
        log.open("wb") as said,
        subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=out or said, stderr=out or said, start_new_session=True
        ) as process,
    ):
        try:
            yield Running(process, paths, log)
        finally:
            for number in (signal.SIGCONT, signal.SIGTERM):
                _send(process, number)
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                _send(process, signal.SIGKILL)


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the detector and its fake driver, which form a process group."""
    if process.poll() is None:
        os.killpg(process.pid, number)


def folders(place: Path) -> Paths:
    """Folders for one detector; none exists yet."""
    return Paths(place / "data", place / "run" / "drivewatch", place / "data")


def suspended(fault: str) -> Row:
    """The row of a detector and camera that are stopped as by a suspend: it must watch again, and record nothing."""
    count = Count(fault)
    with on_disk() as place:
        paths = folders(Path(place))
        with detecting(paths, Path(place, "log"), "fake:attentive") as detector:
            wrong = "" if detector.is_watching() else "it did not start"
            _send(detector.process, signal.SIGSTOP)
            time.sleep(STOPPED_S)
            _send(detector.process, signal.SIGCONT)
            began_s = time.monotonic()
            if not wrong and not detector.is_watching(1):
                wrong = "it did not go on"
            recovery_s = time.monotonic() - began_s
            if not wrong and not detector.is_watching(5):
                wrong = "it did not go on for long"
        false = recent(paths.events)
        wrong = wrong or (f"it recorded {[entry.event for entry in false]}" if false else "")
        count.add(wrong, len(false), recovery_s)
    return count.row
