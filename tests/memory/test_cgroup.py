"""Memory that control groups of both versions leave; what cannot be read is no limit."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from app.memory.cgroup import MB, group_in, room_mb

MAX_V1 = 9223372036854771712


def group(folder: Path, version: int, limit: int | str, usage_mb: int, file_mb: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
    if version == 2:
        names = ("memory.max", "memory.current", "")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{usage_mb * MB}\n")
    files = f"{names[2]}active_file {(file_mb - 10) * MB}\n{names[2]}inactive_file {10 * MB}\n"
    (folder / "memory.stat").write_text(f"anon 1\n{files}")


def room_in(folder: Path) -> float:
    found = group_in(folder)
    return found.room_mb if found else inf


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    return tmp_path / "proc"


def belongs_to(proc: Path, *lines: str) -> None:
    (proc / "self" / "cgroup").write_text("".join(f"{line}\n" for line in lines))


def test_version_2_leaves_its_limit_minus_usage_that_cannot_be_freed(proc: Path, tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    belongs_to(proc, "0::/system.slice/drivewatch.service")
    group(root / "system.slice/drivewatch.service", 2, 200 * MB, 150, 60)
    assert room_mb(proc, root) == 80


def test_version_1_has_its_own_names(proc: Path, tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    belongs_to(proc, "9:name=systemd:/x", "4:memory:/a", "0::/")
    group(root / "memory" / "a", 1, 100 * MB, 100, 10)
    assert room_mb(proc, root) == 5


def test_room_is_that_of_the_tightest_parent_group(proc: Path, tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    belongs_to(proc, "0::/quota.slice/service")
    group(root / "quota.slice/service", 2, "max", 90, 10)
    group(root / "quota.slice", 2, 120 * MB, 115, 10)
    group(root, 2, 4000 * MB, 200, 10)
    assert room_mb(proc, root) == 10


def test_no_room_is_left_above_the_limit(tmp_path: Path) -> None:
    group(tmp_path, 2, 100 * MB, 120, 10)
    assert room_in(tmp_path) == 0


def test_group_without_a_limit_leaves_infinite_room(tmp_path: Path) -> None:
    group(tmp_path, 2, "max", 120, 10)
    assert room_in(tmp_path) == inf
    group(tmp_path / "one", 1, MAX_V1, 120, 10)
    assert room_in(tmp_path / "one") > 1e9


def test_unreadable_group_is_no_limit(proc: Path, tmp_path: Path) -> None:
    assert room_mb(proc, tmp_path / "none") == inf  # no such process, no groups
    belongs_to(proc, "0::/service")
    group(tmp_path / "service", 2, 100 * MB, 50, 10)
    (tmp_path / "service" / "memory.current").unlink()
    assert room_mb(proc, tmp_path) == inf


@pytest.mark.parametrize("text", ["", "much\n", "-\n"])
def test_invalid_figures_are_no_limit(tmp_path: Path, text: str) -> None:
    group(tmp_path, 2, 100 * MB, 50, 10)
    (tmp_path / "memory.stat").write_text(text)
    assert room_in(tmp_path) == inf
