"""A machine whose detector the page restarts, without real processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from admin.restart.course import LIMIT_S
from admin.restart.restarter import DETECTOR, Restarter
from app.events import State
from app.telemetry import status
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Configuration, Status
from config.paths import Paths
from config.snapd import SnapctlError
from config.store import Store

START_S = 1000.0


class Machine:
    """A machine whose detector starts again as soon as it ends, unless `comes_back` is False."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(folder / "data", folder / "run", folder / "data")
        self.paths.make()
        self.proc = folder / "proc"
        self.store = Store(self.paths.data)
        self.signals: list[tuple[int, int]] = []
        self.commands: list[list[str]] = []
        self.snapctl_says = ""
        self.comes_back = True
        self.state_with: Callable[[str], State] = lambda version: State.ATTENTIVE
        self.now_s = START_S
        self.pid = 100
        self.drivers: list[Callable[[], None]] = []
        self.start_process()

    def start_process(self, cmdline: bytes = b"python" + DETECTOR) -> None:
        self.pid += 1
        folder = self.proc / str(self.pid)
        folder.mkdir(parents=True)
        (folder / "cmdline").write_bytes(cmdline)
        self.write_status(self.store.load().version)

    def write_status(self, version: str, boot: str | None = None) -> None:
        state = self.state_with(version)
        told = Status(
            boot_id=boot_id() if boot is None else boot,
            pid=self.pid,
            started_s=self.now_s,
            time_s=self.now_s,
            state=state,
            problem="no pictures: plug the camera in" if state is State.NO_CAMERA else "",
            configuration=Configuration(version_token=version),
        )
        assert status.write(self.paths.status, told)

    def end_process(self) -> None:
        (self.proc / str(self.pid) / "cmdline").unlink()
        if self.comes_back:
            self.start_process()

    def kill(self, pid: int, number: int) -> None:
        self.signals.append((pid, number))
        self.end_process()

    def snapctl(self, *arguments: str, limit_s: float = LIMIT_S) -> str:
        self.commands.append(list(arguments))
        if self.snapctl_says:
            raise SnapctlError(self.snapctl_says)
        self.end_process()
        return ""

    def restarter(self) -> Restarter:
        return Restarter(
            self.paths,
            self.store,
            lambda: self.now_s,
            ask_snapd=self.snapctl,
            kill=self.kill,
            spawn=self.drivers.append,
            proc=self.proc,
        )

    def let_pass(self, restarter: Restarter, for_s: float) -> None:
        for _ in range(int(for_s * 2)):
            if not restarter.advance():
                return
            self.now_s += 0.5
            self.write_on()

    def write_on(self) -> None:
        """Write the status again, as a running detector does."""
        found = status.read(self.paths.status)
        if found and (self.proc / str(found.pid) / "cmdline").exists():
            assert status.write(self.paths.status, replace(found, time_s=self.now_s))


def saved(machine: Machine, width: int) -> str:
    return machine.store.change({"camera.width": width}, machine.store.load().version)


def make_good(machine: Machine) -> str:
    version = saved(machine, 400)
    machine.store.mark_good(machine.store.load())
    machine.end_process()
    return version
