"""A file of release 0.2.0, the same file in today's schema, and a release with further steps."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from app.journal import journal_schema
from app.journal.journal import Journal
from tests.support.journal_releases import WRITTEN, Release, Steps


@pytest.fixture
def old_path(tmp_path: Path) -> Path:
    """Events as release 0.2.0 left them when the power was cut."""
    shutil.copytree(WRITTEN, tmp_path / "common")
    return tmp_path / "common" / "events.sqlite"


@pytest.fixture
def path(old_path: Path) -> Path:
    """The same file after today's release ran well."""
    with closing(Journal(old_path, "today")) as journal:
        journal.mark_good()
    return old_path


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """Set the running release's steps: today's and these."""
    today = journal_schema.MIGRATIONS

    def become(steps: Steps) -> None:
        monkeypatch.setattr(journal_schema, "MIGRATIONS", today + steps)

    return become
