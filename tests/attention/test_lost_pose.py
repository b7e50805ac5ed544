"""A face that is lost: turned too far, bowed, hidden, or gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.policy import NORMAL
from app.events import Level, State, Torso
from tests.support.story import (
    RATES,
    ROAD,
    START_S,
    Part,
    attentive,
    detected_only,
    events,
    kinds,
    looking,
    lost,
    phases,
    reached,
    story,
)


@pytest.mark.parametrize("turned", [State.LOOKING_AWAY, State.LOOKING_DOWN])
def test_head_turned_beyond_the_mesh_looks_away_and_has_not_left(turned: State) -> None:
    verdicts = story(attentive(START_S), detected_only(7, turned), attentive(10))
    assert kinds(verdicts) == [(turned, Level.ALARM)]
    assert reached(verdicts, turned, Level.ALARM) == pytest.approx(START_S + NORMAL.away_alarm_s, abs=1)


def test_measured_turn_outweighs_the_detectors_direction() -> None:
    aside = looking(1, yaw_deg=-37)
    turned_head = detected_only(7, State.LOOKING_DOWN)
    assert kinds(story(attentive(START_S), aside, turned_head, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]
    down = looking(1, pitch_deg=-17)
    turned_head = detected_only(7, State.LOOKING_AWAY)
    assert kinds(story(attentive(START_S), down, turned_head, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]


def test_detected_face_explains_the_loss_before_it() -> None:
    (event,) = events(story(attentive(START_S), lost(4), detected_only(1, State.LOOKING_AWAY), attentive(10)))
    assert (event.kind, event.level) == (State.LOOKING_AWAY, Level.WARNING)
    assert event.onset_s == pytest.approx(START_S, abs=1)


def test_detected_face_after_an_absence_is_not_a_look_aside() -> None:
    turned_head = detected_only(1, State.LOOKING_AWAY)
    for absent_s in (11, 19, 25, 60):
        found = kinds(story(attentive(START_S), lost(absent_s), turned_head, attentive(10)))
        assert found == [(State.NO_FACE, Level.WARNING)], absent_s


@pytest.mark.parametrize("fps", RATES)
def test_lost_face_above_an_upright_torso_looks_away(fps: float) -> None:
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), lost(7, torso=Torso.UPRIGHT), attentive(10), fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]
        assert reached(verdicts, State.LOOKING_AWAY, Level.ALARM) == pytest.approx(
            START_S + NORMAL.away_alarm_s, abs=1 / fps
        )


@pytest.mark.parametrize("pitch_deg", [-12, -16, -25])
def test_face_lost_while_going_down_looks_down(pitch_deg: float) -> None:
    verdicts = story(attentive(START_S), looking(1, pitch_deg=pitch_deg), lost(7, torso=Torso.UPRIGHT), attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_DOWN, Level.ALARM)]


def test_measured_bow_outweighs_an_upright_torso() -> None:
    turned_head = detected_only(6, State.LOOKING_DOWN, Torso.UPRIGHT)
    verdicts = story(attentive(START_S), looking(1, pitch_deg=-25), turned_head, attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_DOWN, Level.ALARM)]


def test_torso_is_judged_by_the_majority_of_looks() -> None:
    upright, bowed = lost(1, torso=Torso.UPRIGHT), lost(1, torso=Torso.BOWED)
    aside = story(attentive(START_S), upright, upright, bowed, *(upright,) * 4, attentive(10))
    assert kinds(aside) == [(State.LOOKING_AWAY, Level.ALARM)]
    down = story(attentive(START_S), bowed, bowed, upright, *(bowed,) * 4, attentive(10))
    assert kinds(down) == [(State.LOOKING_DOWN, Level.ALARM)]


def test_detected_direction_outweighs_an_earlier_torso() -> None:
    turned_head = detected_only(4, State.LOOKING_DOWN)
    verdicts = story(attentive(START_S), lost(2, torso=Torso.UPRIGHT), turned_head, attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_DOWN, Level.ALARM)]


def test_briefly_hidden_face_is_not_a_look_aside() -> None:
    for hidden_s in (1, 2, 3):
        glare = attentive(2), lost(hidden_s, torso=Torso.UPRIGHT)
        assert kinds(story(attentive(START_S), *glare * 30)) == []


def test_face_hidden_for_a_minute_becomes_absence() -> None:
    found = kinds(story(attentive(START_S), lost(60, torso=Torso.UPRIGHT), attentive(10)))
    assert found == [(State.LOOKING_AWAY, Level.ALARM), (State.NO_FACE, Level.WARNING)]


def test_empty_seat_after_a_look_aside_is_absence() -> None:
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
def test_driver_bowed_out_of_the_picture_looks_down(pitch_deg: float, told: tuple[State, Level]) -> None:
    verdicts = story(attentive(START_S), looking(1, pitch_deg=pitch_deg), lost(7, torso=Torso.GONE), attentive(10))
    assert kinds(verdicts) == [told]


def test_short_looks_into_the_lap_add_up_with_the_face_lost() -> None:
    glance = lost(2, torso=Torso.BOWED), attentive(2)
    assert kinds(story(attentive(START_S), *glance * 6, attentive(40))) == [(State.DISTRACTED, Level.WARNING)]


def test_detected_head_above_an_upright_torso_looks_away() -> None:
    turned_head = detected_only(7, State.LOOKING_DOWN, Torso.UPRIGHT)
    assert kinds(story(attentive(START_S), turned_head, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]


def test_profile_misread_as_a_small_face_looks_away() -> None:
    misfit = replace(ROAD, face_x=ROAD.face_x - 0.1, face_width=0.6 * ROAD.face_width)
    profile = Part(7, lambda _: misfit, torso=Torso.UPRIGHT)
    assert kinds(story(attentive(START_S), profile, attentive(10))) == [(State.LOOKING_AWAY, Level.ALARM)]


def test_detected_face_before_any_driver_raises_nothing() -> None:
    assert kinds(story(lost(6), detected_only(1, State.LOOKING_AWAY), attentive(10))) == []
