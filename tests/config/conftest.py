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
    """PEM files with key and certificate: one to be renewed, one valid, and another one."""
    return {"old": new_pem(RENEW_DAYS - 1), "new": new_pem(RENEW_DAYS + 1), "other": new_pem()}
