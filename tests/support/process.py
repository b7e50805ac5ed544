"""`python -m app …` as a process, and what tests ask of processes and their streams."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WAIT_S = 20.0


@dataclass
class Process:
    """A process, and what it has printed."""

    popen: subprocess.Popen[bytes]
    out: str = ""
    err: str = ""

    def wait_for(self, words: str) -> None:
        """Read until these words were printed."""
        end_s = time.monotonic() + WAIT_S
        while words not in self.out + self.err:
            assert time.monotonic() < end_s, f"no {words!r} in {self.out!r} and {self.err!r}"
            self._read(0.2)

    def end(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; returns the seconds until the process has ended."""
        began_s = time.monotonic()
        self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=WAIT_S)
        self.out, self.err = self.out + out.decode(), self.err + err.decode()
        return time.monotonic() - began_s

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children")
        others = Path(f"/proc/{self.popen.pid}/task").glob("*/children")
        return sorted({int(pid) for path in (found, *others) for pid in path.read_text().split()})

    def _read(self, timeout_s: float) -> None:
        pipes = [pipe for pipe in (self.popen.stdout, self.popen.stderr) if pipe]
        for pipe in select.select(pipes, [], [], timeout_s)[0]:
            text = os.read(pipe.fileno(), 65536).decode()
            if pipe is self.popen.stdout:
                self.out += text
            else:
                self.err += text


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def open_files() -> list[str]:
    """Paths that this process has open."""
    links = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except FileNotFoundError:  # the listing's own descriptor
            continue
    return links


def started(processes: list[Process], *arguments: str) -> Process:
    command = [sys.executable, "-m", "app", *arguments]
    process = Process(
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    )
    processes.append(process)
    return process
