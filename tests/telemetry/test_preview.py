"""The preview: wanted for some seconds after each request, written and removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.telemetry.preview import WANTED_S, Preview, ask_for_preview
from config.paths import PREVIEW, PREVIEW_WANTED


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


def asked_at(run: Path, mtime_s: float) -> None:
    ask_for_preview(run)
    os.utime(run / PREVIEW_WANTED, (mtime_s, mtime_s))


def test_preview_is_wanted_for_ten_seconds_after_each_request(run: Path) -> None:
    preview = Preview(run)
    assert not preview.wanted(0.0)
    asked_at(run, 1000.0)
    assert preview.wanted(1.0) and preview.wanted(1.0 + WANTED_S - 0.1)
    assert not preview.wanted(1.0 + WANTED_S)
    asked_at(run, 1002.0)
    assert preview.wanted(20.0)
    asked_at(run, 1004.0)
    assert preview.wanted(25.0) and preview.wanted(34.0)
    assert not preview.wanted(35.0)


@pytest.mark.parametrize("jump_s", [1e8, -1e8])
def test_clock_jump_does_not_change_how_long_a_preview_is_wanted(run: Path, jump_s: float) -> None:
    preview = Preview(run)
    asked_at(run, 1e9)
    assert preview.wanted(1.0)
    asked_at(run, 1e9 + jump_s)
    assert preview.wanted(9.0) and preview.wanted(18.0)
    assert not preview.wanted(19.0)


def test_preview_request_from_before_the_start_is_ignored(run: Path) -> None:
    ask_for_preview(run)
    assert not Preview(run).wanted(0.0)


def test_withdrawn_preview_request_ends_the_preview(run: Path) -> None:
    preview = Preview(run)
    ask_for_preview(run)
    assert preview.wanted(1.0)
    (run / PREVIEW_WANTED).unlink()
    assert not preview.wanted(2.0)


def test_preview_is_removed_and_none_is_left_from_before(run: Path) -> None:
    preview = Preview(run)
    assert preview.write(b"first") and preview.write(b"second")
    assert (run / PREVIEW).read_bytes() == b"second"
    preview.remove()
    preview.remove()
    assert list(run.iterdir()) == []
    (run / PREVIEW).write_bytes(b"left behind by a kill")
    Preview(run)
    assert list(run.iterdir()) == []
