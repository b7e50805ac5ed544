"""Who does a restart, with a folder of processes instead of /proc."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

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
    """A detector that is started again as soon as it ends, unless it is told to stay away."""

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
        """As a detector that is well does."""
        found = status.read(self.paths.status)
        if found and (self.proc / str(found.pid) / "cmdline").exists():
            assert status.write(self.paths.status, replace(found, time_s=self.now_s))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def saved(machine: Machine, width: int) -> str:
    return machine.store.change({"camera.width": width}, machine.store.load().version)


def test_nothing_was_asked_for_at_first(machine: Machine) -> None:
    assert machine.restarter().progress().phase == "idle"


def test_outside_a_snap_the_detector_is_asked_to_end_and_its_supervisor_starts_the_next(machine: Machine) -> None:
    restarter, version = machine.restarter(), saved(machine, 480)
    restarter.start("a test")
    assert restarter.progress().phase == "stopping"
    machine.let_pass(restarter, 10)
    progress = restarter.progress()
    assert progress.phase == "healthy"
    assert (progress.pid_before, progress.pid_now) == (101, 102)
    assert progress.version_wanted == progress.version_in_force == version
    assert machine.signals == [(101, signal.SIGTERM)]
    assert machine.commands == []


def test_in_a_snap_snapd_restarts_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_two")
    restarter = machine.restarter()
    restarter.start("a test")
    machine.let_pass(restarter, 10)
    assert restarter.progress().phase == "healthy"
    assert machine.commands == [["restart", "drivewatch_two.detector"]]
    assert machine.signals == []


def test_while_the_snap_is_being_changed_the_detector_is_asked_to_end(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch")
    machine.snapctl_says = 'snap "drivewatch" has "refresh-snap" change in progress'
    restarter = machine.restarter()
    restarter.start("a test")
    machine.let_pass(restarter, 10)
    assert restarter.progress().phase == "healthy"
    assert machine.signals == [(101, signal.SIGTERM)]


def test_another_process_with_the_detectors_old_number_is_left_alone(machine: Machine) -> None:
    (machine.proc / "101" / "cmdline").write_bytes(b"vim\0run\0")
    restarter = machine.restarter()
    restarter.start("a test")
    machine.let_pass(restarter, LIMIT_S / 2)
    assert machine.signals == []


def test_the_number_that_an_earlier_boot_left_behind_is_left_alone(machine: Machine) -> None:
    machine.write_status("", boot="another boot")
    restarter = machine.restarter()
    restarter.start("a test")
    machine.let_pass(restarter, LIMIT_S / 2)
    assert machine.signals == []


def test_a_detector_that_is_gone_before_it_is_asked_is_none_to_end(machine: Machine) -> None:
    def gone(pid: int, number: int) -> None:
        machine.end_process()
        raise ProcessLookupError

    restarter = machine.restarter()
    restarter._kill = gone
    restarter.start("a test")
    machine.let_pass(restarter, 10)
    assert restarter.progress().phase == "healthy"


def test_a_second_request_joins_the_first(machine: Machine) -> None:
    restarter = machine.restarter()
    restarter.start("first")
    restarter.advance()
    version = saved(machine, 480)
    restarter.start("second")
    assert len(machine.drivers) == 1
    machine.let_pass(restarter, 20)
    assert restarter.progress().phase == "healthy"
    assert restarter.progress().version_in_force == version


def test_after_the_end_another_can_begin(machine: Machine) -> None:
    restarter = machine.restarter()
    for _ in range(2):
        restarter.start("a test")
        machine.let_pass(restarter, 10)
    assert len(machine.signals) == len(machine.drivers) == 2


def make_good(machine: Machine) -> str:
    version = saved(machine, 400)
    machine.store.mark_good(machine.store.load())
    machine.end_process()
    return version


def test_settings_with_which_it_does_not_watch_are_put_back_and_the_reason_told(machine: Machine) -> None:
    good, restarter = make_good(machine), machine.restarter()
    bad = saved(machine, 480)
    machine.state_with = lambda version: State.NO_CAMERA if version == bad else State.ATTENTIVE
    restarter.start("a test")
    machine.let_pass(restarter, 2 * LIMIT_S)
    progress = restarter.progress()
    assert progress.phase == "rolled_back"
    assert "plug the camera in" in progress.message
    assert machine.store.load().version == good == progress.version_in_force


def test_without_good_settings_it_says_that_there_are_none(machine: Machine) -> None:
    restarter = machine.restarter()
    saved(machine, 480)
    machine.comes_back = False
    restarter.start("a test")
    machine.let_pass(restarter, 2 * LIMIT_S)
    assert restarter.progress().phase == "failed"
    assert "no last good ones" in restarter.progress().message


def test_a_restarted_worker_goes_on_and_rolls_back(machine: Machine) -> None:
    good, first = make_good(machine), machine.restarter()
    bad = saved(machine, 480)
    machine.state_with = lambda version: State.NO_CAMERA if version == bad else State.ATTENTIVE
    first.start("a test")
    machine.let_pass(first, LIMIT_S / 2)
    second = machine.restarter()
    assert second.progress() == first.progress()
    second.resume()
    assert len(machine.drivers) == 2
    machine.let_pass(second, 3 * LIMIT_S)
    assert second.progress().phase == "rolled_back"
    assert machine.store.load().version == good


def test_a_worker_that_died_before_it_asked_is_followed_by_one_that_asks(machine: Machine) -> None:
    first = machine.restarter()
    first._perform = lambda action: None  # type: ignore[method-assign]  # the power went
    first.start("a test")
    first.advance()
    second = machine.restarter()
    second.resume()
    machine.let_pass(second, 10)
    assert machine.signals == [(101, signal.SIGTERM)]
    assert second.progress().phase == "healthy"


def test_a_restarted_worker_still_tells_how_the_last_restart_ended(machine: Machine) -> None:
    first = machine.restarter()
    first.start("a test")
    machine.let_pass(first, 10)
    second = machine.restarter()
    second.resume()
    assert second.progress() == first.progress()
    assert len(machine.drivers) == 1


@pytest.mark.parametrize("text", ["", "[]", '{"phase": "flying"}', '{"phase": 3, "tries": "x"}'])
def test_a_damaged_mirror_is_no_restart(machine: Machine, text: str) -> None:
    (machine.paths.run / "restart.json").write_text(text)
    assert machine.restarter().progress().phase == "idle"


def test_in_production_one_thread_drives_it_to_the_end(machine: Machine) -> None:
    machine.comes_back = False
    clock = count(START_S, LIMIT_S).__next__  # so the first looks find the time up
    restarter = Restarter(machine.paths, machine.store, clock, kill=machine.kill, proc=machine.proc)
    restarter.start("first")
    restarter.start("second")
    (driver,) = (thread for thread in threading.enumerate() if thread.name == "restart")
    driver.join(10)
    assert restarter.progress().phase == "failed"
    assert not driver.is_alive()
