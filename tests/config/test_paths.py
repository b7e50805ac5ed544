"""Where the files are: in a snap, for a user, and by default."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from config.own_files import private_folder
from config.paths import Paths

SNAP = {"SNAP_DATA": "/var/snap/drivewatch/7", "SNAP_COMMON": "/var/snap/drivewatch/common"}


def test_in_a_snap_the_files_are_in_its_folders() -> None:
    paths = Paths.from_environment({**SNAP, "SNAP_INSTANCE_NAME": "drivewatch_rear", "XDG_RUNTIME_DIR": "/run/user/0"})
    assert paths.config == Path("/var/snap/drivewatch/7/config.yaml")
    assert paths.last_good == Path("/var/snap/drivewatch/7/config.last-good.yaml")
    assert paths.history == Path("/var/snap/drivewatch/7/history")
    assert paths.events == Path("/var/snap/drivewatch/common/events.sqlite")
    run = Path("/run/snap.drivewatch_rear")
    assert paths.status == run / "status.json"
    assert (paths.preview, paths.preview_wanted) == (run / "preview.jpg", run / "preview.wanted")
    assert (paths.requests, paths.memory_history) == (run / "requests", run / "memory-history.json")
    assert (paths.sessions, paths.throttle) == (run / "sessions.json", run / "throttle.json")
    assert {path.parent for path in (paths.admin_password, paths.admin_tokens)} == {paths.data}


def test_outside_a_snap_the_environment_names_the_data_folder(tmp_path: Path) -> None:
    paths = Paths.from_environment({"DRIVEWATCH_DATA": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/7"})
    assert (paths.data, paths.common, paths.run) == (tmp_path, tmp_path, Path("/run/user/7/drivewatch"))


def test_by_default_the_data_folder_is_below_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = Paths.from_environment({"SNAP_DATA": "", "DRIVEWATCH_DATA": "", "XDG_RUNTIME_DIR": ""})
    assert paths.data == paths.common == tmp_path / ".drivewatch"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert Paths.from_environment({}).run == Path("/tmp/drivewatch-1000")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert Paths.from_environment({}).run == Path("/run/drivewatch")  # no other user can create it first
    assert not list(tmp_path.iterdir())


def test_the_runtime_folder_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sudo -E` and `su` leave such a folder in the environment."""
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    run = Paths.from_environment({"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": "/elsewhere"}).run
    assert run == Path(f"/elsewhere/drivewatch-{owner + 1}")


def test_folders_are_made_private(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "a" / "data", tmp_path / "run", tmp_path / "common")
    for _ in range(2):
        paths.make()
    for folder in (paths.data, paths.run, paths.common):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_existing_own_folder_is_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert stat.S_IMODE(private_folder(tmp_path).stat().st_mode) == 0o700


def test_a_run_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(PermissionError, match=f"{tmp_path} belongs to another user: `sudo rm -r {tmp_path}`"):
        private_folder(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match=f"`rm {tmp_path}/file`"):
        private_folder(tmp_path / "file")
