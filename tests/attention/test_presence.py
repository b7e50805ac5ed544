"""An empty seat, a blocked camera, a lost camera."""

from __future__ import annotations

import pytest

from app.events import Level, Sight, State
from app.vision.measurements import Signals
from tests.support.story import (
    RATES,
    ROAD,
    START_S,
    Part,
    attentive,
    cues,
    events,
    kinds,
    lost,
    new_attention,
    sight,
    story,
)


@pytest.mark.parametrize("fps", RATES)
def test_empty_seat_is_no_face_and_not_distraction(fps: float) -> None:
    verdicts = story(attentive(START_S), lost(30), attentive(30), fps=fps)
    assert kinds(verdicts) == [(State.NO_FACE, Level.WARNING)]
    assert State.NO_FACE in {verdict.state for verdict in verdicts}
    assert len(cues(verdicts)) == 1


def test_unmeasured_face_is_no_face_and_not_attentive() -> None:
    unmeasured = Part(8, lambda _: Signals(face_width=ROAD.face_width))
    verdicts = story(attentive(START_S), unmeasured, attentive(10))
    assert kinds(verdicts) == [(State.NO_FACE, Level.WARNING)]
    assert verdicts[round(START_S) + 5].state is State.NO_FACE


def test_seat_empty_from_the_start_is_shown_without_an_event() -> None:
    verdicts = story(lost(60))
    assert kinds(verdicts) == []
    assert verdicts[-1].state is State.NO_FACE


@pytest.mark.parametrize("what", (Sight.DARK, Sight.FLAT, Sight.FROZEN))
def test_blocked_camera_is_reported_once_with_its_cause(what: Sight) -> None:
    verdicts = story(attentive(START_S), sight(60, what), attentive(30))
    (event,) = events(verdicts)
    assert (event.kind, event.level, event.detail) == (State.CAMERA_BLOCKED, Level.WARNING, what.value)
    assert len(cues(verdicts)) == 1


def test_alternating_dark_and_flat_pictures_are_one_blocked_event() -> None:
    verdicts = story(attentive(START_S), *(sight(1, Sight.DARK), sight(1, Sight.FLAT)) * 30, attentive(30))
    assert kinds(verdicts) == [(State.CAMERA_BLOCKED, Level.WARNING)]
    assert sum(len(verdict.events) for verdict in verdicts) == 2  # its begin and its end
    assert len(cues(verdicts)) == 1


def test_lost_camera_is_reported_once() -> None:
    verdicts = story(attentive(START_S), sight(60, Sight.NOTHING), attentive(30))
    assert kinds(verdicts) == [(State.NO_CAMERA, Level.WARNING)]
    assert len(cues(verdicts)) == 1
    assert verdicts[-1].state is State.ATTENTIVE


def test_one_late_frame_at_half_a_frame_a_second_is_not_a_lost_camera() -> None:
    attention = new_attention()
    seen = [attention.update(time_s, Sight.CLEAR, ROAD) for time_s in (0.0, 2.0, 4.0, 6.0)]
    seen.append(attention.update(8.5, Sight.NOTHING, None))  # half a second after the frame was due
    seen.append(attention.update(8.6, Sight.CLEAR, ROAD))
    assert {verdict.state for verdict in seen} == {State.ATTENTIVE}
    lost = [attention.update(time_s, Sight.NOTHING, None) for time_s in (11.1, 13.1)]
    assert lost[-1].state is State.NO_CAMERA


@pytest.mark.parametrize("part", [lost(10), sight(10, Sight.DARK), sight(10, Sight.NOTHING)])
def test_first_clear_look_at_the_driver_is_attentive_again(part: Part) -> None:
    verdicts = story(attentive(START_S), part, attentive(1))
    assert [verdict.state for verdict in verdicts[-2:]] == [kinds(verdicts)[0][0], State.ATTENTIVE]


def test_no_face_is_shown_after_three_seconds() -> None:
    verdicts = story(attentive(START_S), lost(4), fps=5.0)
    shown_s = next(verdict.time_s for verdict in verdicts if verdict.state is State.NO_FACE)
    assert shown_s - START_S == pytest.approx(3, abs=0.2)


def test_next_face_is_another_drivers_after_an_absence_of_twenty_seconds() -> None:
    verdicts = story(attentive(START_S), lost(25), fps=5.0)
    forgotten_s = next(verdict.time_s for verdict in verdicts[150:] if not verdict.neutral.learnt)
    assert forgotten_s - START_S == pytest.approx(20, abs=0.2)
