"""`python -m app render`."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from app.commands.command_line import main
from app.fake_driver.scenario import SCENE_FIELDS, scenario_names


def test_render_writes_pictures_and_their_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "frames"
    assert main(["render", "asleep", "--out", str(out), "--seconds", "3", "--fps", "2", "--size", "96x72"]) == 0
    assert "6 frames of asleep" in capsys.readouterr().out
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert [line["time_s"] for line in truth] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert set(truth[0]) >= SCENE_FIELDS
    assert [line["file"] for line in truth] == sorted(path.name for path in out.glob("*.png"))
    picture = cv2.imread(str(out / truth[-1]["file"]))
    assert picture is not None
    assert picture.shape == (72, 96, 3)


def test_shorter_rendering_replaces_only_files_of_a_longer_one(tmp_path: Path) -> None:
    (tmp_path / "00007.jpg").touch()
    (tmp_path / "mine.png").touch()
    for seconds in ("3", "1"):
        assert main(["render", "asleep", "--out", str(tmp_path), "--seconds", seconds, "--size", "64x48"]) == 0
    names = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert names == ["00000.png", "00007.jpg", "mine.png", "truth.jsonl"]


def test_render_writes_a_video(tmp_path: Path) -> None:
    assert main(["render", "asleep", "--out", str(tmp_path), "--seconds", "2", "--fps", "5", "--video"]) == 0
    capture = cv2.VideoCapture(str(tmp_path / "video.avi"), cv2.CAP_FFMPEG)
    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (10, 5)
    capture.release()
    assert len((tmp_path / "truth.jsonl").read_text().splitlines()) == 10


def test_truth_of_a_frozen_picture_has_the_current_time(tmp_path: Path) -> None:
    scenario = tmp_path / "frozen.yaml"
    scenario.write_text("about: x\nlength_s: 9\nmoves:\n  - {at_s: 2, for_s: 5, frozen: 1}\n")
    assert main(["render", str(scenario), "--out", str(tmp_path), "--size", "64x48"]) == 0
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [line["time_s"] for line in truth] == list(range(9))
    assert [line["frozen"] for line in truth][3:6] == [1, 1, 1]


def test_unknown_scenario_lists_the_known_ones(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["render", "asleeep", "--out", str(tmp_path / "out")]) == 1
    assert "asleeep" in caplog.text
    assert all(name in caplog.text for name in scenario_names())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [[], ["--video"]])
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, options: list[str]
) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "frames"
    assert main(["render", "asleep", "--out", str(out), *options]) == 1
    assert caplog.messages == [f"{out}: Not a directory"]
