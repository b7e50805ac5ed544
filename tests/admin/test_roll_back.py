"""The last good settings are restored whatever happens meanwhile, unless the detector watches with newer ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from admin.restart.course import LIMIT_S, TRIES
from admin.restart.restarter import Restarter
from app.events import State
from config.paths import CONFIG, LAST_GOOD, RESTART
from tests.support.restarts import Machine, make_good, saved

Meanwhile = Callable[[Machine, Restarter], object]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def failing(machine: Machine, *working: str) -> tuple[str, Restarter]:
    """The good version, and a restart with settings with which the detector fails."""
    good, restarter = make_good(machine), machine.restarter()
    machine.state_with = lambda version: State.ATTENTIVE if version in (good, *working) else State.NO_CAMERA
    saved(machine, 480)
    restarter.start("a test")
    return good, restarter


def assert_rolled_back(machine: Machine, restarter: Restarter, good: str) -> None:
    assert restarter.progress().phase == "rolled_back", restarter.progress()
    assert machine.store.load().version == good == restarter.progress().in_force


def kept(machine: Machine) -> set[str]:
    files = [*machine.paths.data.glob("config.yaml.broken-*"), *machine.paths.history.iterdir()]
    return {file.read_text() for file in files}


def by_hand(machine: Machine, restarter: Restarter) -> None:
    machine.paths.config.write_text(machine.store.load().text + "# by hand\n")


def twice(machine: Machine, restarter: Restarter) -> None:
    saved(machine, 500)
    saved(machine, 520)


def saved_and_restarted(machine: Machine, restarter: Restarter) -> None:
    saved(machine, 500)
    restarter.start("again")


SAVES: dict[str, Meanwhile] = {
    "one save": lambda machine, _: saved(machine, 500),
    "two saves": twice,
    "another key": lambda machine, _: machine.store.change({"camera.height": 360}, machine.store.load().version),
    "an edit by hand": by_hand,
    "save and restart": saved_and_restarted,
}


@pytest.mark.parametrize("after_s", [0, 1, LIMIT_S / 2, LIMIT_S - 1])
@pytest.mark.parametrize("save", SAVES)
def test_settings_saved_meanwhile_are_tried_then_all_is_rolled_back(
    machine: Machine, save: str, after_s: float
) -> None:
    good, restarter = failing(machine)
    machine.let_pass(restarter, after_s)
    SAVES[save](machine, restarter)
    typed = machine.store.load().text
    machine.let_pass(restarter, 3 * LIMIT_S)
    assert_rolled_back(machine, restarter, good)
    assert typed in kept(machine)


def test_newer_settings_that_work_are_kept(machine: Machine) -> None:
    working: list[str] = []
    good, restarter = failing(machine)
    machine.state_with = lambda version: State.ATTENTIVE if version in (good, *working) else State.NO_CAMERA
    machine.let_pass(restarter, LIMIT_S / 2)
    working.append(saved(machine, 500))
    machine.let_pass(restarter, 3 * LIMIT_S)
    assert restarter.progress().phase == "healthy"
    assert machine.store.load().version == working[0] == restarter.progress().in_force


def test_a_program_that_keeps_saving_does_not_prevent_a_roll_back(machine: Machine) -> None:
    good, restarter = failing(machine)
    for number in range(TRIES * 6):
        machine.let_pass(restarter, LIMIT_S / 4)
        if restarter.progress().in_force == good:
            break
        saved(machine, 500 + 10 * number)
    machine.let_pass(restarter, LIMIT_S)
    assert_rolled_back(machine, restarter, good)


def test_a_worker_killed_just_after_a_roll_back_is_followed_by_one_that_reports_it(machine: Machine) -> None:
    good, first = failing(machine)

    def put_back_and_die() -> None:
        machine.store.roll_back()

    first._roll_back = put_back_and_die  # type: ignore[method-assign]
    while machine.store.load().version != good:
        machine.let_pass(first, 0.5)
    second = machine.restarter()
    second.resume()
    machine.let_pass(second, 3 * LIMIT_S)
    assert_rolled_back(machine, second, good)


@pytest.mark.parametrize("saves", [False, True])
@pytest.mark.parametrize("after_s", [1, LIMIT_S / 2])
def test_a_new_worker_completes_a_roll_back(machine: Machine, after_s: float, saves: bool) -> None:
    good, first = failing(machine)
    machine.let_pass(first, after_s)
    if saves:
        saved(machine, 500)
    second = machine.restarter()
    second.resume()
    assert len(machine.drivers) == 2
    machine.let_pass(second, 4 * LIMIT_S)
    assert_rolled_back(machine, second, good)


def start_the_machine_again(machine: Machine) -> Restarter:
    for file in machine.paths.run.iterdir():
        file.unlink()
    machine.now_s = 20.0
    machine.end_process()
    return machine.restarter()


@pytest.mark.parametrize("after_s", [1, 5, LIMIT_S - 1])
def test_bad_settings_are_rolled_back_after_a_power_cut(machine: Machine, after_s: float) -> None:
    good, first = failing(machine)
    machine.let_pass(first, after_s)
    signals = len(machine.signals)
    second = start_the_machine_again(machine)
    second.resume()
    machine.let_pass(second, LIMIT_S / 2)
    assert len(machine.signals) == signals  # the boot was the restart
    machine.let_pass(second, 2 * LIMIT_S)
    assert_rolled_back(machine, second, good)
    assert start_the_machine_again(machine).progress().phase == "idle"


def test_settings_that_work_after_a_power_cut_are_kept(machine: Machine) -> None:
    _, first = failing(machine)
    machine.let_pass(first, 5)
    machine.state_with = lambda version: State.ATTENTIVE
    second, wanted = start_the_machine_again(machine), machine.store.load().version
    second.resume()
    machine.let_pass(second, LIMIT_S)
    assert (second.progress().phase, machine.store.load().version) == ("healthy", wanted)


@pytest.mark.parametrize("text", ["", "[]", '{"phase": "flying"}', '{"phase": "starting", "wanted": 3}', "\0" * 99])
def test_a_damaged_trial_file_breaks_nothing(machine: Machine, text: str) -> None:
    (machine.paths.data / RESTART).write_text(text)
    restarter = machine.restarter()
    restarter.resume()
    if machine.drivers:
        machine.let_pass(restarter, LIMIT_S)
    assert restarter.progress().phase in ("idle", "healthy")


def test_the_good_settings_hold_if_the_file_is_lost_during_a_restart(machine: Machine) -> None:
    good, restarter = failing(machine)
    machine.let_pass(restarter, LIMIT_S / 2)
    machine.paths.config.write_text("")
    machine.let_pass(restarter, 3 * LIMIT_S)
    assert (machine.paths.data / LAST_GOOD).read_text()
    assert machine.store.load().origin in (CONFIG, LAST_GOOD)
    assert machine.store.load().settings.camera.width == 400, good
