"""Who does a restart, with a folder of processes instead of /proc."""

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
    assert progress.wanted == progress.in_force == version
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
    assert restarter.progress().in_force == version


def test_after_the_end_another_can_begin(machine: Machine) -> None:
    restarter = machine.restarter()
    for _ in range(2):
        restarter.start("a test")
        machine.let_pass(restarter, 10)
    assert len(machine.signals) == len(machine.drivers) == 2


def test_settings_with_which_it_does_not_watch_are_put_back_and_the_reason_told(machine: Machine) -> None:
    good, restarter = make_good(machine), machine.restarter()
    bad = saved(machine, 480)
    machine.state_with = lambda version: State.NO_CAMERA if version == bad else State.ATTENTIVE
    restarter.start("a test")
    machine.let_pass(restarter, 2 * LIMIT_S)
    progress = restarter.progress()
    assert (progress.phase, progress.rejected) == ("rolled_back", bad)
    assert "plug the camera in" in progress.message and "plug the camera in" in progress.undone
    assert machine.store.load().version == good == progress.in_force


def test_how_a_restart_ended_can_be_dismissed_for_good_and_one_under_way_cannot(machine: Machine) -> None:
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


def test_without_good_settings_it_says_that_there_are_none(machine: Machine) -> None:
    restarter = machine.restarter()
    saved(machine, 480)
    machine.comes_back = False
    restarter.start("a test")
    machine.let_pass(restarter, 2 * LIMIT_S)
    assert restarter.progress().phase == "failed"
    assert "no last good ones" in restarter.progress().message


def told(restarter: Restarter) -> tuple[object, ...]:
    """What the page says of it."""
    found = restarter.progress()
    return found.phase, found.message, found.undone, found.began_s, found.wanted, found.in_force, found.before


def test_a_restarted_worker_goes_on_and_rolls_back(machine: Machine) -> None:
    good, first = make_good(machine), machine.restarter()
    bad = saved(machine, 480)
    machine.state_with = lambda version: State.NO_CAMERA if version == bad else State.ATTENTIVE
    first.start("a test")
    machine.let_pass(first, LIMIT_S / 2)
    second = machine.restarter()
    assert told(second) == told(first)
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
    assert told(second) == told(first)
    assert len(machine.drivers) == 1


@pytest.mark.parametrize("text", ["", "[]", '{"phase": "flying", %s}', '{"phase": 3, "tries": "x", %s}', "{%s}"])
def test_a_damaged_mirror_is_no_restart(machine: Machine, text: str) -> None:
    (machine.paths.run / "restart.json").write_text(text.replace("%s", f'"boot_id": "{boot_id()}"'))
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
