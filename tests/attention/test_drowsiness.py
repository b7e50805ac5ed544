"""Drowsiness: PERCLOS, and repeated microsleeps."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from app.attention.policy import NORMAL
from app.events import Level, Sight, State
from config.settings import Settings
from tests.support.story import (
    Part,
    attentive,
    blinking,
    cues,
    events,
    eyes_closed,
    kinds,
    lost,
    reached,
    showing,
    sight,
    story,
)

ANALYSIS = Settings().analysis


@pytest.mark.parametrize("fps", (0.5, 1.0, 5.0))
def test_eyes_closed_a_sixth_of_the_time_is_drowsy(fps: float) -> None:
    verdicts = story(attentive(60), blinking(300, every_s=6.0 + 1 / 7, blink_s=1.2), fps=fps)
    assert State.DROWSY in {event.kind for event in events(verdicts)}
    assert verdicts[-1].perclos == pytest.approx(0.19, abs=0.06)


@pytest.mark.parametrize("then", [lost(400), sight(400, Sight.NOTHING), sight(400, Sight.DARK)])
def test_drowsy_clears_after_the_driver_is_gone(then: Part) -> None:
    nodding = blinking(300, every_s=6.0 + 1 / 7, blink_s=1.2)
    verdicts = story(attentive(60), nodding, eyes_closed(2), attentive(4), eyes_closed(2), nodding, then)
    assert verdicts[650].state is State.DROWSY
    assert State.DROWSY not in {verdict.state for verdict in verdicts[-200:]}
    assert {event.kind for event in events(verdicts) if event.end_s is None} <= {
        State.NO_FACE,
        State.NO_CAMERA,
        State.CAMERA_BLOCKED,
    }


@pytest.mark.parametrize(("what", "shown"), [(Sight.NOTHING, State.NO_CAMERA), (Sight.DARK, State.CAMERA_BLOCKED)])
def test_camera_fault_is_shown_rather_than_drowsy(what: Sight, shown: State) -> None:
    sleepy = (attentive(5), eyes_closed(3)) * 4
    verdicts = story(attentive(60), *sleepy, attentive(3), sight(20, what))
    assert (verdicts[-21].state, verdicts[-1].state) == (State.DROWSY, shown)


@pytest.mark.parametrize(("microsleeps", "told"), [(2, set()), (3, {Level.ALARM})])
def test_third_microsleep_in_five_minutes_is_a_drowsy_alarm_that_sounds_once(
    microsleeps: int, told: set[Level]
) -> None:
    verdicts = story(attentive(120), *(eyes_closed(3), attentive(60)) * microsleeps)
    assert {level for kind, level in kinds(verdicts) if kind is State.DROWSY} == told
    assert len([cue for _, cue in cues(verdicts) if cue.kind is State.DROWSY]) == len(told)


def test_perclos_over_the_shortest_history_survives_failed_looks() -> None:
    verdicts = story(*(attentive(30), lost(1)) * 6, analysis=replace(ANALYSIS, history_window=60))
    assert None not in [verdict.perclos for verdict in verdicts[100:]]


def test_perclos_is_unknown_before_a_minute_was_measured() -> None:
    verdicts = story(attentive(90))
    assert [verdict.perclos for verdict in verdicts[58:60]] == [None, 0]


def drowsy(history_s: int, fps: float) -> float:
    """When a driver who closes the eyes 2 of 7 seconds from 200 s on is reported as drowsy."""
    no_microsleeps = replace(NORMAL, microsleep_s=3.0, asleep_s=5.9)
    analysis = replace(ANALYSIS, history_window=history_s)
    verdicts = story(attentive(200), blinking(400, 7, 2), fps=fps, analysis=analysis, policy=no_microsleeps)
    return reached(verdicts, State.DROWSY, Level.CAUTION)


@pytest.mark.parametrize("fps", (0.5, 1.0))
def test_shorter_history_does_not_delay_drowsy(fps: float) -> None:
    assert drowsy(60, fps) <= drowsy(120, fps) + 10 < inf


@pytest.mark.parametrize(("awake_s", "is_drowsy"), [((147, 147), True), ((147, 148), False)], ids=["300 s", "301 s"])
def test_microsleeps_are_counted_over_five_minutes(awake_s: tuple[float, float], is_drowsy: bool) -> None:
    first, second = (attentive(for_s) for for_s in awake_s)
    parts = eyes_closed(3), first, eyes_closed(3), second, eyes_closed(3), attentive(20)
    assert (State.DROWSY in dict(kinds(story(attentive(90), *parts)))) is is_drowsy


# Of the looks at shut lids those within 2.5 s of the first are left out as a yawn's: here 3 of 6
@pytest.mark.parametrize(("shut_s", "mar", "share"), [(2, 0.9, 0), (6, 0.9, 3.5 / 113), (6, 0.02, 6 / 116)])
def test_eyes_that_a_yawn_shuts_do_not_count_as_closed(shut_s: float, mar: float, share: float) -> None:
    parts = eyes_closed(shut_s, mar=mar), showing(2, mar=mar), attentive(24 - shut_s)
    verdict = story(attentive(90), *parts)[-1]
    assert verdict.perclos == pytest.approx(share, abs=0.001)
