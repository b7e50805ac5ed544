"""The rules while the vehicle is parked, crawls, or drives slowly or fast."""

from __future__ import annotations

import pytest

from app.events import Level, Motion, Sight, State, Verdict
from tests.support.story import (
    START_S,
    Part,
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
    """A driver whose road is learnt looks aside for 12 s."""
    return story(while_(Motion.SLOW, ROAD), while_(motion, looking(12, yaw_deg=40)), fps=fps, phase_s=phase_s)


@pytest.mark.parametrize("motion", STANDING)
@pytest.mark.parametrize("part", [looking(20, yaw_deg=40), looking(20, pitch_deg=-30), on_phone(20), lost(15)])
def test_distractions_raise_nothing_while_the_vehicle_stands(motion: Motion, part: Part) -> None:
    verdicts = story(while_(Motion.SLOW, ROAD), while_(motion, part))
    assert kinds(verdicts) == [] and cues(verdicts) == []
    assert verdicts[-1].level is Level.NONE


@pytest.mark.parametrize("motion", STANDING)
def test_glances_do_not_add_up_while_the_vehicle_stands(motion: Motion) -> None:
    glances = [part for _ in range(12) for part in (looking(1.9, yaw_deg=40), attentive(1.1))]
    assert kinds(story(ROAD, *(while_(motion, part) for part in glances))) == []
    assert State.DISTRACTED in dict(kinds(story(ROAD, *glances)))


@pytest.mark.parametrize("fps", [0.5, 1, 2, 5])
def test_long_look_at_low_speed_warns_within_six_and_a_half_seconds(fps: float) -> None:
    for phase_s in phases(fps):
        warned_s = reached(away(Motion.SLOW, fps, phase_s), State.LOOKING_AWAY, Level.WARNING)
        assert 4.9 <= warned_s - START_S <= 6.5 + (fps < 1)


@pytest.mark.parametrize("motion", [Motion.UNKNOWN, *FROM_50])
def test_long_look_warns_within_four_seconds_from_50_kmh_or_without_speed(motion: Motion) -> None:
    warned_s = reached(away(motion), State.LOOKING_AWAY, Level.WARNING)
    assert warned_s - START_S <= 4.0


def test_look_aside_keeps_its_onset_when_the_speed_changes() -> None:
    parts = [while_(Motion.SLOW, looking(4.6, yaw_deg=40)), while_(Motion.FAST, looking(3, yaw_deg=40))]
    warned_s = reached(story(while_(Motion.SLOW, ROAD), *parts), State.LOOKING_AWAY, Level.WARNING)
    assert 4.6 <= warned_s - START_S <= 5.6
    standing = [while_(Motion.CRAWLING, looking(8, yaw_deg=40)), while_(Motion.SLOW, looking(3, yaw_deg=40))]
    warned_s = reached(story(while_(Motion.SLOW, ROAD), *standing), State.LOOKING_AWAY, Level.WARNING)
    assert 8 <= warned_s - START_S <= 9


def test_look_aside_ends_when_the_vehicle_stops() -> None:
    stopped = story(ROAD, looking(6, yaw_deg=40), while_(Motion.CRAWLING, looking(20, yaw_deg=40)))
    (event,) = events(stopped)
    assert event.end_s is not None and event.end_s - START_S == pytest.approx(6, abs=1.1)
    assert max(time_s for time_s, _ in cues(stopped)) <= START_S + 6


def test_sleep_in_a_parked_vehicle_is_recorded_without_a_sound() -> None:
    asleep = story(ROAD, while_(Motion.PARKED, eyes_closed(10)))
    assert kinds(asleep) == [(State.EYES_CLOSED, Level.ALARM)] and cues(asleep) == []
    assert asleep[-1].level is Level.ALARM


def test_sleep_alarm_sounds_as_soon_as_the_vehicle_moves() -> None:
    asleep = story(ROAD, while_(Motion.PARKED, eyes_closed(10)), while_(Motion.CRAWLING, eyes_closed(5)))
    assert cues(asleep)[0][0] - START_S == pytest.approx(10, abs=1.1)


def test_camera_lost_while_parked_sounds_when_the_vehicle_leaves() -> None:
    gone = story(
        ROAD, while_(Motion.PARKED, sight(60, Sight.NOTHING)), while_(Motion.CRAWLING, sight(30, Sight.NOTHING))
    )
    assert [cue.kind for _, cue in cues(gone)] == [State.NO_CAMERA]
    assert cues(gone)[0][0] == pytest.approx(START_S + 60, abs=1.1)


@pytest.mark.parametrize("motion", [*STANDING, Motion.SLOW, Motion.FAST])
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


def test_yawns_in_a_parked_vehicle_raise_nothing() -> None:
    yawns = [part for _ in range(4) for part in (mouth_open(4), attentive(10))]
    assert kinds(story(ROAD, *(while_(Motion.PARKED, part) for part in yawns))) == []
    assert State.YAWNING in dict(kinds(story(ROAD, *(while_(Motion.CRAWLING, part) for part in yawns))))


@pytest.mark.parametrize("motion", STANDING)
def test_the_road_is_not_learnt_while_the_vehicle_stands(motion: Motion) -> None:
    aside = looking(60, yaw_deg=15)
    assert not story(while_(motion, aside))[-1].neutral.learnt
    learnt = story(while_(Motion.SLOW, aside))[-1].neutral
    assert learnt.learnt and learnt.yaw_deg == pytest.approx(15)
