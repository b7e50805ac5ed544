"""The record of the last failure: a damaged one counts as none, and it stays small."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.telemetry import failure
from config.paths import FAILURE
from tests.support.failures import NOW_S, reason


@pytest.mark.parametrize("content", ["", "null", "[]", '{"time_s": 1}', "[" * 50_000, '{"reason": NaN}'])
def test_damaged_failure_record_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FAILURE).write_text(content)
    assert failure.last(tmp_path / FAILURE) is None
    assert failure.note(tmp_path / FAILURE, "new", NOW_S)
    assert reason(tmp_path) == "new"


def test_size_of_a_failure_record_is_bounded(tmp_path: Path) -> None:
    failure.note(tmp_path / FAILURE, "x" * 1_000_000, NOW_S)
    assert (tmp_path / FAILURE).stat().st_size < 1000
