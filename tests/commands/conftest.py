"""Folders for each test, and processes that end with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.paths import Paths
from tests.support.process import Process
from tests.support.snapd import Snapd

if TYPE_CHECKING:
    from tests.support.doctor import Practice


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run folder; it and the data folder lie in tmp_path."""
    for name in ("SNAP_DATA", "SNAP_COMMON", "SNAP_INSTANCE_NAME", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DRIVEWATCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "drivewatch"


@pytest.fixture
def start() -> Iterator[list[Process]]:
    """Processes that end with the test."""
    started: list[Process] = []
    yield started
    for process in started:
        process.popen.kill()
        process.popen.communicate()


@pytest.fixture
def paths(folders: Path) -> Paths:
    """The folders of this test."""
    return Paths.from_environment()


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    """The doctor; its imports are heavy, so only its tests load them."""
    from tests.support.doctor import Practice

    return Practice(Paths(data=tmp_path / "data", run=tmp_path / "run", common=tmp_path / "common"))


@pytest.fixture
def snapd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapd:
    """An installed snap whose folders hold a file of each kind; its run folder is an ordinary one."""
    found = Snapd.installed(tmp_path)
    env = {**found.env, "SNAP_INSTANCE_NAME": "drivewatch"}
    for name in ("PATH", "SNAP_DATA", "SNAP_COMMON", "SNAP_INSTANCE_NAME", "FAKE_SNAPD", "PYTHONPATH"):
        monkeypatch.setenv(name, env[name])
    run = tmp_path / "run"
    monkeypatch.setattr("config.paths._run_folder", lambda env: run)
    paths = Paths.from_environment()
    paths.make()
    files = (paths.config, paths.last_good, paths.history / "000001-00000000.yaml", paths.admin_password)
    for file in (*files, paths.admin_tokens, paths.events, paths.sessions, paths.throttle, paths.status):
        file.parent.mkdir(exist_ok=True)
        file.write_text("something")
    paths.common.joinpath("own-certificate.pem").write_text("the owner's")
    return found
