"""Folders and certificates for the tests of HTTPS."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.certificates import RENEW_DAYS, new_pem
from config.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "run", tmp_path / "data")


@pytest.fixture(scope="module")
def pems() -> dict[str, bytes]:
    """Key and certificate in one, by the days it is valid; making them all takes 0.1 s."""
    return {"old": new_pem(RENEW_DAYS - 1), "new": new_pem(RENEW_DAYS + 1), "other": new_pem()}
