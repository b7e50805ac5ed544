"""Files in the run folder: what other users planted is neither opened nor followed, and does not block."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from config.own_files import (
    folder_problem,
    open_file,
    private_folder,
    read_file,
    remove,
    replace_file,
    touch,
    touched_ns,
)
from tests.support.planted import PLANTED, VICTIM


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "victim"
    file.write_bytes(VICTIM)
    return file


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return private_folder(tmp_path / "run")


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_planted_files_are_not_read_and_are_replaced(
    run: Path, victim: Path, plant: Callable[[Path, Path], None]
) -> None:
    file = run / "status.json"
    plant(file, victim)
    plant(run / ".status.json.new", victim.parent / "victim")
    with pytest.raises(OSError):
        read_file(file, 1000)
    assert touched_ns(file) is None
    replace_file(file, b"ours")
    assert (read_file(file, 1000), stat.S_IMODE(file.lstat().st_mode)) == (b"ours", 0o600)
    remove(file)
    plant(file, victim)
    os.close(open_file(file))
    assert read_file(file, 1000) == b""
    assert victim.read_bytes() == VICTIM and not (victim.parent / "made by root").exists()
    assert [path.name for path in run.iterdir()] == ["status.json"]


def test_only_the_beginning_of_a_huge_file_is_read(run: Path) -> None:
    with (run / "huge").open("wb") as file:
        file.truncate(1 << 40)
    assert len(read_file(run / "huge", 1000)) == 1000


def test_the_time_of_a_touch_is_read(run: Path) -> None:
    assert touched_ns(run / "wanted") is None
    touch(run / "wanted")
    before = touched_ns(run / "wanted")
    os.utime(run / "wanted", (1.0, 1.0))
    assert touched_ns(run / "wanted") == 10**9 and before is not None


def test_a_folder_writable_by_others_is_not_used(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(PermissionError, match=f"`ls -ld {shared}` shows whose"):
        private_folder(shared / "run")
    assert f"{shared} is theirs" in folder_problem(shared / "run")
    assert list(shared.iterdir()) == []
    shared.chmod(0o1777)  # sticky, like /tmp: users cannot rename files of others
    private_folder(shared / "run")
    assert folder_problem(shared / "run") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who gives a folder to another group")
def test_a_folder_writable_by_another_group_is_not_used(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2775)
    private_folder(shared / "run").rmdir()  # the group is our own
    os.chown(shared, -1, 65534)
    shared.chmod(0o2775)
    with pytest.raises(PermissionError, match=f"`ls -ld {shared}` shows whose"):
        private_folder(shared / "run")
    shared.chmod(0o3775)
    private_folder(shared / "run")


def test_a_symlink_in_place_of_the_folder_is_not_followed(tmp_path: Path, run: Path) -> None:
    (tmp_path / "link").symlink_to(run)
    with pytest.raises(NotADirectoryError, match=f"`rm {tmp_path}/link`"):
        replace_file(tmp_path / "link" / "status.json", b"ours")
    assert list(run.iterdir()) == [] and "is no folder" in folder_problem(tmp_path / "link")


def test_an_own_symlink_on_the_path_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    replace_file(tmp_path / "link" / "run" / "status.json", b"ours")
    assert (tmp_path / "real" / "run" / "status.json").read_bytes() == b"ours"


def test_a_full_folder_keeps_the_old_file_and_no_partial_one(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_file(run / "status.json", b"old")

    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(run / "status.json", b"new")
    monkeypatch.undo()
    assert read_file(run / "status.json", 10) == b"old" and [path.name for path in run.iterdir()] == ["status.json"]
