"""Real people's pictures and clips: reading the tables, counting, silent clips, gaze, goals and the exit status."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.camera.capture import SECOND_LOOK_S, Frame
from app.events import Event, Level, Neutral, Sight, State, Verdict
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.observer import Look, Watch
from app.recordings.look_times import LookTimes
from config.settings import Settings
from tests.evaluation.real_looks import EyesSeen, PictureRead, Run, Seen, StillSeen, frames_within, looks_of_run
from tests.evaluation.real_people import EYES_ASIDE, Clip, Still, Stretch, read_people
from tests.evaluation.real_score import (
    Share,
    area_under_curve,
    at_least,
    at_most,
    attentive,
    exit_status,
    eyes_of_stills,
    eyes_told,
    faces_found,
    false_alerts,
    gaze_level,
    goals_of,
    groups_of,
    sides,
    told_closed,
    told_in,
)
from tests.evaluation.report import Goal

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


READ = PictureRead(True, False, eyes_closed=False, eye_blink=0.1, yaw_deg=0.0, state=State.ATTENTIVE)
MISSED = replace(READ, has_face=False, eyes_closed=None, eye_blink=None, yaw_deg=None, state=State.NO_FACE)
STILL = Still("still.png", Path("still.png"), ("webcam",), "open", 0.0, 0.0)
CLIP = Clip("clips/lp_1.mp4", Path("lp_1.mp4"), (Stretch(5.0, 6.0, "closed"), Stretch(0.0, 4.0, "open")))
GAZE_CLIP = Clip("clips/gaze_left.mp4", Path("gaze_left.mp4"), (Stretch(6.0, 10.0, EYES_ASIDE),))


def told(kind: State, onset_s: float, end_s: float | None, level: Level = Level.WARNING) -> Event:
    return Event(kind, level, onset_s, onset_s, onset_s, end_s)


def run(clip: Clip, *events: Event, phase: float = 0.0, fps: float = 1.0) -> Run:
    return Run(clip, fps, phase, events)


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
    ("yaw_deg", "pitch_deg", "eyes", "is_due"),
    [
        (10.0, -10.0, "narrow", True),
        (-10.0, 10.0, "hidden", True),
        (11.0, 0.0, "open", False),
        (0.0, -11.0, "open", False),
        (0.0, 0.0, "closed", False),
        (0.0, 0.0, "", False),
        (None, 0.0, "open", False),
    ],
)
def test_who_faces_the_camera_with_eyes_not_closed_must_be_attentive(
    yaw_deg: float | None, pitch_deg: float | None, eyes: str, is_due: bool
) -> None:
    assert replace(STILL, yaw_deg=yaw_deg, pitch_deg=pitch_deg, eyes=eyes).must_be_attentive == is_due


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


def test_faces_are_counted_by_mask_and_by_word() -> None:
    masked = replace(STILL, words=("mask", "hat"))
    worn_elsewhere = replace(STILL, words=("portrait", "mask"))
    stills = [StillSeen(STILL, READ), StillSeen(masked, READ), StillSeen(worn_elsewhere, MISSED)]
    counts = {name: faces_found(group) for name, group in groups_of(stills).items()}
    assert counts == {
        "all": Share(2, 3),
        "all but mask": Share(1, 1),
        "mask": Share(1, 2),
        "webcam": Share(1, 1),
        "hat": Share(1, 1),
        "portrait": Share(0, 1),
    }


def test_hidden_eyes_may_be_told_as_not_seen() -> None:
    unseen = replace(READ, state=State.EYES_UNSEEN)
    hidden = replace(STILL, eyes="hidden")
    assert attentive([StillSeen(hidden, unseen), StillSeen(STILL, unseen), StillSeen(STILL, READ)]) == Share(2, 3)


def test_the_side_of_a_turned_head_is_right_wrong_or_not_read() -> None:
    turned = replace(STILL, yaw_deg=-40.0)
    reads = [replace(READ, yaw_deg=yaw_deg) for yaw_deg in (-20.0, 15.0, None)]
    seen = [StillSeen(turned, read) for read in reads]
    assert sides([*seen, StillSeen(STILL, READ)]) == Counter({True: 1, False: 1, None: 1})


def blinking(true: str, *blinks: float | None) -> list[EyesSeen]:
    return [EyesSeen("picture", true, replace(READ, eye_blink=blink)) for blink in blinks]


@pytest.mark.parametrize(
    ("closed", "opened", "area"),
    [
        ((0.9, 0.8), (0.1, 0.7), 1.0),
        ((0.9, 0.6), (0.1, 0.6), 3.5 / 4),  # three pairs are right, one is a tie
        ((0.1,), (0.9,), 0.0),
        ((0.9, None), (None, 0.1), 1.0),
        ((None,), (0.1,), None),
        ((), (0.1,), None),
    ],
)
def test_area_under_the_curve_is_the_share_of_pairs_in_the_right_order(
    closed: tuple[float | None, ...], opened: tuple[float | None, ...], area: float | None
) -> None:
    assert area_under_curve([*blinking("closed", *closed), *blinking("open", *opened)]) == area


def test_eyes_that_were_not_judged_count_as_not_told() -> None:
    reads = [replace(READ, eyes_closed=closed) for closed in (True, False, None)]
    counts = eyes_told(EyesSeen("picture", true, read) for true in ("closed", "open") for read in reads)
    assert told_closed(counts, "closed") == told_closed(counts, "open") == Share(1, 3)
    unsure = [StillSeen(replace(STILL, eyes=name), READ) for name in ("narrow", "hidden", "one", "", "closed")]
    assert [seen.eyes for seen in eyes_of_stills(unsure)] == ["closed"]


@pytest.mark.parametrize(
    ("clip", "event", "is_false"),
    [
        (CLIP, told(State.EYES_CLOSED, 6.9, 8.0), False),
        (CLIP, told(State.EYES_CLOSED, 2.0, 4.1), False),
        (CLIP, told(State.EYES_CLOSED, 2.0, None), False),
        (CLIP, told(State.EYES_CLOSED, 7.1, 8.0), True),
        (CLIP, told(State.EYES_CLOSED, 2.0, 3.9), True),
        (CLIP, told(State.LOOKING_AWAY, 5.0, 6.0), True),
        (CLIP, told(State.LOOKING_AWAY, 5.0, 6.0, Level.CAUTION), False),
        (CLIP, told(State.NO_FACE, 0.0, None, Level.ALARM), True),
        (GAZE_CLIP, told(State.LOOKING_AWAY, 5.0, 6.0), False),
        (replace(GAZE_CLIP, path=Path("clips/cap12.mp4")), told(State.EYES_CLOSED, 5.0, 6.0), True),
    ],
)
def test_an_alert_in_a_silent_clip_is_false_unless_eyes_are_closed_there(
    clip: Clip, event: Event, is_false: bool
) -> None:
    assert false_alerts(run(clip, event)) == ([event] if is_false else [])


def test_a_look_aside_is_told_by_what_overlaps_it() -> None:
    assert gaze_level(run(CLIP, told(State.LOOKING_AWAY, 0.0, 9.0))) is None
    assert gaze_level(run(GAZE_CLIP)) is Level.NONE
    assert (
        gaze_level(run(GAZE_CLIP, told(State.LOOKING_AWAY, 2.0, 5.9), told(State.LOOKING_DOWN, 6.0, 8.0))) is Level.NONE
    )
    late = told(State.LOOKING_AWAY, 9.9, None, Level.CAUTION)
    assert gaze_level(run(GAZE_CLIP, late)) is Level.CAUTION
    assert gaze_level(run(GAZE_CLIP, late, told(State.LOOKING_AWAY, 6.0, 9.0))) is Level.WARNING
    twice = replace(GAZE_CLIP, stretches=(*GAZE_CLIP.stretches, Stretch(20.0, 22.0, EYES_ASIDE)))
    assert gaze_level(run(twice, told(State.LOOKING_AWAY, 6.0, 9.0))) is Level.NONE


def test_events_of_several_runs_that_overlap_are_one() -> None:
    runs = [
        run(CLIP, told(State.YAWNING, 1.0, 3.0), told(State.NO_FACE, 2.0, None), phase=0.0),
        run(CLIP, told(State.YAWNING, 2.5, 5.0, Level.CAUTION), told(State.YAWNING, 9.0, 9.5), phase=0.25),
        run(CLIP, phase=0.5),
    ]
    first, lost, second = told_in(runs)
    assert (first.kind, first.onset_s, first.end_s, first.runs) == (State.YAWNING, 1.0, 5.0, 2)
    assert first.levels == Counter({Level.WARNING: 1, Level.CAUTION: 1})
    assert first.false_alerts == 1
    assert (lost.kind, lost.end_s, lost.runs) == (State.NO_FACE, None, 1)
    assert (second.onset_s, second.runs) == (9.0, 1)


def test_a_goal_is_reached_at_its_limit_and_unknown_of_nothing() -> None:
    assert at_least("faces", 0.99, Share(99, 100)) == Goal("faces", ">= 0.99", "0.990 (99 of 100)", True)
    assert at_least("faces", 0.99, Share(98, 100)).is_reached is False
    assert at_most("open", 0.005, Share(1, 200)).is_reached is True
    assert at_most("open", 0.005, Share(2, 200)).is_reached is False
    assert at_least("faces", 0.99, Share(0, 0)) == Goal("faces", ">= 0.99", "-", None)


def test_goals_of_what_was_seen() -> None:
    seen = Seen(
        stills=[StillSeen(STILL, READ)],
        frames=[EyesSeen("frame", "closed", replace(READ, eyes_closed=True))],
        runs=[
            run(CLIP, told(State.NO_FACE, 0.0, 3.0)),
            *(run(GAZE_CLIP, told(State.LOOKING_AWAY, 6.0, 9.0), fps=fps) for fps in (1.0, 2.0)),
            run(GAZE_CLIP, fps=2.0, phase=0.25),
        ],
    )
    reached = [goal.is_reached for goal in goals_of(seen)]
    assert reached == [True, None, True, True, True, False, True, False, None]
    assert [goal.is_reached for goal in goals_of(Seen())] == [None] * 9


REACHED, LOST, UNKNOWN = (Goal("goal", "0", "0", is_reached) for is_reached in (True, False, None))


@pytest.mark.parametrize(
    ("goals", "problems", "has_seen", "status"),
    [
        ([REACHED, UNKNOWN], [], True, 0),
        ([], [], True, 0),
        ([REACHED, LOST], [], True, 1),
        ([REACHED], ["a picture that is damaged"], True, 1),
        ([UNKNOWN], ["stills.csv: damaged"], False, 2),
    ],
)
def test_the_exit_status_tells_missed_goals_and_nothing_read(
    goals: list[Goal], problems: list[str], has_seen: bool, status: int
) -> None:
    assert exit_status(goals, problems, has_seen) == status


class Urgent(Watch):
    """Judges nothing, finds every look before 1 s urgent, and keeps when it looked."""

    def __init__(self) -> None:
        self.looked_s: list[float] = []

    def reset(self) -> None:
        self.looked_s.clear()

    def look(self, frame: Frame) -> Look:
        self.looked_s.append(frame.time_s)
        verdict = Verdict(frame.time_s, State.ATTENTIVE, Level.NONE, 0.0, Neutral(0, 0, False))
        return Look(frame, Sight.CLEAR, None, None, replace(verdict, is_urgent=frame.time_s < 1))


@pytest.mark.parametrize(
    ("fps", "phase", "looked_s"),
    [
        (1.0, 0.0, [0.0, 0.3, 0.7, 1.0, 2.0]),
        (1.0, 0.5, [0.5, 0.8, 1.2, 1.5, 2.5]),
        (2.0, 0.5, [0.2, 0.7, 1.2, 1.7, 2.2, 2.7]),
        (5.0, 0.0, [round(number * 0.2, 1) for number in range(15)]),
    ],
)
def test_a_run_looks_at_its_rate_and_again_soon_after_an_urgent_look(
    fps: float, phase: float, looked_s: list[float]
) -> None:
    watch, black = Urgent(), np.zeros((16, 16, 3), np.uint8)
    frames = [Frame(black, number / 10, number) for number in range(30)]
    list(looks_of_run(frames, watch, fps, phase))
    assert watch.looked_s == pytest.approx(looked_s)


def test_a_second_look_is_due_only_where_there_is_time_for_one() -> None:
    times = LookTimes(fps=1.0, phase_s=0.25)
    due_s = [times.due_s]
    for time_s in (0.25, 0.6, 0.95):
        times.taken(time_s, time_s, is_urgent=True)
        due_s.append(times.due_s)
    assert due_s == pytest.approx([0.25, 0.25 + SECOND_LOOK_S, 0.6 + SECOND_LOOK_S, 1.25])


def test_the_frames_of_a_stretch_are_its_first_and_last_too() -> None:
    frames = [Frame(np.zeros((1, 1, 3), np.uint8), number / 10, number) for number in range(10)]
    assert [frame.number for frame in frames_within(frames, Stretch(0.3, 0.5, "open"))] == [3, 4, 5]
    assert [frame.number for frame in frames_within(frames, Stretch(0.6, 0.6, "open"))] == [6]
    assert frames_within(frames, Stretch(2.0, 3.0, "open")) == []


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
