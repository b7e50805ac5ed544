"""`python -m app analyze`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import cv2
import pytest

from app.commands.command_line import main
from tests.support.process import WAIT_S, Process, Terminal, started


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
def test_problems_of_a_config_file_are_reported_and_analyze_continues(
    tmp_path: Path,
    wall: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    problem: str,
) -> None:
    file = tmp_path / "my.yaml"
    if text is not None:
        file.write_text(text)
    assert main(["analyze", str(wall), "--config", str(file)]) == 0
    assert problem in caplog.messages[0]
    assert caplog.messages[-1].startswith("configuration in force: ")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_endless_config_file_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert main(["analyze", "missing.mp4", "--config", "/dev/zero"]) == 1
    assert "configuration: /dev/zero cannot be read: it is not a file" in caplog.messages


def test_analyze_ends_quietly_when_its_pipe_is_closed(start: list[Process], wall: Path) -> None:
    process = started(start, "analyze", str(wall))
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
    ids=["output in a file", "no terminal", "output on the terminal"],
)
def test_progress_bar_is_shown_only_if_output_goes_elsewhere(
    wall: Path, monkeypatch: pytest.MonkeyPatch, out: io.StringIO, err: io.StringIO, is_shown: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["analyze", str(wall)]) == 0
    assert ("#" in err.getvalue()) is is_shown
