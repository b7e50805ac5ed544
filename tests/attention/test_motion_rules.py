"""What of the rules applies while the vehicle is parked, crawls, or drives slowly or fast."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.policy import PRESETS
from app.events import Level, Motion, Sight, State, Verdict
from config.settings import Settings
from tests.support.story import (
    START_S,
    attentive,
    blinking,
    cues,
    events,
    eyes_closed,
    kinds,
    looking,
    lost,
    mouth_open,
    on_phone,
    phases,
    reached,
    sight,
    story,
    while_,
)

STANDING = (Motion.PARKED, Motion.CRAWLING)
FROM_50 = (Motion.FAST, Motion.HIGHWAY)
ROAD = attentive(START_S)


def away(motion: Motion, fps: float = 1.0, phase_s: float = 0.0) -> list[Verdict]:
    """Learns the road, then looks aside for 12 s."""
    return story(while_(Motion.SLOW, ROAD), while_(motion, looking(12, yaw_deg=40)), fps=fps, phase_s=phase_s)


@pytest.mark.parametrize("motion", STANDING)
@pytest.mark.parametrize("part", [looking(20, yaw_deg=40), looking(20, pitch_deg=-30), on_phone(20), lost(15)])
def test_a_distraction_is_no_event_while_the_vehicle_stands(motion: Motion, part: object) -> None:
    verdicts = story(while_(Motion.SLOW, ROAD), while_(motion, part))  # type: ignore[arg-type]
    assert kinds(verdicts) == [] and cues(verdicts) == []
    assert verdicts[-1].level is Level.NONE


@pytest.mark.parametrize("motion", STANDING)
def test_glances_do_not_add_up_while_the_vehicle_stands(motion: Motion) -> None:
    glances = [part for _ in range(12) for part in (looking(1.9, yaw_deg=40), attentive(1.1))]
    assert kinds(story(ROAD, *(while_(motion, part) for part in glances))) == []
    assert State.DISTRACTED in dict(kinds(story(ROAD, *glances)))


@pytest.mark.parametrize("fps", [0.5, 1, 2, 5])
def test_a_slow_drivers_long_look_is_warned_of_by_six_and_a_half_seconds(fps: float) -> None:
    for phase_s in phases(fps):
        warned_s = reached(away(Motion.SLOW, fps, phase_s), State.LOOKING_AWAY, Level.WARNING)
        assert warned_s is not None and 4.9 <= warned_s - START_S <= 6.5 + (fps < 1)


@pytest.mark.parametrize("motion", [Motion.UNKNOWN, *FROM_50])
def test_from_50_kmh_and_where_no_speed_is_known_it_is_warned_of_by_four_seconds(motion: Motion) -> None:
    warned_s = reached(away(motion), State.LOOKING_AWAY, Level.WARNING)
    assert warned_s is not None and warned_s - START_S <= 4.0


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_warns_slow_drivers_earlier_than_fast_ones(name: str) -> None:
    policy = PRESETS[name]
    assert policy.away_warning_s <= policy.slow_away_warning_s <= 6.0
    assert policy.away_alarm_s <= policy.slow_away_alarm_s < policy.unresponsive_s


def test_a_glances_clock_runs_through_changes_of_speed() -> None:
    parts = [while_(Motion.SLOW, looking(4.6, yaw_deg=40)), while_(Motion.FAST, looking(3, yaw_deg=40))]
    warned_s = reached(story(while_(Motion.SLOW, ROAD), *parts), State.LOOKING_AWAY, Level.WARNING)
    assert warned_s is not None and 4.6 <= warned_s - START_S <= 5.6
    standing = [while_(Motion.CRAWLING, looking(8, yaw_deg=40)), while_(Motion.SLOW, looking(3, yaw_deg=40))]
    warned_s = reached(story(while_(Motion.SLOW, ROAD), *standing), State.LOOKING_AWAY, Level.WARNING)
    assert warned_s is not None and 8 <= warned_s - START_S <= 9


def test_a_warned_look_ends_when_the_vehicle_stops() -> None:
    stopped = story(ROAD, looking(6, yaw_deg=40), while_(Motion.CRAWLING, looking(20, yaw_deg=40)))
    (event,) = events(stopped)
    assert event.end_s is not None and event.end_s - START_S == pytest.approx(6, abs=1.1)
    assert max(time_s for time_s, _ in cues(stopped)) <= START_S + 6


def test_a_sleeper_in_a_parked_vehicle_is_shown_and_recorded_without_a_sound() -> None:
    asleep = story(ROAD, while_(Motion.PARKED, eyes_closed(10)))
    assert kinds(asleep) == [(State.EYES_CLOSED, Level.ALARM)] and cues(asleep) == []
    assert asleep[-1].level is Level.ALARM


def test_a_sleeper_who_rolls_off_is_heard_at_once() -> None:
    asleep = story(ROAD, while_(Motion.PARKED, eyes_closed(10)), while_(Motion.CRAWLING, eyes_closed(5)))
    assert cues(asleep)[0][0] - START_S == pytest.approx(10, abs=1.1)


def test_a_camera_that_was_lost_in_the_garage_is_heard_when_the_vehicle_leaves() -> None:
    gone = story(
        ROAD, while_(Motion.PARKED, sight(60, Sight.NOTHING)), while_(Motion.CRAWLING, sight(30, Sight.NOTHING))
    )
    assert [cue.kind for _, cue in cues(gone)] == [State.NO_CAMERA]
    assert cues(gone)[0][0] == pytest.approx(START_S + 60, abs=1.1)


def test_a_sleeper_at_a_red_light_is_heard() -> None:
    assert cues(story(ROAD, while_(Motion.CRAWLING, eyes_closed(5))))


@pytest.mark.parametrize("motion", [Motion.PARKED, Motion.CRAWLING, Motion.SLOW, Motion.FAST])
def test_perclos_pauses_below_65_kmh(motion: Motion) -> None:
    tired = blinking(200, every_s=3, blink_s=1)
    known = story(while_(Motion.HIGHWAY, attentive(90)), while_(motion, tired), fps=2)
    before = next(verdict.perclos for verdict in known if verdict.time_s >= 89)
    assert before is not None and known[-1].perclos == before
    assert State.DROWSY not in dict(kinds(known))
    assert State.DROWSY in dict(kinds(story(while_(Motion.HIGHWAY, tired), fps=2)))


def test_a_drowsy_event_ends_when_the_vehicle_slows_down() -> None:
    tired = blinking(200, every_s=3, blink_s=1)
    verdicts = story(while_(Motion.HIGHWAY, tired), while_(Motion.SLOW, attentive(5)), fps=2)
    assert verdicts[-1].state is State.ATTENTIVE


def test_yawns_in_a_parked_vehicle_are_nobodys_business() -> None:
    yawns = [part for _ in range(4) for part in (mouth_open(4), attentive(10))]
    assert kinds(story(ROAD, *(while_(Motion.PARKED, part) for part in yawns))) == []
    assert State.YAWNING in dict(kinds(story(ROAD, *(while_(Motion.CRAWLING, part) for part in yawns))))


@pytest.mark.parametrize("motion", STANDING)
def test_the_road_is_not_learnt_while_the_vehicle_stands(motion: Motion) -> None:
    aside = looking(60, yaw_deg=15)
    assert not story(while_(motion, aside))[-1].neutral.learnt
    learnt = story(while_(Motion.SLOW, aside))[-1].neutral
    assert learnt.learnt and learnt.yaw_deg == pytest.approx(15)


def test_an_unknown_motion_is_judged_as_without_a_vehicle() -> None:
    parts = (ROAD, looking(12, yaw_deg=40), attentive(5), eyes_closed(5), lost(10))
    assert story(*parts) == story(*(replace(part, motion=Motion.UNKNOWN) for part in parts), settings=Settings())
