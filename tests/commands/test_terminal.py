"""Messages and the progress bar."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.commands.command_line import main
from app.commands.terminal import BAR_COLUMNS, ERASE_LINE, Bar
from app.native_words import no_native_words


@contextmanager
def fresh_log() -> Iterator[None]:
    """Lets `main` set logging up as in a new process: pytest's handlers are taken off the root logger."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)


def test_log_messages_are_shown_while_native_output_is_suppressed(capfd: pytest.CaptureFixture[str]) -> None:
    with fresh_log():
        assert main(["render", "nobody", "--out", "x"]) == 1
        with no_native_words():
            logging.getLogger("app.camera.capture").warning("camera lost")
    assert capfd.readouterr().err.splitlines()[-1] == "WARNING camera lost"


def test_progress_bar_is_redrawn_only_when_it_changes() -> None:
    terminal = io.StringIO()
    bar = Bar(terminal)
    for share in (0.0, 0.5, 0.501, 1.0):
        bar.show(share)
    bar.erase()
    bar.show(1.0)
    half, full = BAR_COLUMNS // 2, f"[{'#' * BAR_COLUMNS}] 100%"
    drawn = (f"[{'.' * BAR_COLUMNS}]   0%", f"[{'#' * half}{'.' * half}]  50%", full, "", full)
    assert terminal.getvalue() == "".join(ERASE_LINE + text for text in drawn)
