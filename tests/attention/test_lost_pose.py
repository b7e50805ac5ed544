"""A face that is lost: turned too far, bowed, hidden or gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.policy import NORMAL
from app.events import Level, State, Torso
from app.vision.measurements import Signals
from tests.support.story import (
    RATES,
    ROAD,
    START_S,
    Part,
    attentive,
    events,
    kinds,
    looking,
    lost,
    phases,
    reached,
    story,
)


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
