"""The page's requests in the run folder: each is taken once; strange files are ignored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.telemetry.requests import Request, ask, take
from config.own_files import private_folder
from config.paths import REQUESTS


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_each_request_is_taken_once(run: Path) -> None:
    assert take(run) == []
    for request in (Request.MUTE, Request.RECALIBRATE, Request.MUTE):
        ask(run, request)
    assert take(run) == [Request.RECALIBRATE, Request.MUTE]
    assert take(run) == []
    ask(run, Request.TEST_BUZZER)
    assert take(run) == [Request.TEST_BUZZER]


def test_last_of_mute_and_end_mute_wins(run: Path) -> None:
    for first, last in ((Request.MUTE, Request.END_MUTE), (Request.END_MUTE, Request.MUTE)):
        ask(run, first)
        ask(run, last)
        assert take(run) == [last]


def test_files_that_are_not_plain_requests_are_ignored(run: Path) -> None:
    folder = private_folder(run) / REQUESTS
    (folder / "recalibrate" / "deep").mkdir(parents=True)
    (folder / "mute").symlink_to("/etc/hostname")
    os.mkfifo(folder / "delete-events")
    (folder / "format-disk\n").touch()
    (folder / "test-buzzer").touch()
    assert take(run) == [Request.TEST_BUZZER]
    for request in Request:  # requests still work beside them
        ask(run, request)
        assert take(run) == [request]
    assert Path("/etc/hostname").exists()


def test_request_by_a_hard_link_is_ignored(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    folder = private_folder(run) / REQUESTS
    folder.mkdir()
    (folder / "mute").hardlink_to(tmp_path / "mine")
    assert take(run) == []


def test_other_files_do_not_delay_a_request(run: Path) -> None:
    folder = private_folder(run) / REQUESTS
    folder.mkdir()
    for number in range(1000):
        (folder / f"odd-{number}").touch()
    ask(run, Request.MUTE)
    assert take(run) == [Request.MUTE]
    assert len(list(folder.iterdir())) == 1000  # they are left alone
