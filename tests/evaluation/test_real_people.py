"""Real people's pictures and clips: their tables are read, and a whole folder is evaluated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from config.settings import Settings
from tests.evaluation.real_people import Stretch, read_people

ROOT = Path(__file__).parents[2]
DEFAULT_MODEL = Settings().vision.model
STILLS_HEAD = "file,group,eyes,yaw_deg,pitch_deg,is"
EYES_HEAD = "file,from_s,to_s,eyes"
PICTURES = {
    "ahead.png": Scene(),
    "asleep.png": Scene(eyes_closed=1.0),
    "aside.png": Scene(yaw_deg=30.0),
}
STILL_ROWS = ("ahead.png,webcam,open,0,0,glasses beard", "asleep.png,car,closed,5,0,", "aside.png,car,open,30,0,")
EYES_ROWS = ("lp_blink.avi,0.0,0.8,open", "lp_blink.avi,1.2,1.5,closed")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rendered pictures, and a clip of 2 s in which the eyes are closed from 1.2 to 1.5 s."""
    folder, renderer = tmp_path_factory.mktemp("people"), Renderer(320, 240, 1)
    for name, scene in PICTURES.items():
        cv2.imwrite(str(folder / name), renderer.picture(scene))
    video = cv2.VideoWriter(str(folder / "lp_blink.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for number in range(20):
        closed = 1.0 if 12 <= number <= 15 else 0.0
        video.write(renderer.picture(Scene(time_s=number / 10, eyes_closed=closed)))
    video.release()
    return folder


def tables(
    folder: Path,
    stills: tuple[str, ...] = STILL_ROWS,
    eyes: tuple[str, ...] = EYES_ROWS,
    clips: tuple[str, ...] = ("lp_blink.avi,blinks once",),
) -> Path:
    heads = {"stills": STILLS_HEAD, "eyes": EYES_HEAD, "clips": "file,what truly happens (seconds)"}
    for name, rows in (("stills", stills), ("eyes", eyes), ("clips", clips)):
        (folder / f"{name}.csv").write_text("\n".join([heads[name], *rows]) + "\n", encoding="utf-8")
    return folder


def evaluate(folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    options = ["--data", str(folder), "--models", DEFAULT_MODEL, "--cores", "1", "--out", str(out)]
    command = [sys.executable, "-m", "tests.evaluation", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_pictures_and_clips_are_read_with_what_is_in_them(shown: Path) -> None:
    people = read_people(tables(shown))
    assert people.problems == []
    assert people.stills[0].words == ("webcam", "glasses", "beard")
    assert [still.must_be_attentive for still in people.stills] == [True, False, False]
    assert [still.is_turned for still in people.stills] == [False, False, True]
    (clip,) = people.clips
    assert clip.must_be_silent
    assert clip.those("closed") == (Stretch(1.2, 1.5, "closed"),)


@pytest.mark.parametrize(
    ("stills", "eyes", "reason"),
    [
        (("gone.png,car,open,0,0,",), (), "stills.csv, line 5: there is no file 'gone.png'"),
        (("ahead.png,car,shut,0,0,",), (), "line 5: eyes are open, narrow, closed, hidden, one or empty, not 'shut'"),
        (("ahead.png,,open,0,0,",), (), "line 5: no group is named"),
        (("ahead.png,car,open,x,0,",), (), "line 5: yaw_deg 'x' is not a number"),
        (("ahead.png,car",), (), "line 5: the line has too few cells"),
        (("ahead.png,car,open,0,0,",), (), "line 5: ahead.png has been labelled before"),
        ((), ("lp_blink.avi,2,1,open",), "eyes.csv, line 4: a stretch needs from_s and to_s"),
        ((), ("lp_blink.avi,,1,open",), "eyes.csv, line 4: a stretch needs from_s and to_s"),
        ((), ("lp_blink.avi,0,1,half",), "line 4: eyes are open, closed, eyes alone look aside, not 'half'"),
        ((), ("ahead.png,0,1,open",), "line 4: ahead.png has no usable row in clips.csv"),
    ],
)
def test_a_wrong_row_is_named_and_left_out(
    shown: Path, stills: tuple[str, ...], eyes: tuple[str, ...], reason: str
) -> None:
    people = read_people(tables(shown, (*STILL_ROWS, *stills), (*EYES_ROWS, *eyes)))
    assert len(people.problems) == 1
    assert reason in people.problems[0]
    assert (len(people.stills), len(people.clips[0].stretches)) == (3, 2)


def test_a_missing_table_or_column_is_named(shown: Path) -> None:
    tables(shown)
    (shown / "clips.csv").unlink()
    (shown / "stills.csv").write_text("file,group\nahead.png,car\n", encoding="utf-8")
    problems = "\n".join(read_people(shown).problems)
    assert f"{shown / 'clips.csv'}: No such file or directory; it names the clips" in problems
    assert "stills.csv: no column `eyes`; the first line must be file,group,eyes" in problems
    assert "aside.png: no row in stills.csv or clips.csv" in problems


def test_real_people_are_evaluated_and_what_is_wrong_is_named(shown: Path, tmp_path: Path) -> None:
    (shown / "half.png").write_bytes((shown / "ahead.png").read_bytes()[:100])
    (shown / "lp_cut.avi").write_bytes(b"no video")
    stills = (*STILL_ROWS, "half.png,car,open,0,0,")
    done = evaluate(
        tables(shown, stills, (*EYES_ROWS, "lp_blink.avi,7,8,open"), ("lp_blink.avi,", "lp_cut.avi,")), tmp_path
    )
    for name in ("half.png", "lp_cut.avi"):
        (shown / name).unlink()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for said in ("half.png: not a picture, or damaged", "lp_cut.avi", "lp_blink.avi: no frame from 7 to 8 s"):
        assert done.stderr.count(said) == 1
    assert "| all | 3 | 3 | 1 |" in done.stdout
    assert "| pictures | 1 | 1 |" in done.stdout
    assert "| frames of clips | 4 | 4 |" in done.stdout
    assert "| lp_blink.avi | 1, 2, 5 | nothing |" in done.stdout
    report = (tmp_path / "real.md").read_text(encoding="utf-8")
    assert report.startswith(done.stdout.rpartition("written:")[0])
    assert "Left out:" in report


def test_a_folder_without_usable_rows_is_no_success(tmp_path: Path) -> None:
    done = evaluate(tables(tmp_path, (), (), ()), tmp_path / "out")
    assert done.returncode == 2
    assert f"error: {tmp_path}: nothing to evaluate" in done.stderr
