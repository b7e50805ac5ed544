"""The tests in virtual machines: what they leave behind on this machine, and what they call short of memory."""

from __future__ import annotations

import py_compile
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from app.events import Event, Level, State
from app.journal import journal_schema
from app.journal.journal import Journal
from app.vehicle.nmea import Fix, Sentences, fix_in
from tests.vm import arm64, cargo, end_to_end, kernel
from tests.vm.archive import NotTried
from tests.vm.guest.events import stored
from tests.vm.guest.receiver import sentence
from tests.vm.installed import Installed
from tests.vm.steps import SHORT, STEPS, Step
from tests.vm.table import tried


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


@pytest.mark.parametrize("steps", [STEPS, SHORT])
def test_memory_is_judged_after_all_steps_that_take_some(steps: Sequence[Step]) -> None:
    assert kernel.room(cast("Installed", Told(201))).startswith("at least 201 MB of 458 stayed available")
    names = [step.__name__ for step in steps]
    assert {"settings_on_the_page", "refresh", "revert"} <= set(names[: names.index("room")])


def test_the_short_run_takes_its_steps_in_the_order_of_all() -> None:
    assert list(SHORT) == [step for step in STEPS if step in SHORT] and len(SHORT) < len(STEPS)


def test_each_step_is_printed_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(end_to_end, "need", lambda *_, **__: None)
    monkeypatch.setattr(end_to_end, "_everything", lambda *_: ([tried("install", lambda: "active")], {"page": "38 MB"}))
    assert end_to_end.main(["--short"]) == 0
    said = capsys.readouterr().out
    assert said.count("install") == said.count("page: 38 MB") == 1
    assert f"--short: {len(STEPS) - len(SHORT)} more steps" in said


@pytest.fixture
def next_schema(tmp_path: Path) -> ModuleType:
    """The schema of the events in the payload of the next release, beside byte-code of this one's."""
    file = tmp_path / "python/app/journal/journal_schema.py"
    file.parent.mkdir(parents=True)
    shutil.copy(journal_schema.__file__, file)
    py_compile.compile(str(file), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    meta = tmp_path / "meta/snap.yaml"
    meta.parent.mkdir()
    meta.write_text("name: drivewatch\nversion: 0.2.0\n")
    cargo.make_next(tmp_path)
    assert meta.read_text() == "name: drivewatch\nversion: second\n"
    found = spec_from_file_location("next_schema", file)
    assert found and found.loader
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_next_release_brings_the_events_to_a_schema_that_this_one_refuses(
    next_schema: ModuleType, tmp_path: Path
) -> None:
    file = tmp_path / "events.sqlite"
    Journal(file, "a boot").close()
    with closing(sqlite3.connect(file, isolation_level="IMMEDIATE")) as db:
        next_schema.migrate(db)
        next_schema.check(db)
        with pytest.raises(journal_schema.NewerJournal):
            journal_schema.version_of(db)
    assert stored(file)["version"] == journal_schema.this_version() + 1


def test_what_a_file_of_events_holds_is_read_without_a_change(tmp_path: Path) -> None:
    journal = Journal(file := tmp_path / "events.sqlite", "a boot")
    journal.record(Event(State.DROWSY, Level.WARNING, 5.0, 5.0, 5.0), 1_700_000_000.5, 5.0)
    journal.close()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert stored(file)["events"] == [("drowsy", 1_700_000_000)]
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
