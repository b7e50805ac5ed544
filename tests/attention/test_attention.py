import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.attention.judgement import Attention
from app.attention.policy import NORMAL
from app.events import Level, Sight, State, Torso, Verdict
from app.vision.measurements import Signals
from config.settings import Settings
from tests.support.story import (
    OPEN,
    REPEAT_S,
    ROAD,
    SHUT,
    Part,
    attentive,
    blinking,
    cues,
    events,
    eyes_closed,
    looking,
    lost,
    mouth_open,
    new_attention,
    on_phone,
    passenger,
    reached,
    samples,
    sight,
    story,
    watched,
)

ANALYSIS = Settings().analysis
RATES = (0.5, 1.0, 2.0, 10.0)
START_S = 30.0  # long enough to learn the neutral pose


def phases(fps: float) -> list[float]:
    """Where between two events the camera may happen to look."""
    return [part / 4 / fps for part in range(4)]


def kinds(verdicts: list[Verdict]) -> list[tuple[State, Level]]:
    return [(event.kind, event.level) for event in events(verdicts)]


@pytest.mark.parametrize("fps", RATES)
def test_ten_minutes_of_attention_raise_nothing(fps: float) -> None:
    verdicts = story(attentive(600), fps=fps)
    assert events(verdicts) == []
    assert cues(verdicts) == []
    assert {verdict.state for verdict in verdicts} == {State.ATTENTIVE}


@pytest.mark.parametrize("fps", RATES)
def test_mirror_and_instrument_glances_stay_silent(fps: float) -> None:
    for phase_s in phases(fps):
        turn = (attentive(8), looking(1.5, yaw_deg=40), attentive(10), looking(1.2, pitch_deg=-22))
        verdicts = story(attentive(START_S), *turn * 20, fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == []
        assert cues(verdicts) == []


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize(
    ("kind", "turn"),
    [
        (State.LOOKING_AWAY, {"yaw_deg": 40}),
        (State.LOOKING_AWAY, {"yaw_deg": -40}),
        (State.LOOKING_AWAY, {"pitch_deg": 40}),
        (State.LOOKING_DOWN, {"pitch_deg": -25}),
    ],
)
def test_each_level_of_a_glance_comes_within_a_sample_of_its_time(
    fps: float, kind: State, turn: dict[str, float]
) -> None:
    limits = {
        Level.CAUTION: NORMAL.away_caution_s,
        Level.WARNING: NORMAL.away_warning_s,
        Level.ALARM: NORMAL.away_alarm_s,
    }
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), looking(9, **turn), attentive(20), fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == [(kind, Level.ALARM)]
        for level, limit_s in limits.items():
            alert_s = reached(verdicts, kind, level)
            assert alert_s is not None
            assert abs(alert_s - START_S - limit_s) <= 1 / fps + 1e-6


def test_the_warning_of_three_and_a_half_seconds_falls_on_the_fourth_sample_away() -> None:
    verdicts = story(attentive(START_S), looking(9, yaw_deg=40))
    assert reached(verdicts, State.LOOKING_AWAY, Level.WARNING) == START_S + 3


def test_an_event_says_between_which_times_it_began_and_when_it_ended() -> None:
    (event,) = events(story(attentive(START_S), looking(6, yaw_deg=40), attentive(20), phase_s=0.25))
    assert event.onset_earliest_s <= START_S <= event.onset_latest_s
    assert event.end_s is not None
    assert abs(event.end_s - START_S - 6) <= 1


def test_eleven_seconds_away_are_unresponsive() -> None:
    (event,) = events(story(attentive(START_S), looking(14, yaw_deg=40), attentive(5)))
    assert (event.level, event.detail) == (Level.ALARM, "unresponsive")


@pytest.mark.parametrize(
    "inattentive",
    [looking(20, yaw_deg=40), looking(20, pitch_deg=-25), eyes_closed(20), on_phone(20)],
    ids=["away", "down", "asleep", "phone"],
)
def test_the_alarm_repeats_while_its_cause_lasts_and_stops_with_it(inattentive: Part) -> None:
    verdicts = story(attentive(START_S), inattentive, attentive(20))
    alarms = [time_s for time_s, cue in cues(verdicts) if cue.level is Level.ALARM]
    assert all(REPEAT_S - 1e-6 <= later - earlier <= REPEAT_S + 1 for earlier, later in itertools.pairwise(alarms))
    assert len(alarms) >= 4
    assert max(alarms) < START_S + 20


def test_the_level_falls_one_step_at_a_time() -> None:
    verdicts = story(attentive(START_S), looking(7, yaw_deg=40), attentive(20))
    after = [verdict.level for verdict in verdicts if verdict.time_s >= START_S + 7]
    assert after[0] is Level.ALARM
    assert all(earlier - later in (0, 1) for earlier, later in itertools.pairwise(after))
    assert after[-1] is Level.NONE


@pytest.mark.parametrize("fps", RATES)
def test_short_glances_add_up(fps: float) -> None:
    # no multiple of a sample period, or a slow camera would see all of them or none
    glances = (looking(1.8, yaw_deg=40), attentive(2.37)) * 9
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), *glances, attentive(60), fps=fps, phase_s=phase_s)
        assert [kind for kind, _ in kinds(verdicts)] == [State.DISTRACTED]
        warned_s = reached(verdicts, State.DISTRACTED, Level.WARNING)
        # 10 s away are reached in the sixth glance: five of 1.8 s, then 1 s; few samples count it a glance or two off
        assert warned_s is not None
        assert abs(warned_s - (START_S + 5 * 4.17 + 1)) <= 4.17 + 3 / fps


def test_a_long_glance_with_its_own_warning_is_not_counted_again_as_repeated() -> None:
    parts = (looking(9, yaw_deg=40), attentive(4), looking(1.5, yaw_deg=40), attentive(4), looking(1.5, yaw_deg=-40))
    assert [kind for kind, _ in kinds(story(attentive(START_S), *parts, attentive(30)))] == [State.LOOKING_AWAY]


@pytest.mark.parametrize("fps", RATES)
def test_blinks_raise_nothing(fps: float) -> None:
    verdicts = story(attentive(START_S), blinking(600, every_s=4.3, blink_s=0.15), fps=fps)
    assert kinds(verdicts) == []


# A look comes at most a period after the lids shut; from it on looks must show them shut for 1.25 s: after 1, 2, 3, 13
# periods. The warning is due then, or at 1.5 s: 2 + 2, 1 + 2, 0.5 + 1.5, 0.1 + 1.4 seconds
@pytest.mark.parametrize(("fps", "latest_s"), [(0.5, 4.0), (1.0, 3.0), (2.0, 2.0), (10.0, 1.6)])
def test_eyes_closed_for_a_second_and_a_half_are_a_microsleep(fps: float, latest_s: float) -> None:
    for phase_s in phases(fps):
        for_s = max(2.2, latest_s)  # a slower camera can only see longer ones
        verdicts = story(attentive(100), eyes_closed(for_s), attentive(100), fps=fps, phase_s=phase_s)
        found = [event for event in events(verdicts) if event.kind is State.EYES_CLOSED]
        assert [event.level >= Level.WARNING for event in found] == [True]
        alert_s = reached(verdicts, State.EYES_CLOSED, Level.WARNING)
        assert alert_s is not None
        assert 1.5 - 1 / fps - 1e-6 <= alert_s - 100 <= latest_s + 1e-6


@pytest.mark.parametrize("fps", RATES)
def test_sleep_alarms(fps: float) -> None:
    for phase_s in phases(fps):
        verdicts = story(attentive(100), eyes_closed(9), attentive(100), fps=fps, phase_s=phase_s)
        (event,) = [event for event in events(verdicts) if event.kind is State.EYES_CLOSED]
        assert (event.level, event.detail) == (Level.ALARM, "unresponsive")
        alert_s = reached(verdicts, State.EYES_CLOSED, Level.ALARM)
        assert alert_s is not None
        assert abs(alert_s - 100 - NORMAL.asleep_s) <= 1 / fps + 1e-6


def test_an_event_is_told_once_for_each_step_it_reaches() -> None:
    verdicts = story(attentive(100), eyes_closed(30), attentive(20))
    told = [event for verdict in verdicts for event in verdict.events if event.kind is State.EYES_CLOSED]
    assert [event.detail for event in told] == ["microsleep", "asleep", "unresponsive", "unresponsive"]
    assert [event.end_s is None for event in told] == [True, True, True, False]


def test_lids_that_follow_the_gaze_down_are_not_sleep() -> None:
    down = replace(ROAD, pitch_deg=-25, eye_blink=0.12)
    attention = new_attention()
    for time_s in range(30):
        attention.update(time_s, Sight.CLEAR, ROAD)
    seen = [attention.update(30 + number, Sight.CLEAR, down) for number in range(6)]
    assert {event.kind for verdict in seen for event in verdict.events} == {State.LOOKING_DOWN}


@pytest.mark.parametrize("fps", (0.5, 1.0, 5.0))
def test_eyes_closed_a_sixth_of_the_time_are_drowsy(fps: float) -> None:
    verdicts = story(attentive(60), blinking(300, every_s=6.0 + 1 / 7, blink_s=1.2), fps=fps)
    assert State.DROWSY in {event.kind for event in events(verdicts)}
    assert verdicts[-1].perclos == pytest.approx(0.19, abs=0.06)


@pytest.mark.parametrize("then", [lost(400), sight(400, Sight.NOTHING), sight(400, Sight.DARK)])
def test_of_who_is_seen_no_more_nobody_says_drowsy_for_long(then: Part) -> None:
    nodding = blinking(300, every_s=6.0 + 1 / 7, blink_s=1.2)
    verdicts = story(attentive(60), nodding, eyes_closed(2), attentive(4), eyes_closed(2), nodding, then)
    assert verdicts[650].state is State.DROWSY
    assert State.DROWSY not in {verdict.state for verdict in verdicts[-200:]}
    assert {event.kind for event in events(verdicts) if event.end_s is None} <= {
        State.NO_FACE,
        State.NO_CAMERA,
        State.CAMERA_BLOCKED,
    }


@pytest.mark.parametrize(("what", "shown"), [("nothing", State.NO_CAMERA), ("dark", State.CAMERA_BLOCKED)])
def test_who_sees_nothing_shows_that_before_all_else(what: str, shown: State) -> None:
    sleepy = (attentive(5), eyes_closed(3)) * 4
    verdicts = story(attentive(60), *sleepy, attentive(3), sight(20, Sight(what)))
    assert (verdicts[-21].state, verdicts[-1].state) == (State.DROWSY, shown)


@pytest.mark.parametrize(("microsleeps", "told"), [(2, set()), (3, {Level.ALARM})])
def test_the_third_microsleep_in_five_minutes_is_a_drowsy_alarm_that_sounds_once(
    microsleeps: int, told: set[Level]
) -> None:
    verdicts = story(attentive(120), *(eyes_closed(3), attentive(60)) * microsleeps)
    assert {level for kind, level in kinds(verdicts) if kind is State.DROWSY} == told
    assert len([cue for _, cue in cues(verdicts) if cue.kind is State.DROWSY]) == len(told)


def test_eyes_closed_for_more_than_a_quarter_of_the_time_are_a_drowsy_alarm() -> None:
    verdicts = story(attentive(60), blinking(600, every_s=3 + 1 / 7, blink_s=1.3))
    assert reached(verdicts, State.DROWSY, Level.ALARM)


def test_perclos_over_the_shortest_history_is_known_in_spite_of_a_look_that_fails() -> None:
    shortest = replace(Settings(), analysis=replace(ANALYSIS, history_window=60))
    verdicts = story(*(attentive(30), lost(1)) * 6, settings=shortest)
    assert None not in [verdict.perclos for verdict in verdicts[100:]]


def test_perclos_is_unknown_before_a_minute_was_measured() -> None:
    verdicts = story(attentive(90))
    assert verdicts[50].perclos is None
    assert verdicts[-1].perclos == 0


@pytest.mark.parametrize("fps", RATES)
def test_the_third_yawn_in_five_minutes_is_a_caution_and_talking_is_not(fps: float) -> None:
    yawn = (attentive(40), mouth_open(5))
    assert kinds(story(*yawn * 2, attentive(30), fps=fps)) == []
    assert kinds(story(*yawn * 3, attentive(30), fps=fps)) == [(State.YAWNING, Level.CAUTION)]
    talk = (mouth_open(0.3, 0.7), attentive(0.4), mouth_open(0.5, 0.3), attentive(0.5))
    assert kinds(story(*talk * 200, fps=fps)) == []


def test_a_yawn_is_wide_on_average_though_single_looks_are_misread() -> None:
    yawn = (attentive(40), mouth_open(1, 0.45), mouth_open(1, 0.6), mouth_open(1, 0.35), mouth_open(1, 0.5))
    assert kinds(story(*yawn * 3, attentive(30))) == [(State.YAWNING, Level.CAUTION)]


def test_a_yawn_is_wider_than_the_words_of_who_yawns() -> None:
    words, yawn = (mouth_open(1, 0.1), mouth_open(2, 0.38)) * 13, mouth_open(5, 0.5)
    assert kinds(story(*(attentive(40), yawn) * 3, attentive(30))) == [(State.YAWNING, Level.CAUTION)]
    assert kinds(story(*(*words, yawn) * 3, attentive(30))) == []
    assert kinds(story(*(*words, mouth_open(5, 0.6)) * 3, attentive(30))) == [(State.YAWNING, Level.CAUTION)]


def test_a_look_that_fails_makes_no_second_yawn_of_one() -> None:
    yawn = (attentive(40), mouth_open(3), lost(1), mouth_open(3))
    assert kinds(story(*yawn * 2, attentive(30))) == []


def test_who_sleeps_with_an_open_mouth_does_not_yawn() -> None:
    asleep = eyes_closed(30, mar=0.9)
    verdicts = story(attentive(START_S), asleep, attentive(20))
    assert kinds(verdicts) == [(State.EYES_CLOSED, Level.ALARM)]
    assert reached(verdicts, State.EYES_CLOSED, Level.ALARM) == pytest.approx(START_S + NORMAL.asleep_s, abs=1)


def test_a_phone_at_the_ear_escalates() -> None:
    verdicts = story(attentive(START_S), on_phone(12), attentive(10))
    assert kinds(verdicts) == [(State.PHONE, Level.ALARM)]
    for level, limit_s in ((Level.CAUTION, NORMAL.phone_caution_s), (Level.WARNING, NORMAL.phone_warning_s)):
        assert abs((reached(verdicts, State.PHONE, level) or 0) - START_S - limit_s) <= 1


@pytest.mark.parametrize("fps", RATES)
def test_an_empty_seat_is_no_face_and_not_distraction(fps: float) -> None:
    verdicts = story(attentive(START_S), lost(30), attentive(30), fps=fps)
    assert kinds(verdicts) == [(State.NO_FACE, Level.WARNING)]
    assert State.NO_FACE in {verdict.state for verdict in verdicts}
    assert len(cues(verdicts)) == 1


def test_a_face_that_cannot_be_measured_is_not_called_attentive() -> None:
    unmeasured = Part(8, lambda _: Signals(face_width=ROAD.face_width))
    verdicts = story(attentive(START_S), unmeasured, attentive(10))
    assert kinds(verdicts) == [(State.NO_FACE, Level.WARNING)]
    assert verdicts[round(START_S) + 5].state is State.NO_FACE


def test_a_seat_that_was_empty_from_the_start_is_shown_but_not_alerted() -> None:
    verdicts = story(lost(60))
    assert kinds(verdicts) == []
    assert verdicts[-1].state is State.NO_FACE


@pytest.mark.parametrize("fps", RATES)
def test_a_face_lost_while_turning_away_is_a_glance_and_later_absence(fps: float) -> None:
    turning = looking(2.0, yaw_deg=30)
    verdicts = story(attentive(START_S), turning, lost(6), attentive(20), fps=fps)
    assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]
    verdicts = story(attentive(START_S), turning, lost(40), attentive(20), fps=fps)
    assert {State.LOOKING_AWAY, State.NO_FACE} == {event.kind for event in events(verdicts)}


def test_a_missing_sample_neither_ends_nor_starts_a_glance() -> None:
    verdicts = story(
        attentive(START_S), looking(3, yaw_deg=40), sight(1, Sight.FLAT), looking(3, yaw_deg=40), attentive(9)
    )
    assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]


@pytest.mark.parametrize("what", (Sight.DARK, Sight.FLAT, Sight.FROZEN))
def test_a_blocked_camera_is_said_once_and_is_not_the_drivers_fault(what: Sight) -> None:
    verdicts = story(attentive(START_S), sight(60, what), attentive(30))
    (event,) = events(verdicts)
    assert (event.kind, event.level, event.detail) == (State.CAMERA_BLOCKED, Level.WARNING, what.value)
    assert len(cues(verdicts)) == 1


def test_a_lens_that_looks_dark_and_flat_in_turn_is_blocked_once() -> None:
    verdicts = story(attentive(START_S), *(sight(1, Sight.DARK), sight(1, Sight.FLAT)) * 30, attentive(30))
    assert kinds(verdicts) == [(State.CAMERA_BLOCKED, Level.WARNING)]
    assert sum(len(verdict.events) for verdict in verdicts) == 2  # it begins and ends
    assert len(cues(verdicts)) == 1


def test_a_lost_camera_is_said_once() -> None:
    verdicts = story(attentive(START_S), sight(60, Sight.NOTHING), attentive(30))
    assert kinds(verdicts) == [(State.NO_CAMERA, Level.WARNING)]
    assert len(cues(verdicts)) == 1
    assert verdicts[-1].state is State.ATTENTIVE


def test_one_look_that_comes_late_at_half_a_frame_a_second_is_no_lost_camera() -> None:
    attention = new_attention()
    seen = [attention.update(time_s, Sight.CLEAR, ROAD) for time_s in (0.0, 2.0, 4.0, 6.0)]
    seen.append(attention.update(8.5, Sight.NOTHING, None))  # half a second after the frame was due
    seen.append(attention.update(8.6, Sight.CLEAR, ROAD))
    assert {verdict.state for verdict in seen} == {State.ATTENTIVE}
    lost = [attention.update(time_s, Sight.NOTHING, None) for time_s in (11.1, 13.1)]
    assert lost[-1].state is State.NO_CAMERA


def test_a_passenger_is_not_taken_for_the_driver() -> None:
    verdicts = story(attentive(START_S), passenger(15), attentive(10))
    assert kinds(verdicts) == [(State.NO_FACE, Level.WARNING)]


def test_a_passenger_a_little_farther_away_than_a_driver_beside_is_not_taken_for_the_driver() -> None:
    beside = replace(ROAD, face_x=ROAD.face_x + 1.3 * ROAD.face_width, face_width=0.85 * ROAD.face_width)
    seated_there = Part(15, lambda _: beside)
    assert kinds(story(attentive(START_S), seated_there, attentive(10))) == [(State.NO_FACE, Level.WARNING)]


def test_a_passenger_as_near_the_camera_is_not_taken_for_the_driver() -> None:
    beside = Part(15, lambda _: replace(ROAD, face_x=0.99, face_width=ROAD.face_width))
    assert kinds(story(attentive(START_S), beside, attentive(10))) == [(State.NO_FACE, Level.WARNING)]


@pytest.mark.parametrize("turned", [State.LOOKING_AWAY, State.LOOKING_DOWN])
def test_a_face_glimpsed_beyond_the_meshs_angles_looks_away_and_has_not_left(turned: State) -> None:
    detected_only = Part(7, lambda _: Signals(face_width=ROAD.face_width, detected_only=turned))
    verdicts = story(attentive(START_S), detected_only, attentive(10))
    assert kinds(verdicts) == [(turned, Level.ALARM)]
    alarm_s = reached(verdicts, turned, Level.ALARM)
    assert alarm_s == pytest.approx(START_S + NORMAL.away_alarm_s, abs=1)


def test_a_glimpse_does_not_change_where_the_head_was_seen_to_turn() -> None:
    aside = looking(1, yaw_deg=-37)
    detected_only = Part(7, lambda _: Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_DOWN))
    assert kinds(story(attentive(START_S), aside, detected_only, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]
    down = looking(1, pitch_deg=-17)
    detected_only = Part(7, lambda _: Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_AWAY))
    assert kinds(story(attentive(START_S), down, detected_only, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]


def test_a_glimpse_tells_why_the_face_was_lost_before() -> None:
    glimpse = Part(1, lambda _: Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_AWAY))
    (event,) = events(story(attentive(START_S), lost(4), glimpse, attentive(10)))
    assert (event.kind, event.level) == (State.LOOKING_AWAY, Level.WARNING)
    assert event.onset_s == pytest.approx(START_S, abs=1)


def test_a_glimpse_of_who_comes_back_to_the_seat_is_no_glance_since_then() -> None:
    glimpse = Part(1, lambda _: Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_AWAY))
    for absent_s in (11, 19, 25, 60):
        found = kinds(story(attentive(START_S), lost(absent_s), glimpse, attentive(10)))
        assert found == [(State.NO_FACE, Level.WARNING)], absent_s


@pytest.mark.parametrize("fps", RATES)
def test_a_face_that_is_lost_while_the_driver_sits_there_is_turned_away(fps: float) -> None:
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), lost(7, torso=Torso.UPRIGHT), attentive(10), fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]
        alarm_s = reached(verdicts, State.LOOKING_AWAY, Level.ALARM)
        assert alarm_s == pytest.approx(START_S + NORMAL.away_alarm_s, abs=1 / fps)


@pytest.mark.parametrize("pitch_deg", [-12, -16, -25])
def test_a_head_that_was_going_down_when_it_was_lost_looks_down(pitch_deg: float) -> None:
    verdicts = story(attentive(START_S), looking(1, pitch_deg=pitch_deg), lost(7, torso=Torso.UPRIGHT), attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_DOWN, Level.ALARM)]


def test_a_glimpse_of_a_head_that_was_seen_bowed_is_of_a_bowed_head_whatever_the_seat_shows() -> None:
    detected_only = Part(
        6, lambda _: Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_DOWN), torso=Torso.UPRIGHT
    )
    verdicts = story(attentive(START_S), looking(1, pitch_deg=-25), detected_only, attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_DOWN, Level.ALARM)]


@pytest.mark.parametrize(("torso", "kind"), [(Torso.UPRIGHT, State.LOOKING_AWAY), (Torso.BOWED, State.LOOKING_DOWN)])
def test_what_is_left_of_the_driver_tells_where_the_hidden_face_is_turned(torso: Torso, kind: State) -> None:
    assert kinds(story(attentive(START_S), lost(7, torso=torso), attentive(10))) == [(kind, Level.ALARM)]


def test_a_single_look_does_not_outweigh_those_that_showed_the_driver_otherwise() -> None:
    upright, bowed = lost(1, torso=Torso.UPRIGHT), lost(1, torso=Torso.BOWED)
    aside = story(attentive(START_S), upright, upright, bowed, *(upright,) * 4, attentive(10))
    assert kinds(aside) == [(State.LOOKING_AWAY, Level.ALARM)]
    down = story(attentive(START_S), bowed, bowed, upright, *(bowed,) * 4, attentive(10))
    assert kinds(down) == [(State.LOOKING_DOWN, Level.ALARM)]


def test_a_glimpse_knows_better_where_a_hidden_face_is_turned() -> None:
    detected_only = Part(4, lambda _: Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_DOWN))
    verdicts = story(attentive(START_S), lost(2, torso=Torso.UPRIGHT), detected_only, attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_DOWN, Level.ALARM)]


def test_a_face_hidden_for_a_moment_is_no_glance() -> None:
    for hidden_s in (1, 2, 3):
        glare = attentive(2), lost(hidden_s, torso=Torso.UPRIGHT)
        assert kinds(story(attentive(START_S), *glare * 30)) == []


def test_a_face_that_stays_hidden_counts_as_absence_in_the_end() -> None:
    found = kinds(story(attentive(START_S), lost(60, torso=Torso.UPRIGHT), attentive(10)))
    assert found == [(State.LOOKING_AWAY, Level.ALARM), (State.NO_FACE, Level.WARNING)]


def test_who_looked_aside_and_sits_there_no_more_has_left() -> None:
    verdicts = story(attentive(START_S), looking(1, yaw_deg=40), lost(20, torso=Torso.GONE), attentive(10))
    assert kinds(verdicts) == [(State.NO_FACE, Level.WARNING)]
    assert reached(verdicts, State.NO_FACE, Level.WARNING) == pytest.approx(
        START_S + 1 + NORMAL.no_face_warning_s, abs=1
    )


@pytest.mark.parametrize(
    ("pitch_deg", "told"),
    [(-30, (State.LOOKING_DOWN, Level.ALARM)), (-21, (State.NO_FACE, Level.WARNING))],
    ids=["into the footwell", "to the instruments"],
)
def test_who_bowed_out_of_the_picture_is_still_looking_down(pitch_deg: float, told: tuple[State, Level]) -> None:
    verdicts = story(attentive(START_S), looking(1, pitch_deg=pitch_deg), lost(7, torso=Torso.GONE), attentive(10))
    assert kinds(verdicts) == [told]


def test_short_looks_into_the_lap_add_up_though_the_face_is_lost_in_them() -> None:
    glance = lost(2, torso=Torso.BOWED), attentive(2)
    assert kinds(story(attentive(START_S), *glance * 6, attentive(40))) == [(State.DISTRACTED, Level.WARNING)]


def test_a_glimpse_above_a_chest_that_no_bowed_head_hides_is_of_a_head_turned_aside() -> None:
    down = Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_DOWN)
    detected_only = Part(7, lambda _: down, torso=Torso.UPRIGHT)
    assert kinds(story(attentive(START_S), detected_only, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]


def test_a_profile_that_the_mesh_takes_for_a_small_face_is_turned_away() -> None:
    misfit = replace(ROAD, face_x=ROAD.face_x - 0.1, face_width=0.6 * ROAD.face_width)
    profile = Part(7, lambda _: misfit, torso=Torso.UPRIGHT)
    assert kinds(story(attentive(START_S), profile, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]


def test_a_first_glimpse_ever_counts_from_itself() -> None:
    glimpse = Part(1, lambda _: Signals(face_width=ROAD.face_width, detected_only=State.LOOKING_AWAY))
    assert kinds(story(lost(6), glimpse, attentive(10))) == []


def looked_at(
    blink: Callable[[float], float],
    until_s: float,
    period_s: float = 1.0,
    yaw_deg: Callable[[float], float] = lambda _: 0,
) -> list[Verdict]:
    """By a live camera."""
    trip = Part(until_s, lambda time_s: replace(ROAD, eye_blink=blink(time_s), yaw_deg=yaw_deg(time_s)))
    return watched(trip, fps=1 / period_s)


@pytest.mark.parametrize("apart_s", [0.5, 0.9, 1.0, 1.1, 2.0])
def test_two_blinks_are_no_microsleep(apart_s: float) -> None:
    for phase in range(20):
        first_s = START_S + phase / 20

        def blink(time_s: float, first_s: float = first_s) -> float:
            is_closed = any(0 <= time_s - first_s - after_s < 0.25 for after_s in (0, apart_s))
            return SHUT if is_closed else OPEN

        assert events(looked_at(blink, 60)) == []


@pytest.mark.parametrize("between", ("open", "turned"))
def test_a_blink_soon_after_a_misread_lid_is_no_microsleep(between: str) -> None:
    shown = {"closed": replace(ROAD, eye_blink=SHUT), "turned": replace(ROAD, yaw_deg=33), "open": ROAD}
    attention = new_attention()
    for time_s in range(30):
        attention.update(time_s, Sight.CLEAR, ROAD)
    looks = {30.0: "turned", 31.0: "closed", 31.35: between, 31.7: "closed", 32.0: "open", 32.35: "open", 33.0: "open"}
    verdicts = [attention.update(time_s, Sight.CLEAR, shown[what]) for time_s, what in looks.items()]
    assert State.EYES_CLOSED not in {kind for kind, _ in kinds(verdicts)}


def test_a_blink_and_misread_lids_soon_after_it_are_no_microsleep() -> None:
    looks = {30.0: SHUT, 30.35: OPEN, 30.7: SHUT, 31.0: SHUT, 31.35: SHUT, 32.0: OPEN}
    attention = new_attention()
    for time_s in range(30):
        attention.update(time_s, Sight.CLEAR, ROAD)
    verdicts = [
        attention.update(time_s, Sight.CLEAR, replace(ROAD, eye_blink=blink)) for time_s, blink in looks.items()
    ]
    assert events(verdicts) == []


def shut(begin_s: float, lasts_s: float, misread: int | None) -> Callable[[float], float]:
    """Closed for so long, but for the look of that number, which leaves in doubt whether they are."""
    looks = itertools.count()
    doubtful = 0.4  # shut from 0.43 on, open below 0.37

    def blink(time_s: float) -> float:
        if not begin_s <= time_s < begin_s + lasts_s:
            return OPEN
        return SHUT if next(looks) != misread else doubtful

    return blink


@pytest.mark.parametrize("lasts_s", [2.4, 2.6])
def test_a_microsleep_is_told_at_any_phase_and_in_spite_of_a_misread_lid(lasts_s: float) -> None:
    for phase in range(20):
        begin_s = START_S + phase / 20
        for misread in (None, 1):
            verdicts = looked_at(shut(begin_s, lasts_s, misread), 60)
            assert kinds(verdicts) == [(State.EYES_CLOSED, Level.WARNING)], (phase, misread)
            told_s = reached(verdicts, State.EYES_CLOSED, Level.WARNING)
            assert told_s is not None
            # a second before they are looked at, and looks after 0.35, 0.7, 1 and 1.35 s
            assert told_s - begin_s <= 2.35 + 1e-6


def test_sleep_of_three_and_a_half_seconds_is_told_within_them_at_half_a_frame_a_second() -> None:
    for phase in range(40):
        verdicts = looked_at(shut(START_S + phase / 20, 3.5, None), 60, period_s=2.0)
        told_s = reached(verdicts, State.EYES_CLOSED, Level.WARNING)
        assert told_s is not None
        assert told_s - START_S - phase / 20 <= 3.4 + 1e-6  # 2 s before they are looked at, and 4 looks 0.35 s apart


def test_a_look_aside_soon_after_a_microsleep_is_told_in_time_at_half_a_frame_a_second() -> None:
    verdicts = looked_at(
        lambda time_s: SHUT if 99.5 <= time_s < 102.6 else OPEN,
        120,
        period_s=2.0,
        yaw_deg=lambda time_s: 40 if time_s >= 105 else 0,
    )
    assert {State.EYES_CLOSED, State.LOOKING_AWAY} == {kind for kind, _ in kinds(verdicts)}
    told_s = reached(verdicts, State.LOOKING_AWAY, Level.WARNING)
    assert told_s is not None
    assert told_s - 105 <= NORMAL.away_warning_s + 2


def test_open_eyes_are_looked_at_once_a_second() -> None:
    assert [verdict.time_s for verdict in looked_at(lambda _: OPEN, 60)] == list(range(60))


def test_a_camera_beside_the_wheel_is_learnt() -> None:
    aside = replace(ROAD, yaw_deg=18, pitch_deg=-12)
    attention = new_attention()
    verdicts = [attention.update(time_s, Sight.CLEAR, aside) for time_s in range(120)]
    assert events(verdicts) == []
    assert verdicts[-1].neutral.learnt
    assert (verdicts[-1].yaw_error_deg, verdicts[-1].pitch_error_deg) == (0, 0)


def test_nobody_can_teach_it_to_look_into_the_lap() -> None:
    lap = replace(ROAD, pitch_deg=-45)
    attention = new_attention()
    verdicts = [attention.update(time_s, Sight.CLEAR, lap) for time_s in range(60)]
    assert {event.kind for event in events(verdicts)} == {State.LOOKING_DOWN}
    assert verdicts[-1].neutral.pitch_deg >= ANALYSIS.neutral_pitch - NORMAL.neutral_pitch_range_deg


def has_learnt(attention: Attention) -> bool:
    return attention.driver.neutral.learnt


def test_a_new_driver_after_an_absence_learns_anew_and_so_does_a_recalibration() -> None:
    attention = new_attention()
    for time_s in range(60):
        attention.update(time_s, Sight.CLEAR, ROAD)
    assert has_learnt(attention)
    for time_s in range(60, 100):
        attention.update(time_s, Sight.CLEAR, None)
    assert not has_learnt(attention)
    taller = replace(ROAD, pitch_deg=-14, yaw_deg=10, face_x=0.3)
    verdicts = [attention.update(time_s, Sight.CLEAR, taller) for time_s in range(100, 160)]
    assert [event.kind for event in events(verdicts)] == [State.NO_FACE]  # the absence ends, nothing new begins
    assert attention.driver.neutral.pitch_deg == pytest.approx(-14, abs=1)
    attention.recalibrate()
    assert not has_learnt(attention)


def test_a_gap_of_minutes_is_neither_a_glance_nor_sleep() -> None:
    attention = new_attention()
    for time_s in range(60):
        attention.update(time_s, Sight.CLEAR, ROAD)
    before = attention.update(60, Sight.CLEAR, replace(ROAD, eye_blink=SHUT, yaw_deg=40))
    after = attention.update(360, Sight.CLEAR, replace(ROAD, eye_blink=SHUT, yaw_deg=40))
    assert events([before, after]) == []


def kept(attention: Attention) -> int:
    return len(attention.recent_events)


def test_events_kept_are_bounded_by_number_and_age() -> None:
    few = replace(ANALYSIS, max_events_buffer=3, history_window=120)
    attention = new_attention(few)
    time_s = 0.0
    for _ in range(6):
        for signals in [ROAD] * 14 + [replace(ROAD, yaw_deg=40)] * 6:
            attention.update(time_s, Sight.CLEAR, signals)
            time_s += 1
    assert kept(attention) == 3
    for _ in range(200):
        attention.update(time_s, Sight.CLEAR, ROAD)
        time_s += 1
    assert kept(attention) == 0


def thinned(parts: tuple[Part, ...], slow_from_s: float, slow_to_s: float) -> list[Verdict]:
    """A story at 1 frame a second, of which every second is skipped meanwhile: as the memory governor does it."""
    attention = new_attention()
    seen = [sample for sample in samples(parts, 1.0) if not (slow_from_s <= sample[0] < slow_to_s and sample[0] % 2)]
    return [attention.update(*sample) for sample in seen]


HALVED = [(since_s, to_s) for since_s in range(10, 42) for to_s in (since_s + 1, since_s + 6, since_s + 60)]


@pytest.mark.parametrize(
    ("part", "kind", "alarm_s"),
    [
        (looking(9, yaw_deg=45), State.LOOKING_AWAY, NORMAL.away_alarm_s),
        (looking(9, pitch_deg=-35), State.LOOKING_DOWN, NORMAL.away_alarm_s),
        (eyes_closed(9), State.EYES_CLOSED, NORMAL.asleep_s),
        (on_phone(14), State.PHONE, NORMAL.phone_alarm_s),
    ],
)
def test_whenever_the_rate_is_halved_and_full_again_an_alarm_comes_in_time_and_once(
    part: Part, kind: State, alarm_s: float
) -> None:
    for since_s, to_s in HALVED:
        verdicts = thinned((attentive(START_S), part, attentive(30)), since_s, to_s)
        assert kinds(verdicts) == [(kind, Level.ALARM)], (since_s, to_s)
        at_s = reached(verdicts, kind, Level.ALARM)
        assert at_s is not None
        assert -1.0 <= at_s - (START_S + alarm_s) <= 2.0, (since_s, to_s)  # one period of the slower rate


def test_whenever_the_rate_is_halved_attention_raises_no_sound() -> None:
    """A glance during which the rate changes back may seem half a second longer: a caution by light alone, once."""
    turn = (attentive(8), looking(1.5, yaw_deg=40), attentive(10), blinking(10, 4, 0.2))
    for since_s, to_s in HALVED:
        verdicts = thinned((attentive(START_S), *turn * 4), since_s, to_s)
        assert cues(verdicts) == []
        assert kinds(verdicts) in ([], [(State.LOOKING_AWAY, Level.CAUTION)])


def drowsy(attention: Attention, history_s: float | None, fps: float) -> float | None:
    """When a driver who closes the eyes 2 of 7 seconds from 200 s on is called drowsy."""
    parts = (attentive(200), blinking(400, 7, 2))
    verdicts = []
    for sample in samples(parts, fps):
        if history_s is not None and sample[0] == 100:
            attention.keep_history(history_s)
        verdicts.append(attention.update(*sample))
    return reached(verdicts, State.DROWSY, Level.CAUTION)


@pytest.mark.parametrize("fps", (0.5, 1.0))
def test_a_shorter_history_still_tells_a_drowsy_driver(fps: float) -> None:
    no_microsleeps = replace(NORMAL, microsleep_s=3.0, asleep_s=5.9)
    usual_s = drowsy(new_attention(policy=no_microsleeps), None, fps)
    shorter_s = drowsy(new_attention(policy=no_microsleeps), 60, fps)
    assert usual_s is not None and shorter_s is not None
    assert shorter_s <= usual_s + 10


def test_perclos_over_a_shorter_history_is_of_that_history_and_grows_again() -> None:
    attention = new_attention()
    parts = (attentive(200), blinking(30, 4, 1), attentive(130))
    perclos = []
    for sample in samples(parts, 1.0):
        if sample[0] == 230:
            attention.keep_history(60)
        if sample[0] == 260:
            attention.keep_history(ANALYSIS.history_window)
        perclos.append(attention.update(*sample).perclos)
    assert perclos[229] == pytest.approx(8 / ANALYSIS.history_window, abs=0.01)
    assert perclos[231] == pytest.approx(8 / 60, abs=0.01)
    assert perclos[320] == pytest.approx(8 / ANALYSIS.history_window, abs=0.02)  # nothing older came back
    assert perclos[359] == 0
    assert None not in perclos[65:]


def test_a_shorter_history_forgets_older_events() -> None:
    attention = new_attention()
    parts = (attentive(START_S), looking(6, yaw_deg=45), attentive(70))
    for sample in samples(parts, 1.0):
        attention.update(*sample)
    assert len(attention.recent_events) == 1
    attention.keep_history(60)
    assert len(attention.recent_events) == 0


def test_another_mesh_is_learnt_anew_without_forgetting_the_road() -> None:
    attention = new_attention()
    for sample in samples((looking(40, yaw_deg=8),), 1.0):
        neutral = attention.update(*sample).neutral
    attention.change_eyes()
    assert attention.driver.neutral == neutral and neutral.learnt
