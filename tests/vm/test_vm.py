"""What the tests in virtual machines leave behind on the machine that runs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.vm import arm64
from tests.vm.archive import NotTried


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
