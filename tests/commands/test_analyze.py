"""`python -m app analyze`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import cv2
import pytest

from app.commands.command_line import main
from tests.support.process import WAIT_S, Process, started


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def wall(tmp_path: Path) -> Path:
    """A picture without a face."""
    cv2.imwrite(str(tmp_path / "wall.png"), cv2.UMat(48, 64, cv2.CV_8UC3).get())
    return tmp_path / "wall.png"


def test_a_plot_that_cannot_be_written_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plot = tmp_path / "missing" / "plot.svg"
    assert main(["analyze", "trip.mp4", "--plot", str(plot)]) == 1
    assert caplog.messages == [f"{plot}: No such file or directory"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "No such file or directory"),
        ("camera: [", "not valid YAML"),
        ("a: &a [x]\nb: [*a, *a]\n", "must not use anchors"),
        ("vision:\n  model: huge\n", "line 2: vision.model: huge must be lite, standard or full"),
    ],
)
def test_problems_of_a_config_file_are_named_and_the_work_is_done(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    problem: str,
) -> None:
    file, wall = tmp_path / "my.yaml", tmp_path / "wall.png"
    if text is not None:
        file.write_text(text)
    cv2.imwrite(str(wall), cv2.UMat(48, 64, cv2.CV_8UC3).get())
    assert main(["analyze", str(wall), "--config", str(file)]) == 0
    assert problem in caplog.messages[0]
    assert caplog.messages[-1].startswith("configuration in force: ")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_endless_config_file_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert main(["analyze", "missing.mp4", "--config", "/dev/zero"]) == 1
    assert "configuration: /dev/zero cannot be read: it is not a file" in caplog.messages


def test_analyze_ends_quietly_when_nobody_reads_on(start: list[Process], tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), cv2.UMat(48, 64, cv2.CV_8UC3).get())
    process = started(start, "analyze", str(tmp_path / "wall.png"))
    assert process.popen.stdout
    process.popen.stdout.close()
    assert process.popen.wait(WAIT_S) == 0
    assert process.popen.stderr
    assert process.popen.stderr.read() == b""
    process.popen.stdout = None


@pytest.mark.parametrize(
    ("out", "err", "is_shown"),
    [
        (io.StringIO(), Terminal(), True),
        (io.StringIO(), io.StringIO(), False),
        (Terminal(), Terminal(), False),
    ],
)
def test_the_progress_bar_is_for_a_terminal_that_shows_nothing_else(
    wall: Path, monkeypatch: pytest.MonkeyPatch, out: io.StringIO, err: io.StringIO, is_shown: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["analyze", str(wall)]) == 0
    assert ("#" in err.getvalue()) is is_shown
