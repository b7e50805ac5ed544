"""Saving small files: a failing disk or a power cut leaves the old or the new one, complete."""

from __future__ import annotations

import errno
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.disk import LOCK, LOCK_WAIT_S, Disk
from config.durable import StoreError, held, replace
from tests.support.failing_disk import FailingDisk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secret"


def save(path: Path, data: bytes, disk: Disk | None = None) -> None:
    with held(path, disk := disk or Disk()):
        replace(path, data, disk)


@pytest.mark.parametrize("at", ["write", "sync", "rename"])
def test_a_failed_save_leaves_the_old_file_and_no_temporary_one(file: Path, at: str) -> None:
    save(file, b"the old one")
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"secret could not be saved safely: the disk is full"):
        save(file, b"another one", FailingDisk(at, errno.ENOSPC))
    assert file.read_bytes() == before
    assert {path.name for path in file.parent.iterdir()} == {file.name, LOCK}


class RecordingDisk(Disk):
    """Records the order of its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def sync(self, file: int) -> None:
        self.calls.append("sync")
        super().sync(file)

    def rename(self, path: Path, name: Path) -> None:
        self.calls.append("rename")
        super().rename(path, name)

    def sync_folder(self, folder: Path) -> None:
        self.calls.append("sync_folder")
        super().sync_folder(folder)


def test_a_save_syncs_renames_and_removes_leftovers(file: Path) -> None:
    save(file, b"the old one")
    file.with_name(".secret.new").write_bytes(b"half a fi")
    save(file, b"another one", disk := RecordingDisk())
    assert disk.calls == ["sync", "rename", "sync_folder"]
    assert {path.name for path in file.parent.iterdir()} == {file.name, LOCK}


def test_a_saved_file_and_its_folder_are_private(file: Path) -> None:
    save(file, b"")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_symlink_is_replaced_and_its_target_left_alone(file: Path, tmp_path: Path) -> None:
    (target := tmp_path / "elsewhere").write_bytes(b"theirs")
    file.parent.mkdir()
    file.symlink_to(target)
    save(file, b"ours")
    assert (target.read_bytes(), file.read_bytes(), file.is_symlink()) == (b"theirs", b"ours", False)


def test_a_folder_in_place_of_the_file_is_reported_with_a_remedy(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(StoreError, match=rf"{file} could not be saved safely: Is a directory.*ls -la {file.parent}"):
        save(file, b"")
    assert {path.name for path in file.parent.iterdir()} == {file.name, LOCK}


def test_one_writer_at_a_time(file: Path) -> None:
    inside, most = 0, 0

    def write(_: int) -> None:
        nonlocal inside, most
        for _ in range(20):
            with held(file, Disk()):
                inside += 1
                most = max(most, inside)
                replace(file, b"x" * 100, Disk())
                inside -= 1

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, range(4)))
    assert most == 1


def test_waiting_for_a_held_lock_ends_with_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.disk.LOCK_LOOK_S", LOCK_WAIT_S)  # one look, which needs no sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    file, disk = tmp_path / "file", Disk()
    with (
        disk.lock(tmp_path),
        pytest.raises(StoreError, match=rf"another program holds its lock.*fuser -v {tmp_path}/\.lock"),
        held(file, disk),
    ):
        raise AssertionError("it was not held")
