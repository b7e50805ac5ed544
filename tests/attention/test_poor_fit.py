"""A mesh that fits a face badly: what it shows of road and open eyes is not believed, what it shows beside them is."""

from __future__ import annotations

import pytest

from app.attention.policy import NORMAL
from app.attention.sample import FITS_CONFIDENCE
from app.events import Level, State
from tests.support.story import OPEN, START_S, attentive, eyes_closed, kinds, looking, reached, showing, story

POOR, GOOD = FITS_CONFIDENCE - 0.05, 1.0


@pytest.mark.parametrize(("confidence", "began_s"), [(POOR, 0), (GOOD, 3)])
def test_a_look_at_the_road_ends_a_look_aside_only_if_the_mesh_fits(confidence: float, began_s: float) -> None:
    aside = (looking(2, yaw_deg=45), showing(1, confidence=confidence), looking(8, yaw_deg=45))
    verdicts = story(attentive(START_S), *aside, attentive(10))
    assert kinds(verdicts) == [(State.LOOKING_AWAY, Level.ALARM)]
    alarm_s = reached(verdicts, State.LOOKING_AWAY, Level.ALARM)
    assert alarm_s == pytest.approx(START_S + began_s + NORMAL.away_alarm_s, abs=0.6)


def test_the_gaze_of_a_badly_fitted_mesh_is_no_look_aside() -> None:
    assert kinds(story(attentive(START_S), showing(6, gaze_yaw_deg=40, confidence=GOOD), attentive(10)))
    assert kinds(story(attentive(START_S), showing(6, gaze_yaw_deg=40, confidence=POOR), attentive(10))) == []


def test_badly_fitted_looks_that_show_open_eyes_do_not_end_sleep() -> None:
    def asleep(confidence: float) -> list[tuple[State, Level]]:
        misread = showing(1, eye_blink=OPEN, confidence=confidence)
        parts = (eyes_closed(1), misread, eyes_closed(1), misread, eyes_closed(2))
        return kinds(story(attentive(START_S), *parts, attentive(10)))

    assert asleep(POOR) == [(State.EYES_CLOSED, Level.ALARM)]
    assert asleep(GOOD) == []


def test_badly_fitted_looks_alone_do_not_shut_eyes() -> None:
    assert kinds(story(attentive(START_S), showing(10, confidence=POOR), attentive(10))) == []
