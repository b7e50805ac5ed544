"""A mesh that fits a face badly: what it shows of road and open eyes is not believed, what it shows beside them is."""

from __future__ import annotations

from typing import TypedDict

import pytest

from app.attention.policy import NORMAL
from app.events import Level, State
from tests.support.story import OPEN, ROAD, START_S, attentive, eyes_closed, kinds, looking, reached, showing, story


class Fit(TypedDict, total=False):
    """What of the signals tells how well the mesh fits."""

    confidence: float
    presence: float
    face_width: float


NARROW, UNSURE = 0.89 * ROAD.face_width, 0.99999
POOR = {
    "not confident": Fit(confidence=0.89),
    "narrow and unsure": Fit(presence=UNSURE, face_width=NARROW),
}
GOOD = {
    "sure": Fit(),
    "confident enough": Fit(confidence=0.9),
    "narrow": Fit(face_width=NARROW),  # the driver leans back
    "unsure and hardly narrow": Fit(presence=UNSURE, face_width=0.91 * ROAD.face_width),
    "unsure": Fit(presence=UNSURE),  # as behind a mask
}
poor = pytest.mark.parametrize("fit", POOR.values(), ids=POOR)
good = pytest.mark.parametrize("fit", GOOD.values(), ids=GOOD)
ASLEEP = [(State.EYES_CLOSED, Level.ALARM)]


def alarm_of_a_look_aside(between: Fit) -> float | None:
    """When a look aside alarms that a look at the road interrupts after 2 s."""
    aside = (looking(2, yaw_deg=45), showing(1, **between), looking(8, yaw_deg=45))
    verdicts = story(attentive(START_S), *aside, attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]
    return reached(verdicts, State.LOOKING_AWAY, Level.ALARM)


@poor
def test_a_badly_fitted_look_at_the_road_does_not_end_a_look_aside(fit: Fit) -> None:
    assert alarm_of_a_look_aside(fit) == pytest.approx(START_S + NORMAL.away_alarm_s, abs=0.6)


@good
def test_a_look_at_the_road_ends_a_look_aside(fit: Fit) -> None:
    assert alarm_of_a_look_aside(fit) == pytest.approx(START_S + 3 + NORMAL.away_alarm_s, abs=0.6)


@poor
def test_the_gaze_of_a_badly_fitted_mesh_is_no_look_aside(fit: Fit) -> None:
    assert kinds(story(attentive(START_S), showing(6, gaze_yaw_deg=40), attentive(10)))
    assert kinds(story(attentive(START_S), showing(6, gaze_yaw_deg=40, **fit), attentive(10))) == []


def sleep_with(misread: Fit) -> list[tuple[State, Level]]:
    """What is told of a sleeper of whose looks two show open eyes."""
    opened = showing(1, eye_blink=OPEN, **misread)
    parts = (eyes_closed(1), opened, eyes_closed(1), opened, eyes_closed(2))
    return kinds(story(attentive(START_S), *parts, attentive(10)))


@poor
def test_badly_fitted_looks_that_show_open_eyes_do_not_end_sleep(fit: Fit) -> None:
    assert sleep_with(fit) == ASLEEP


@good
def test_looks_that_show_open_eyes_end_sleep(fit: Fit) -> None:
    assert sleep_with(fit) == []


@poor
@pytest.mark.parametrize("what", [{"brow_down": 0.9}, {"mar": 0.9}], ids=["frown", "wide mouth"])
def test_frown_or_wide_mouth_of_a_badly_fitted_mesh_does_not_hide_sleep(fit: Fit, what: dict[str, float]) -> None:
    """Only what narrows the eyes of somebody who is awake makes a closure of less than 3 s doubtful."""
    parts = (eyes_closed(2.5, **what), attentive(10))
    assert kinds(story(attentive(START_S), *parts)) == []
    assert kinds(story(attentive(START_S), eyes_closed(2.5, **what, **fit), attentive(10))) == [
        (State.EYES_CLOSED, Level.WARNING)
    ]


@poor
def test_badly_fitted_looks_alone_do_not_shut_eyes(fit: Fit) -> None:
    assert kinds(story(attentive(START_S), showing(10, **fit), attentive(10))) == []


def test_a_driver_who_comes_back_farther_from_the_camera_is_believed_within_a_minute() -> None:
    back = showing(90, **POOR["narrow and unsure"])
    verdicts = story(attentive(START_S), looking(8, yaw_deg=45), back)
    ends_s = [event.end_s for one in verdicts for event in one.events if event.end_s is not None]
    assert len(ends_s) == 1 and START_S + 8 < ends_s[0] < START_S + 8 + 60
