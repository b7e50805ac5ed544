"""The restarter, with a folder of processes instead of /proc."""

from __future__ import annotations

import signal
import threading
from itertools import count
from pathlib import Path

import pytest

from admin.restart.course import LIMIT_S
from admin.restart.restarter import Restarter
from app.events import State
from app.telemetry.run_folder import boot_id
from tests.support.restarts import START_S, Machine, make_good, saved


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_request_the_restarter_is_idle(machine: Machine) -> None:
    assert machine.restarter().progress().phase == "idle"


def test_outside_a_snap_a_restart_sends_sigterm_to_the_detector(machine: Machine) -> None:
    restarter, version = machine.restarter(), saved(machine, 480)
    restarter.start("a test")
    assert restarter.progress().phase == "stopping"
    machine.let_pass(restarter, 10)
    progress = restarter.progress()
    assert progress.phase == "healthy"
    assert (progress.pid_before, progress.pid_now) == (101, 102)
    assert progress.wanted == progress.in_force == version
    assert machine.signals == [(101, signal.SIGTERM)]
    assert machine.commands == []


def test_in_a_snap_a_restart_is_done_by_snapd(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_two")
    restarter = machine.restarter()
    restarter.start("a test")
    machine.let_pass(restarter, 10)
    assert restarter.progress().phase == "healthy"
    assert machine.commands == [["restart", "drivewatch_two.detector"]]
    assert machine.signals == []


def test_a_restart_sends_sigterm_while_snapd_changes_the_snap(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch")
    machine.snapctl_says = 'snap "drivewatch" has "refresh-snap" change in progress'
    restarter = machine.restarter()
    restarter.start("a test")
    machine.let_pass(restarter, 10)
    assert restarter.progress().phase == "healthy"
    assert machine.signals == [(101, signal.SIGTERM)]


@pytest.mark.parametrize("stale", ["another process", "another boot"])
def test_a_pid_that_is_no_longer_the_detectors_gets_no_signal(machine: Machine, stale: str) -> None:
    if stale == "another process":
        (machine.proc / "101" / "cmdline").write_bytes(b"vim\0run\0")
    else:
        machine.write_status("", boot=stale)
    restarter = machine.restarter()
    restarter.start("a test")
    machine.let_pass(restarter, LIMIT_S / 2)
    assert machine.signals == []


def test_a_detector_that_ends_before_the_signal_is_restarted_normally(machine: Machine) -> None:
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
    assert restarter.progress().in_force == version


def test_another_restart_can_begin_after_one_ended(machine: Machine) -> None:
    restarter = machine.restarter()
    for _ in range(2):
        restarter.start("a test")
        machine.let_pass(restarter, 10)
    assert len(machine.signals) == len(machine.drivers) == 2


def test_bad_settings_are_rolled_back_with_the_reason(machine: Machine) -> None:
    good, restarter = make_good(machine), machine.restarter()
    bad = saved(machine, 480)
    machine.state_with = lambda version: State.NO_CAMERA if version == bad else State.ATTENTIVE
    restarter.start("a test")
    machine.let_pass(restarter, 2 * LIMIT_S)
    progress = restarter.progress()
    assert (progress.phase, progress.rejected) == ("rolled_back", bad)
    assert "plug the camera in" in progress.message and "plug the camera in" in progress.undone
    assert machine.store.load().version == good == progress.in_force


def test_only_a_finished_restart_can_be_dismissed(machine: Machine) -> None:
    restarter = machine.restarter()
    restarter.start("a test")
    restarter.dismiss()
    assert restarter.progress().phase == "stopping"
    machine.let_pass(restarter, 10)
    restarter.dismiss()
    assert restarter.progress().phase == machine.restarter().progress().phase == "idle"
    restarter.start("another")
    machine.let_pass(restarter, 10)
    progress = restarter.progress()
    assert progress.phase == "healthy" and progress.before == progress.in_force


def test_a_failed_restart_says_that_no_good_settings_exist(machine: Machine) -> None:
    restarter = machine.restarter()
    saved(machine, 480)
    machine.comes_back = False
    restarter.start("a test")
    machine.let_pass(restarter, 2 * LIMIT_S)
    assert restarter.progress().phase == "failed"
    assert "no last good ones" in restarter.progress().message


def told(restarter: Restarter) -> tuple[object, ...]:
    """What the page shows of a restart."""
    found = restarter.progress()
    return found.phase, found.message, found.undone, found.began_s, found.wanted, found.in_force, found.before


def test_the_next_worker_sends_the_signal_that_a_killed_one_did_not(machine: Machine) -> None:
    first = machine.restarter()
    first._perform = lambda action: None  # type: ignore[method-assign]  # the power went
    first.start("a test")
    first.advance()
    second = machine.restarter()
    second.resume()
    machine.let_pass(second, 10)
    assert machine.signals == [(101, signal.SIGTERM)]
    assert second.progress().phase == "healthy"


def test_a_restarted_worker_still_shows_the_last_result(machine: Machine) -> None:
    first = machine.restarter()
    first.start("a test")
    machine.let_pass(first, 10)
    second = machine.restarter()
    second.resume()
    assert told(second) == told(first)
    assert len(machine.drivers) == 1


@pytest.mark.parametrize("text", ["", "[]", '{"phase": "flying", %s}', '{"phase": 3, "tries": "x", %s}', "{%s}"])
def test_a_damaged_restart_file_counts_as_idle(machine: Machine, text: str) -> None:
    (machine.paths.run / "restart.json").write_text(text.replace("%s", f'"boot_id": "{boot_id()}"'))
    assert machine.restarter().progress().phase == "idle"


def test_one_thread_drives_a_restart_to_its_end(machine: Machine) -> None:
    machine.comes_back = False
    clock = count(START_S, LIMIT_S).__next__  # the first step already finds the time over
    restarter = Restarter(machine.paths, machine.store, clock, kill=machine.kill, proc=machine.proc)
    restarter.start("first")
    restarter.start("second")
    (driver,) = (thread for thread in threading.enumerate() if thread.name == "restart")
    driver.join(10)
    assert restarter.progress().phase == "failed"
    assert not driver.is_alive()
