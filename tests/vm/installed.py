"""drivewatch as it is installed in the machine: what snapd, the kernel, the detector and the page say of it."""

from __future__ import annotations

import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from app.events import BLIND
from app.telemetry import status
from app.telemetry.status import Status
from tests.support.appliance import Browser
from tests.vm.machine import CommandFailed, Machine

NAME = "drivewatch"
CARGO = "/mnt/cargo"  # the second disk
LEAST_AVAILABLE = "/run/least-available"  # kB, of memory-watcher.sh
POLL_S = 2.0
PATIENCE_S = 240.0  # what takes longest takes 40 s on two cores that nobody else wants
CONFIG = f"/var/snap/{NAME}/current/config.yaml"
DETECTOR, PAGE = f"snap.{NAME}.detector.service", f"snap.{NAME}.admin.service"
COUNTING = "import time; sum(range(3_000_000)); print(time.process_time())"
INPUT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')

T = TypeVar("T")


def wait_for(what: str, ask: Callable[[], T | None], limit_s: float = PATIENCE_S) -> T:
    """What it answers first that is neither None nor False. Raises: AssertionError."""
    deadline_s = time.monotonic() + limit_s
    while True:
        try:
            if answer := ask():
                return answer
        except (CommandFailed, OSError) as error:  # such as a page that is starting
            if time.monotonic() > deadline_s:
                raise AssertionError(f"{what}: {error}") from error
        assert time.monotonic() < deadline_s, f"not within {limit_s:.0f} s: {what}"
        time.sleep(POLL_S)


def _any_certificate() -> ssl.SSLContext:
    """The snap makes its own, which nobody can know before."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass
class Installed:
    """The machine, a browser on this computer, and what earlier steps saw."""

    machine: Machine
    browser: Browser
    folder: Path
    facts: dict[str, str] = field(default_factory=dict)
    free_before_mb: float = 0.0

    @classmethod
    def on(cls, machine: Machine, folder: Path) -> Installed:
        """On a machine with nothing installed yet."""
        browser = Browser(machine.page_port, timeout_s=90, tls=_any_certificate())
        return cls(machine, browser, folder, free_before_mb=_available_mb(machine))

    def run(self, command: str) -> str:
        """What a command of the machine prints, which must succeed. Raises: CommandFailed."""
        return self.machine.run(command)

    def unit(self, service: str, name: str) -> str:
        """A property that systemd has of a service."""
        return self.run(f"systemctl show -P {name} {service}")

    def cpu_s(self, service: str) -> float:
        """What a service has used since it started last."""
        return int(self.unit(service, "CPUUsageNSec")) / 1e9

    def slower(self) -> float:
        """How many times the machine's processor needs this computer's CPU time for the same loop in Python."""
        there_s = float(self.run(f'python3 -c "{COUNTING}"'))
        here = subprocess.run([sys.executable, "-c", COUNTING], capture_output=True, text=True, check=True)
        return there_s / float(here.stdout)

    def status(self) -> Status | None:
        """What the detector says, None unless it did just now."""
        said, _, uptime = self.run("cat /run/snap.drivewatch/status.json; echo; cat /proc/uptime").rpartition("\n")
        (copy := self.folder / "status.json").write_text(said)
        found = status.read(copy)
        is_new = found is not None and float(uptime.split()[0]) - found.time_s < status.SILENT_S
        return found if is_new else None

    def watching(self, *, pid_before: int = 0) -> Status:
        """Wait for a detector that judges pictures, another one than that before. Raises: AssertionError."""

        def ask() -> Status | None:
            found = self.status()
            return found if found and found.pid != pid_before and found.state not in BLIND else None

        return wait_for("a detector that judges pictures", ask)

    def blocked(self) -> str | None:
        """What `snap info` says where `snap list` has the note blocked."""
        note = self.run(f"snap list {NAME}").splitlines()[-1].split()[-1]
        return " ".join(self.run(f"snap info --verbose {NAME}").split()) if note == "blocked" else None

    def sign_in(self) -> None:
        """With a new password of the command."""
        said = self.run(f"snap run {NAME}.admin-password")
        password = re.search(r"password: (\S+)", said)
        assert password, f"{NAME}.admin-password says no password: {said!r}"
        answer = wait_for("the page", lambda: self.browser.ask("POST", "/login", urlencode({"password": password[1]})))
        assert answer.status == 302, f"signing in is answered with {answer.status}: {answer.text[:200]}"

    def page(self, path: str) -> str:
        """A page's text. Raises: AssertionError when it is not answered with 200."""
        answer = wait_for(path, lambda: self.browser.get(path))
        assert answer.status == 200, f"{path} is answered with {answer.status}: {answer.text[:200]}"
        return answer.text

    def change_settings(self, **typed: str) -> None:
        """On the page, as a person would: type, review, save."""
        hidden = dict(INPUT.findall(self.page("/settings/")))
        known = {name: unescape(hidden[name]) for name in ("csrf_token", "version", "base")}
        sent = self.browser.ask("POST", "/settings/preview", urlencode({**known, **typed}))
        assert sent.status == 303, f"the form is answered with {sent.status}"
        review = self.page(sent.headers["Location"])
        assert "Review changes" in review, f"refused: {review[:2000]}"
        carried = [(name, unescape(value)) for name, value in INPUT.findall(review)]
        saved = self.browser.ask("POST", "/settings/save", urlencode(carried))
        assert saved.headers.get("Location") == "/settings/", f"saving is answered with {saved.status}"

    def available_mb(self) -> float:
        """Memory that the machine has left."""
        return _available_mb(self.machine)

    def memory_mb(self, service: str, figure: str) -> float:
        """Rss or Pss of all processes of a service."""
        pids = self.run(f"cat /sys/fs/cgroup{self.unit(service, 'ControlGroup')}/cgroup.procs").split()
        files = " ".join(f"/proc/{pid}/smaps_rollup" for pid in pids)
        return int(self.run(f"awk '/^{figure}:/ {{kb += $2}} END {{print kb}}' {files}")) / 1024


def _available_mb(machine: Machine) -> float:
    return int(machine.run("awk '/^MemAvailable:/ {print $2}' /proc/meminfo")) / 1024
