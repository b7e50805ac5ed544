"""`python -m app trips`."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from pathlib import Path

import pytest

from app.commands.command_line import main
from app.events import ClockQuality
from app.journal.journal import Journal
from app.journal.trips import FIELDS
from config.paths import Paths
from tests.support.trips import TRIP


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    paths = Paths(tmp_path, tmp_path / "run", tmp_path / "common")
    monkeypatch.setattr(Paths, "from_environment", lambda: paths)
    return paths


def save(paths: Paths, clock: ClockQuality = ClockQuality.GPS) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        journal.save_trip(TRIP, 1_790_000_000.0 + TRIP.end_s, TRIP.end_s, clock)


def test_trips_without_a_trip_prints_no_trips_yet(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trips"]) == 0
    assert capsys.readouterr().out == "no trips yet\n"


@pytest.mark.parametrize(("clock", "mark"), [(ClockQuality.GPS, " "), (ClockQuality.GUESS, "?")])
def test_trips_prints_a_table(paths: Paths, capsys: pytest.CaptureFixture[str], clock: ClockQuality, mark: str) -> None:
    save(paths, clock)
    assert main(["trips"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["began", "(UTC)", "minutes"]
    assert line.startswith(f"2026-09-21 14:15 {mark}") and line.split()[-1] == "parked"
    assert len(header) == len(line) <= 120


def test_trips_prints_csv_and_json(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    save(paths)
    assert main(["trips", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert main(["trips", "--csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert tuple(told) == tuple(row) == FIELDS
    assert json.loads(row["alerts_by_kind"]) == told["alerts_by_kind"]


def test_unreadable_trips_are_reported(paths: Paths, caplog: pytest.LogCaptureFixture) -> None:
    paths.events.mkdir(parents=True)
    assert main(["trips"]) == 1
    assert "Is a directory" in caplog.text
