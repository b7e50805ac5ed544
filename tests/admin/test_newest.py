"""A page reads the detector's files once, so that all it shows is of one moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.telemetry import failure, status
from app.telemetry.failure import Failure
from app.telemetry.status import Status

PAGES = (
    "/",
    "/status/part",
    "/status/verdict",
    "/aim",
    "/setup",
    "/trips",
    "/events",
    "/health",
    "/memory",
    "/account",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_the_status_and_the_last_failure_once(
    owner: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    read: list[Path] = []
    statuses, failures = status.read, failure.last

    def read_status(file: Path) -> Status | None:
        read.append(file)
        return statuses(file)

    def read_failure(file: Path) -> Failure | None:
        read.append(file)
        return failures(file)

    monkeypatch.setattr(status, "read", read_status)
    monkeypatch.setattr(failure, "last", read_failure)
    assert owner.get(path).status_code == 200
    assert sorted(file.name for file in read) == ["failure.json", "status.json"]
