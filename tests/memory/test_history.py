"""The file with the memory readings of two hours."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest

from app.memory.history import STARTS_MAX, History, Reading, read_history, read_starts

BOOT = "0b7c1f6e"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.json"


def reading(time_s: float) -> Reading:
    return Reading(time_s, 80.25, None if time_s % 2 else 70.5, 512.0)


def filled(path: Path, times_s: range) -> History:
    history = History(path, BOOT)
    for time_s in times_s:
        history.add(reading(time_s))
    return history


def times_s(path: Path) -> list[float]:
    return [each.time_s for each in read_history(path, BOOT)]


def test_one_reading_in_thirty_seconds_is_kept(path: Path) -> None:
    filled(path, range(100, 300))
    assert read_history(path, BOOT) == tuple(reading(time_s) for time_s in range(100, 300, 30))


def test_history_keeps_two_hours(path: Path) -> None:
    rows = [[time_s, 80.25, 70.5, 512.0] for time_s in range(0, 8970, 30)]  # more than two hours
    path.write_text(json.dumps({"boot_id": BOOT, "readings": rows}))
    filled(path, range(8970, 9000))
    assert times_s(path) == list(range(9000 - 7200, 9000, 30))
    assert path.stat().st_size < 12_000
    assert list(path.parent.iterdir()) == [path]


def test_readings_older_than_two_hours_are_dropped_after_a_pause(path: Path) -> None:
    filled(path, range(0, 600, 30)).add(reading(7500.0))
    assert times_s(path) == [*range(300, 600, 30), 7500]


def test_history_survives_a_restart_but_not_a_reboot(path: Path) -> None:
    filled(path, range(0, 100, 30))
    filled(path, range(100, 200))
    assert times_s(path) == [0, 30, 60, 90, 120, 150, 180]
    assert read_history(path, "another") == ()
    History(path, "another").add(reading(5.0))
    assert times_s(path) == [] and len(read_history(path, "another")) == 1


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_readings_that_are_not_finite_are_left_out(path: Path, bad: float) -> None:
    history = History(path, BOOT)
    history.add(reading(bad))
    history.add(replace(reading(1.0), pss_mb=bad))
    assert not path.exists()
    history.add(reading(2.0))
    assert times_s(path) == [2]


GARBAGE = [
    "",
    "null",
    "[]",
    "{}",
    "[" * 50_000,
    '{"boot_id": "0b7c1f6e"}',
    '{"boot_id": "0b7c1f6e", "readings": 7}',
    '{"boot_id": "0b7c1f6e", "readings": [[1, 2, 3]]}',
    '{"boot_id": "0b7c1f6e", "readings": [7, null, "text"]}',
    '{"boot_id": "0b7c1f6e", "readings": [[1' + "0" * 400 + ", 1, 1, 1]]}",
    '{"boot_id": "0b7c1f6e", "readings": [[NaN, 1, 1, 1], ["1", 1, 1, 1], [1, null, 1, 1]]}',
]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_damaged_history_is_read_as_empty(path: Path, content: str) -> None:
    path.write_text(content)
    filled(path, range(1))
    assert json.loads(path.read_text())["readings"] == [[0, 80.25, 70.5, 512.0]]


def test_unwritable_history_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "memory.json"
    filled(path, range(0, 90, 30))
    assert read_history(path, BOOT) == ()


def test_starts_of_processes_are_kept_with_the_readings(path: Path) -> None:
    for started_s in (0.0, 600.0):
        History(path, BOOT, started_s=started_s).add(reading(started_s + 30))
    assert read_starts(path, BOOT) == (0.0, 600.0)
    assert read_starts(path, "another") == ()
    History(path, BOOT, started_s=7700.0).add(reading(7750.0))
    assert read_starts(path, BOOT) == (600.0, 7700.0)
    for started_s in range(7751, 7800):
        History(path, BOOT, started_s=float(started_s)).add(reading(started_s + 60.0))
    assert len(read_starts(path, BOOT)) <= STARTS_MAX


@pytest.mark.parametrize("starts", ["7", '["x"]', "[NaN]", "[[1]]", "{}", "null", "[1e999]"])
def test_invalid_starts_are_dropped_and_readings_kept(path: Path, starts: str) -> None:
    path.write_text(f'{{"boot_id": "{BOOT}", "readings": [[1, 80, null, 500]], "starts": {starts}}}')
    assert read_starts(path, BOOT) == ()
    assert len(read_history(path, BOOT)) == 1
    History(path, BOOT, started_s=1.0).add(reading(60.0))
    assert read_starts(path, BOOT) == (1.0,)
