"""What the page asks of the detector."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.telemetry.requests import REQUESTS_MAX, Request, ask, take
from config.paths import REQUESTS, private_folder


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


def test_odd_requests_are_removed_with_a_warning(run: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = private_folder(run) / REQUESTS
    (folder / "recalibrate" / "deep").mkdir(parents=True)
    (folder / "mute").symlink_to("/etc/hostname")
    (folder / "format-disk\n").touch()
    (folder / "test-buzzer").touch()
    assert take(run) == [Request.TEST_BUZZER]
    assert list(folder.iterdir()) == [] and Path("/etc/hostname").exists()
    assert len(caplog.records) == 3 and r"'format-disk\n'" in caplog.text


def test_a_flood_of_requests_is_taken_bit_by_bit(run: Path) -> None:
    folder = private_folder(run) / REQUESTS
    folder.mkdir()
    for number in range(REQUESTS_MAX * 2):
        (folder / f"odd-{number}").touch()
    take(run)
    assert len(list(folder.iterdir())) == REQUESTS_MAX
    take(run)
    assert list(folder.iterdir()) == []
