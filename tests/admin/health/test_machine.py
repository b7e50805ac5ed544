"""The disks and the clock of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from admin.health.machine import MB, Folder, disk_of, machine_now
from admin.health.sensors import Sensors
from config.disk import free_bytes
from config.paths import Paths


def test_each_disk_is_listed_once_with_its_folders(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data", tmp_path / "run", tmp_path / "common")
    found = machine_now(paths, Sensors(), lambda path: 50.0 * MB, lambda path: path == paths.run)
    assert found.folders == (
        Folder("settings, events and logs", str(paths.data), 50.0),
        Folder("status", str(paths.run), 50.0),
    )


def test_a_disk_that_cannot_be_read_has_no_figure(tmp_path: Path) -> None:
    def fail(path: Path) -> float:
        raise OSError(5, "Input/output error")

    found = machine_now(Paths(tmp_path, tmp_path, tmp_path), Sensors(), fail)
    assert [folder.free_mb for folder in found.folders] == [None]
    gone = tmp_path / "gone"
    assert disk_of(gone) == gone
    with pytest.raises(OSError):
        free_bytes(gone)
    assert free_bytes(tmp_path) > 0
