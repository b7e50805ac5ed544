"""Long and short looks away from the road."""

from __future__ import annotations

import pytest

from app.attention.policy import NORMAL, STRICT, Policy
from app.events import Level, Sight, State
from tests.support.story import (
    RATES,
    START_S,
    attentive,
    cues,
    events,
    eyes_closed,
    kinds,
    looking,
    lost,
    phases,
    reached,
    sight,
    story,
)


@pytest.mark.parametrize("policy", [NORMAL, STRICT], ids=["normal", "strict"])
@pytest.mark.parametrize("fps", RATES)
def test_mirror_and_instrument_glances_stay_silent(fps: float, policy: Policy) -> None:
    for phase_s in phases(fps):
        turn = (attentive(8), looking(1.5, yaw_deg=40), attentive(10), looking(1.2, pitch_deg=-22))
        verdicts = story(attentive(START_S), *turn * 2, fps=fps, phase_s=phase_s, policy=policy)
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
def test_each_level_of_a_look_aside_comes_within_a_frame_of_its_limit(
    fps: float, kind: State, turn: dict[str, float]
) -> None:
    limits = {
        Level.CAUTION: NORMAL.away_caution_s,
        Level.WARNING: NORMAL.away_warning_s,
        Level.ALARM: NORMAL.away_alarm_s,
    }
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), looking(6, **turn), attentive(4), fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == [(kind, Level.ALARM)]
        for level, limit_s in limits.items():
            assert abs(reached(verdicts, kind, level) - START_S - limit_s) <= 1 / fps + 1e-6


def test_event_has_bounds_of_its_onset_and_an_end() -> None:
    (event,) = events(story(attentive(START_S), looking(6, yaw_deg=40), attentive(20), phase_s=0.25))
    assert event.onset_earliest_s <= START_S <= event.onset_latest_s
    assert event.end_s is not None
    assert abs(event.end_s - START_S - 6) <= 1


def test_eleven_seconds_away_is_unresponsive() -> None:
    (event,) = events(story(attentive(START_S), looking(14, yaw_deg=40), attentive(5)))
    assert (event.level, event.detail) == (Level.ALARM, "unresponsive")


@pytest.mark.parametrize("fps", RATES)
def test_short_glances_add_up_to_distracted(fps: float) -> None:
    # no multiple of a sample period, or a slow camera would see all of them or none
    glances = (looking(1.8, yaw_deg=40), attentive(2.37)) * 9
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), *glances, attentive(5), fps=fps, phase_s=phase_s)
        assert [kind for kind, _ in kinds(verdicts)] == [State.DISTRACTED]
        warned_s = reached(verdicts, State.DISTRACTED, Level.WARNING)
        # 10 s away are reached in the sixth glance: five of 1.8 s, then 1 s; few samples count it a glance or two off
        assert abs(warned_s - (START_S + 5 * 4.17 + 1)) <= 4.17 + 3 / fps


@pytest.mark.parametrize("for_s", [4, 9], ids=["warned", "alarmed"])
def test_warned_look_aside_does_not_count_towards_distracted(for_s: float) -> None:
    parts = (looking(for_s, yaw_deg=40), attentive(4), looking(1.5, yaw_deg=40), attentive(4)) * 4
    assert {kind for kind, _ in kinds(story(attentive(START_S), *parts, attentive(30)))} == {State.LOOKING_AWAY}


# Each glance counts 2 s, half a second of them after its last look; four or six end within 30 s
@pytest.mark.parametrize(("road_s", "told"), [(4, []), (2, [State.DISTRACTED])])
def test_unmeasured_look_after_a_glance_counts_neither_way(road_s: float, told: list[State]) -> None:
    parts = (looking(2, yaw_deg=40), sight(1, Sight.FLAT), attentive(road_s)) * 8
    assert [kind for kind, _ in kinds(story(attentive(START_S), *parts))] == told


def test_level_of_distracted_falls_on_the_road_while_its_event_lasts() -> None:
    glances = (looking(1.8, yaw_deg=40), attentive(2.2)) * 8
    verdicts = story(attentive(START_S), *glances, attentive(8), fps=5)
    assert (verdicts[-1].state, verdicts[-1].level) == (State.DISTRACTED, Level.NONE)


INSIDE, BEYOND = False, True
LIMITS = {
    "23 degrees aside": [({"yaw_deg": 23}, INSIDE), ({"yaw_deg": 23.5}, BEYOND), ({"yaw_deg": -23.5}, BEYOND)],
    "18 degrees down": [({"pitch_deg": -18}, INSIDE), ({"pitch_deg": -18.5}, BEYOND)],
    "30 degrees up": [({"pitch_deg": 30}, INSIDE), ({"pitch_deg": 30.5}, BEYOND)],
}
CLEAR = {
    "18 degrees aside": [({"yaw_deg": 18}, INSIDE), ({"yaw_deg": 18.5}, BEYOND), ({"yaw_deg": -18.5}, BEYOND)],
    "13 degrees down": [({"pitch_deg": -13}, INSIDE), ({"pitch_deg": -13.5}, BEYOND)],
    "25 degrees up": [({"pitch_deg": 25}, INSIDE), ({"pitch_deg": 25.5}, BEYOND)],
}


@pytest.mark.parametrize("turns", LIMITS.values(), ids=LIMITS)
def test_look_aside_begins_beyond_its_limit(turns: list[tuple[dict[str, float], bool]]) -> None:
    for turn, is_away in turns:
        verdicts = story(attentive(START_S), looking(4, **turn), attentive(5))
        assert [level for _, level in kinds(verdicts)] == [Level.WARNING] * is_away, turn


@pytest.mark.parametrize("turns", CLEAR.values(), ids=CLEAR)
def test_look_aside_lasts_until_the_head_is_back_within_its_clear_angle(
    turns: list[tuple[dict[str, float], bool]],
) -> None:
    for turn, is_away in turns:
        verdicts = story(attentive(START_S), looking(3, yaw_deg=40), looking(4, **turn), attentive(5))
        assert [level for _, level in kinds(verdicts)] == [Level.ALARM if is_away else Level.CAUTION], turn


@pytest.mark.parametrize("fps", RATES)
def test_face_lost_while_turning_is_a_look_aside_and_later_absence(fps: float) -> None:
    turning = looking(2.0, yaw_deg=30)
    verdicts = story(attentive(START_S), turning, lost(6), attentive(20), fps=fps)
    assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]
    verdicts = story(attentive(START_S), turning, lost(40), fps=fps)
    assert {State.LOOKING_AWAY, State.NO_FACE} == {event.kind for event in events(verdicts)}


def test_flat_picture_does_not_interrupt_a_look_aside() -> None:
    verdicts = story(
        attentive(START_S), looking(3, yaw_deg=40), sight(1, Sight.FLAT), looking(3, yaw_deg=40), attentive(9)
    )
    assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize(
    ("turn", "kind"), [({"pitch_deg": -25}, State.LOOKING_DOWN), ({"yaw_deg": 34}, State.LOOKING_AWAY)]
)
def test_head_that_sinks_with_closed_eyes_is_told_as_sleep_alone(
    fps: float, turn: dict[str, float], kind: State
) -> None:
    """Until the eyes open: then a head that is still down is told, as one that is turned aside always is."""
    asleep = eyes_closed(4), eyes_closed(6, **turn)
    told = {event.kind for event in events(story(attentive(START_S), *asleep, attentive(20), fps=fps))}
    assert told == {State.EYES_CLOSED, *({kind} - {State.LOOKING_DOWN})}
    then = story(attentive(START_S), *asleep, looking(6, **turn), attentive(20), fps=fps)
    assert {event.kind for event in events(then)} == {State.EYES_CLOSED, kind}
