"""A pipe, folder or device in place of the events blocks neither detector nor page, and is reported."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.journal.entries import READ_MAX, JournalUnreadable, recent
from app.journal.journal import Journal
from app.journal.journal_copies import LOG_SUFFIXES, copy_of
from tests.support.events import event, record, sql

STRANGE: dict[str, Callable[[Path], None]] = {
    "FIFO": os.mkfifo,
    "folder": os.mkdir,
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("suffix", ["", *LOG_SUFFIXES])
@pytest.mark.parametrize("make", STRANGE.values(), ids=STRANGE)
def test_file_that_is_not_plain_is_reported_without_blocking(
    tmp_path: Path, make: Callable[[Path], None], suffix: str
) -> None:
    path = tmp_path / "events.sqlite"
    if suffix:
        Journal(path, "boot").close()
    make(Path(f"{path}{suffix}"))
    journal = Journal(path, "boot")
    record(journal, event(1.0))
    assert "events cannot be saved" in journal.problem and f"`ls -l {tmp_path}`" in journal.problem
    with pytest.raises(JournalUnreadable, match=r"Is a directory|it is not a plain file"):
        recent(path)
    Path(f"{path}{suffix}").rmdir() if make is os.mkdir else Path(f"{path}{suffix}").unlink()
    journal.retry(1000.0)
    journal.close()
    assert [entry.event.onset_s for entry in recent(path)] == [1.0]


@pytest.mark.parametrize("make", STRANGE.values(), ids=STRANGE)
def test_copy_that_is_not_plain_does_not_block(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "events.sqlite"
    make(copy_of(path))
    journal = Journal(path, "boot")
    record(journal, event(1.0))
    journal.close()
    assert path.exists() or journal.problem


def test_number_of_events_read_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    Journal(path, "boot").close()
    rows = f"""
    INSERT INTO events (boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, detail, wall_s)
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {2 * READ_MAX})
    SELECT 'boot', 'phone', 2, n, n, n, '', n FROM counted;
    """
    sql(path, rows)
    assert len(recent(path, 10**6)) == READ_MAX
