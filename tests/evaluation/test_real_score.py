"""What is counted of real people: faces, eyes, silent clips, gaze, goals and the exit status."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from app.events import Event, Level, State
from tests.evaluation.real_looks import EyesSeen, PictureRead, Run, Seen, StillSeen
from tests.evaluation.real_people import EYES_ASIDE, Clip, Still, Stretch
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

READ = PictureRead(True, False, eyes_closed=False, eye_blink=0.1, yaw_deg=0.0, state=State.ATTENTIVE)
MISSED = replace(READ, has_face=False, eyes_closed=None, eye_blink=None, yaw_deg=None, state=State.NO_FACE)
STILL = Still("still.png", Path("still.png"), ("webcam",), "open", 0.0, 0.0)
CLIP = Clip("clips/lp_1.mp4", Path("lp_1.mp4"), (Stretch(5.0, 6.0, "closed"), Stretch(0.0, 4.0, "open")))
GAZE_CLIP = Clip("clips/gaze_left.mp4", Path("gaze_left.mp4"), (Stretch(6.0, 10.0, EYES_ASIDE),))


def told(kind: State, onset_s: float, end_s: float | None, level: Level = Level.WARNING) -> Event:
    return Event(kind, level, onset_s, onset_s, onset_s, end_s)


def run(clip: Clip, *events: Event, phase: float = 0.0, fps: float = 1.0) -> Run:
    return Run(clip, fps, phase, events)


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
