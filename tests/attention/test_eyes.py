"""Eyes as attention judges them: sleep in any pose, yawns, frowns, lowered lids, and eyes that cannot be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.driver import STRAIGHT_AHEAD
from app.attention.policy import NORMAL
from app.attention.single_picture import momentary_state
from app.events import Level, State
from app.vision.measurements import Signals
from tests.support.story import (
    OPEN,
    ROAD,
    SHUT,
    START_S,
    Part,
    attentive,
    cues,
    events,
    eyes_closed,
    eyes_hidden,
    kinds,
    lost,
    mouth_open,
    new_attention,
    phases,
    reached,
    samples,
    showing,
    story,
    watched,
)

RATES = (1.0, 2.0, 5.0, 10.0)
AWAY, CLOSED, UNSEEN = State.LOOKING_AWAY, State.EYES_CLOSED, State.EYES_UNSEEN
CAUTION, WARNING, ALARM = Level.CAUTION, Level.WARNING, Level.ALARM


@pytest.mark.parametrize("fps", (1.0, 2.0, 5.0))
@pytest.mark.parametrize(
    "pose",
    [{}, {"pitch_deg": -35}, {"pitch_deg": 35}, {"roll_deg": 35}, {"roll_deg": -35}],
    ids=["upright", "nodding off", "head back", "on the right shoulder", "on the left shoulder"],
)
def test_a_sleeper_alarms_within_a_second_of_three_whatever_the_heads_pose(fps: float, pose: dict[str, float]) -> None:
    for phase_s in phases(fps):
        for look in (story, watched):
            verdicts = look(attentive(START_S), eyes_closed(8, **pose), attentive(20), fps=fps, phase_s=phase_s)
            alarm_s = reached(verdicts, CLOSED, ALARM)
            assert alarm_s is not None
            assert abs(alarm_s - START_S - 3) <= 1


def yawn(shut_after_s: float) -> tuple[Part, ...]:
    """Of 5 s, the eyes shut for 2 of them."""
    return mouth_open(shut_after_s), eyes_closed(2, mar=0.9), mouth_open(3 - shut_after_s)


@pytest.mark.parametrize("fps", RATES)
def test_a_yawn_of_five_seconds_with_eyes_shut_for_two_is_silent(fps: float) -> None:
    for phase_s in phases(fps):
        for look in (story, watched):
            for shut_after_s in (0, 0.5, 1):
                parts = attentive(START_S), *yawn(shut_after_s), attentive(30)
                assert events(look(*parts, fps=fps, phase_s=phase_s)) == []


@pytest.mark.parametrize(("fps", "shut_after_s"), [(1.0, 1.5), (1.0, 3), (2.0, 3), (5.0, 3), (10.0, 3)])
def test_a_yawn_is_silent_whenever_in_it_the_eyes_shut(fps: float, shut_after_s: float) -> None:
    for phase_s in phases(fps):
        parts = attentive(START_S), *yawn(shut_after_s), attentive(30)
        assert events(watched(*parts, fps=fps, phase_s=phase_s)) == []


@pytest.mark.parametrize("fps", RATES)
def test_a_yawn_that_goes_on_with_shut_eyes_is_sleep(fps: float) -> None:
    for phase_s in phases(fps):
        asleep = mouth_open(1), eyes_closed(7, mar=0.9)
        verdicts = story(attentive(START_S), *asleep, attentive(30), fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == [(CLOSED, ALARM)]
        alarm_s = reached(verdicts, CLOSED, ALARM)
        assert alarm_s is not None
        assert abs(alarm_s - START_S - 1 - 3) <= 1


@pytest.mark.parametrize("opens_after_s", [0, 1, 2])
@pytest.mark.parametrize("fps", RATES)
def test_a_sleeper_whose_mouth_falls_open_alarms_in_time(fps: float, opens_after_s: float) -> None:
    for phase_s in phases(fps):
        asleep = eyes_closed(opens_after_s), eyes_closed(8 - opens_after_s, mar=0.9)
        verdicts = story(attentive(START_S), *asleep, attentive(30), fps=fps, phase_s=phase_s)
        alarm_s = reached(verdicts, CLOSED, ALARM)
        assert alarm_s is not None
        assert abs(alarm_s - START_S - 3) <= 1


@pytest.mark.parametrize("fps", RATES)
def test_a_look_that_cannot_see_the_lids_ends_no_closure(fps: float) -> None:
    for phase_s in phases(fps):
        for before_s in (1, 2, 3):
            unknown = showing(1 / fps, eye_blink=None)
            asleep = eyes_closed(before_s), unknown, eyes_closed(6 - before_s)
            verdicts = story(attentive(START_S), *asleep, attentive(30), fps=fps, phase_s=phase_s)
            assert kinds(verdicts) == [(CLOSED, ALARM)]
            alarm_s = reached(verdicts, CLOSED, ALARM)
            assert alarm_s is not None
            # 3 s, to within a second, and a look later where the third second is the one that sees nothing
            assert abs(alarm_s - START_S - 3) <= 1 + 1 / fps


@pytest.mark.parametrize("fps", RATES)
def test_a_look_at_the_instruments_with_lowered_lids_is_never_told(fps: float) -> None:
    for phase_s in phases(fps, 24):
        for look in (story, watched):
            glance = showing(1.2, eye_blink=SHUT, pitch_deg=-8)
            assert events(look(attentive(START_S), glance, attentive(12), fps=fps, phase_s=phase_s)) == []


@pytest.mark.parametrize("fps", RATES)
def test_a_frown_with_shut_eyes_for_two_seconds_is_silent_and_for_four_it_alarms(fps: float) -> None:
    for phase_s in phases(fps):
        into_the_sun = story(attentive(START_S), eyes_closed(2, brow_down=0.8), attentive(20), fps=fps, phase_s=phase_s)
        assert events(into_the_sun) == []
        asleep = story(attentive(START_S), eyes_closed(4, brow_down=0.8), attentive(20), fps=fps, phase_s=phase_s)
        assert kinds(asleep) == [(CLOSED, ALARM)]
        alarm_s = reached(asleep, CLOSED, ALARM)
        assert alarm_s is not None
        assert abs(alarm_s - START_S - 3) <= 1


def test_a_frown_once_in_a_closure_holds_the_microsleep_back_until_the_eyes_were_open_again() -> None:
    frown = eyes_closed(0.5), eyes_closed(0.5, brow_down=0.8), eyes_closed(1.2)
    assert events(story(attentive(START_S), *frown, attentive(20), fps=5)) == []
    then = story(attentive(START_S), *frown, attentive(5), eyes_closed(2.2), attentive(20), fps=5)
    assert kinds(then) == [(CLOSED, WARNING)]


@pytest.mark.parametrize("fps", RATES)
def test_hidden_eyes_are_shown_after_three_seconds_and_told_once_after_a_minute_without_a_sound(fps: float) -> None:
    verdicts = story(attentive(START_S), eyes_hidden(200), attentive(20), fps=fps)
    hidden = [verdict for verdict in verdicts if START_S <= verdict.time_s < START_S + 200]
    shown_s = next(verdict.time_s for verdict in hidden if verdict.state is UNSEEN)
    assert abs(shown_s - START_S - 3) <= 1 / fps
    assert {verdict.state for verdict in hidden if verdict.time_s >= shown_s} == {UNSEEN}
    assert kinds(verdicts) == [(UNSEEN, CAUTION)]
    caution_s = reached(verdicts, UNSEEN, CAUTION)
    assert caution_s is not None
    assert abs(caution_s - START_S - 60) <= 1 / fps
    assert cues(verdicts) == []
    assert verdicts[-1].state is State.ATTENTIVE


@pytest.mark.parametrize("hidden_s", (1, 2))
def test_glare_for_a_moment_is_not_shown(hidden_s: float) -> None:
    verdicts = story(attentive(START_S), *(eyes_hidden(hidden_s), attentive(5)) * 10, fps=5)
    assert {verdict.state for verdict in verdicts} == {State.ATTENTIVE}


def test_of_hidden_eyes_no_share_of_closed_ones_is_known_and_nobody_is_drowsy() -> None:
    assert {verdict.perclos for verdict in story(eyes_hidden(300))} == {None}
    # 40 s of 120 are seen: 60 must be, for a share
    seen = story(attentive(40), eyes_hidden(160))
    assert seen[-1].perclos is None
    assert State.DROWSY not in {kind for kind, _ in kinds(story(eyes_closed(2), eyes_hidden(300)))}


def test_hidden_eyes_do_not_hide_a_head_that_looks_away() -> None:
    aside = showing(7, yaw_deg=40, eye_blink=None, eyes_hidden=True, gaze_yaw_deg=None)
    verdicts = story(attentive(START_S), eyes_hidden(20), aside, eyes_hidden(20))
    assert kinds(verdicts) == [(AWAY, ALARM)]
    assert reached(verdicts, AWAY, ALARM) == pytest.approx(START_S + 20 + 5, abs=1)


def test_a_driver_who_leaves_is_no_longer_shown_with_hidden_eyes() -> None:
    verdicts = story(attentive(START_S), eyes_hidden(20), lost(20))
    assert verdicts[-1].state is State.NO_FACE


def test_a_score_of_hidden_eyes_is_not_believed() -> None:
    mesh_draws_shut_lids = showing(20, eye_blink=SHUT, eyes_hidden=True)
    assert kinds(story(attentive(START_S), mesh_draws_shut_lids, attentive(10))) == []


def test_of_a_picture_alone_hidden_eyes_are_unseen() -> None:
    (seen,) = {eyes_hidden(1).signals_at(0)}
    assert seen is not None
    assert momentary_state(seen, NORMAL, STRAIGHT_AHEAD) is UNSEEN


BETWEEN = 0.33  # less than anybody's shut lids have, more than those of a driver with wide eyes


def test_a_driver_who_is_known_sleeps_with_lids_that_are_lower_than_usual() -> None:
    """As behind glasses."""
    verdicts = story(attentive(START_S), showing(5, eye_blink=BETWEEN), attentive(20))
    assert kinds(verdicts) == [(CLOSED, ALARM)]
    assert reached(verdicts, CLOSED, ALARM) == pytest.approx(START_S + 3, abs=1)
    assert kinds(story(attentive(START_S), showing(5, eye_blink=0.2), attentive(20))) == []


def test_a_driver_whose_lids_usually_hang_is_awake_with_the_same_lids() -> None:
    squinting = showing(START_S, eye_blink=0.26)
    assert kinds(story(squinting, showing(5, eye_blink=BETWEEN), squinting)) == []


def test_scores_that_jump_up_and_down_as_behind_lenses_that_mirror_must_rise_higher() -> None:
    def jumping(time_s: float) -> Signals:
        return replace(ROAD, eye_blink=0.05 if int(time_s) % 4 == 0 else 0.13)

    mirrored = Part(START_S, jumping)
    assert kinds(story(mirrored, showing(5, eye_blink=BETWEEN), mirrored)) == []
    steady = showing(START_S, eye_blink=0.13)
    assert kinds(story(steady, showing(5, eye_blink=BETWEEN), steady)) == [(CLOSED, ALARM)]


def test_lids_that_were_shut_stay_so_at_a_score_that_would_not_begin_sleep() -> None:
    almost = 0.18
    assert kinds(story(attentive(START_S), showing(5, eye_blink=almost), attentive(20))) == []
    verdicts = story(attentive(START_S), eyes_closed(1), showing(5, eye_blink=almost), attentive(20))
    assert kinds(verdicts) == [(CLOSED, ALARM)]


@pytest.mark.parametrize("expression", [{"brow_down": 0.45}, {"mar": 0.1, "smile": 0.3}, {"yaw_deg": 22.0}])
def test_lids_that_hang_in_a_face_that_is_not_at_rest_are_not_shut(expression: dict[str, float]) -> None:
    """It frowns, laughs, or is turned."""
    drooping = showing(5, eye_blink=BETWEEN, gaze_yaw_deg=None, **expression)
    assert kinds(story(attentive(START_S), drooping, attentive(20))) == []


def test_nobody_whose_eyes_are_not_known_yet_sleeps_with_half_shut_lids() -> None:
    assert kinds(story(attentive(3), showing(5, eye_blink=BETWEEN), attentive(20))) == []
    assert kinds(story(attentive(3), eyes_closed(5), attentive(20))) == [(CLOSED, ALARM)]


def test_another_mesh_learns_how_wide_the_eyes_open_anew() -> None:
    attention = new_attention()
    for sample in samples((attentive(START_S),), 1.0):
        attention.update(*sample)
    attention.change_eyes()
    narrow = showing(5, eye_blink=BETWEEN)
    verdicts = [attention.update(START_S + time_s, sight, seen) for time_s, sight, seen, *_ in samples((narrow,), 1.0)]
    assert events(verdicts) == []


def test_eyes_that_a_smile_narrows_are_open() -> None:
    """A smile takes 0.15 off: 0.5 is what shut lids have, 0.35 is not."""
    assert kinds(story(attentive(START_S), showing(6, eye_blink=0.5, smile=1.0), attentive(20))) == []
    assert kinds(story(attentive(START_S), showing(6, eye_blink=0.5), attentive(20))) == [(CLOSED, ALARM)]


def test_who_always_smiles_a_little_sleeps_like_anybody() -> None:
    smiling, asleep = showing(START_S, smile=0.6, eye_blink=OPEN), showing(6, smile=0.6, eye_blink=0.5)
    assert kinds(story(smiling, asleep, smiling)) == [(CLOSED, ALARM)]


@pytest.mark.parametrize("fps", RATES)
def test_eyes_told_as_asleep_are_back_when_they_were_open_for_a_second(fps: float) -> None:
    (event,) = events(story(attentive(START_S), eyes_closed(6), attentive(10), fps=fps))
    assert event.end_s is not None
    assert abs(event.end_s - START_S - 6) <= 1 / fps


def test_the_verdict_says_of_lids_that_are_lowered_that_they_may_be_closed() -> None:
    shown = [story(attentive(START_S), showing(1, eye_blink=blink))[-1].eyes_closed for blink in (OPEN, SHUT, None)]
    assert shown == [False, True, None]
    assert story(eyes_hidden(1))[-1].eyes_closed is None


def test_signals_of_the_road_are_those_of_an_attentive_driver() -> None:
    assert momentary_state(ROAD, NORMAL, STRAIGHT_AHEAD) is State.ATTENTIVE
