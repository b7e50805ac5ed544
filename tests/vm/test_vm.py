"""The tests in virtual machines: what they leave behind on this machine, and what they call short of memory."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import cast

import pytest

from app.vehicle.nmea import Fix, Sentences, fix_in
from tests.vm import arm64, kernel
from tests.vm.archive import NotTried
from tests.vm.guest.receiver import sentence
from tests.vm.installed import Installed
from tests.vm.steps import STEPS


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The mounts and unmounts of a binfmt_misc that is a folder."""
    found: list[str] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: found.append(command[0]))
    monkeypatch.setattr(arm64, "BINFMT", tmp_path)
    monkeypatch.setattr(arm64, "HANDLER", tmp_path / "qemu-aarch64")
    monkeypatch.setattr(arm64, "DECLARED", tmp_path / "qemu-aarch64.conf")
    return found


def test_what_was_mounted_for_arm64_is_unmounted_when_registering_fails(mounts: list[str]) -> None:
    with pytest.raises(NotTried), arm64.arm64_programs():
        pytest.fail("nothing is declared")
    assert mounts == ["mount", "umount"]


def test_the_kernel_is_left_as_it_was_found(mounts: list[str]) -> None:
    arm64.DECLARED.write_text("as Debian declares it\n")
    with pytest.raises(ZeroDivisionError), arm64.arm64_programs():
        assert (arm64.BINFMT / "register").read_text() == "as Debian declares it"
        assert mounts == ["mount"]
        raise ZeroDivisionError
    assert arm64.HANDLER.read_text() == "-1"
    assert mounts == ["mount", "umount"]


def test_the_receiver_of_the_machine_tells_what_is_asked_of_it() -> None:
    noon = time.gmtime(1_800_000_000)
    fixes = [fix_in(told) for told in Sentences().feed(sentence("65", noon) + sentence("no fix", noon))]
    driving, lost = filter(None, fixes)
    assert driving.speed_kmh == pytest.approx(65, abs=0.01) and driving.utc_s == 1_800_000_000
    assert lost == Fix(None, None)


class Told:
    """A machine that only has answers."""

    def __init__(self, least_mb: float, log: str = "") -> None:
        self.least_mb, self.log = least_mb, log

    def run(self, command: str) -> str:
        """What a step asks for."""
        if command.startswith("cat "):
            return f"{self.least_mb * 1024:.0f}"
        return "468628" if "MemTotal" in command else self.log


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (Told(49), "only 49 MB were available once"),
        (Told(200, "Out of memory: Killed process 812 (python3)"), "ended programs .*python3"),
    ],
)
def test_a_machine_that_ran_short_of_memory_fails_its_step(machine: Installed, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        kernel.room(machine)


def test_memory_is_judged_after_all_steps_that_take_some() -> None:
    assert kernel.room(cast("Installed", Told(201))).startswith("at least 201 MB of 458 stayed available")
    names = [step.__name__ for step in STEPS]
    assert {"settings_on_the_page", "refresh", "revert"} <= set(names[: names.index("room")])
