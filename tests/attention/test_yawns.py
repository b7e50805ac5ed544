"""Yawns; talking, and sleeping with an open mouth, are none."""

from __future__ import annotations

import pytest

from app.attention.policy import NORMAL
from app.events import Level, State
from tests.support.story import (
    RATES,
    START_S,
    attentive,
    eyes_closed,
    kinds,
    lost,
    mouth_open,
    reached,
    showing,
    story,
)


@pytest.mark.parametrize("fps", RATES)
def test_third_yawn_in_five_minutes_is_a_caution_and_talking_is_not(fps: float) -> None:
    yawn = (attentive(40), mouth_open(5))
    assert kinds(story(*yawn * 2, attentive(30), fps=fps)) == []
    assert kinds(story(*yawn * 3, attentive(30), fps=fps)) == [(State.YAWNING, Level.CAUTION)]
    talk = (mouth_open(0.3, 0.7), attentive(0.4), mouth_open(0.5, 0.3), attentive(0.5))
    assert kinds(story(*talk * 60, fps=fps)) == []


def test_yawn_is_found_by_its_mean_width_despite_misread_looks() -> None:
    yawn = (attentive(40), mouth_open(1, 0.45), mouth_open(1, 0.6), mouth_open(1, 0.35), mouth_open(1, 0.5))
    assert kinds(story(*yawn * 3, attentive(30))) == [(State.YAWNING, Level.CAUTION)]


def test_yawn_must_be_wider_than_the_drivers_talking() -> None:
    words, yawn = (mouth_open(1, 0.1), mouth_open(2, 0.38)) * 13, mouth_open(5, 0.5)
    assert kinds(story(*(attentive(40), yawn) * 3, attentive(30))) == [(State.YAWNING, Level.CAUTION)]
    assert kinds(story(attentive(20), *(*words, yawn) * 3, attentive(30))) == []
    assert kinds(story(*(*words, mouth_open(5, 0.6)) * 3, attentive(30))) == [(State.YAWNING, Level.CAUTION)]


def test_one_very_wide_look_of_a_singer_is_no_yawn() -> None:
    words = (mouth_open(1, 0.1), mouth_open(2, 0.38)) * 6
    assert kinds(story(attentive(20), *(*words, mouth_open(1, 1.0)) * 4, *words)) == []


def test_failed_look_does_not_split_one_yawn_into_two() -> None:
    yawn = (attentive(40), mouth_open(3), lost(1), mouth_open(3))
    assert kinds(story(*yawn * 2, attentive(30))) == []


def test_sleeping_with_an_open_mouth_is_not_a_yawn() -> None:
    asleep = eyes_closed(30, mar=0.9)
    verdicts = story(attentive(START_S), asleep, attentive(20))
    assert kinds(verdicts) == [(State.EYES_CLOSED, Level.ALARM)]
    assert reached(verdicts, State.EYES_CLOSED, Level.ALARM) == pytest.approx(START_S + NORMAL.asleep_s, abs=1)


@pytest.mark.parametrize(("blink", "expected"), [(0.24, []), (0.5, [(State.EYES_CLOSED, Level.ALARM)])])
def test_lids_that_reopen_to_half_in_a_yawn_are_not_shut(blink: float, expected: list[tuple[State, Level]]) -> None:
    yawn = (showing(2, mar=0.9, eye_blink=0.55), showing(3, mar=0.9, eye_blink=blink))
    assert kinds(story(attentive(START_S), *yawn, attentive(10))) == expected


@pytest.mark.parametrize(("narrow_s", "level"), [(1, Level.ALARM), (2, Level.NONE)])
def test_one_look_at_narrow_lids_does_not_end_sleep_with_an_open_mouth(narrow_s: float, level: Level) -> None:
    parts = (eyes_closed(2, mar=0.9), showing(narrow_s, mar=0.9, eye_blink=0.3), eyes_closed(2, mar=0.9))
    found = kinds(story(attentive(START_S), *parts, attentive(10)))
    assert found == ([(State.EYES_CLOSED, level)] if level else [])


@pytest.mark.parametrize(("mar", "expected"), [(0.9, []), (0.02, [(State.EYES_CLOSED, Level.ALARM)])])
def test_lids_that_sink_in_a_yawn_shut_when_they_are_down(mar: float, expected: list[tuple[State, Level]]) -> None:
    """Half down for a second, then down for 2.5 s: without a yawn that is sleep."""
    parts = (showing(1, mar=mar, eye_blink=0.25), eyes_closed(2.5, mar=mar))
    assert kinds(story(attentive(START_S), *parts, attentive(10), fps=2)) == expected


@pytest.mark.parametrize(
    ("between", "confidence", "expected"),
    [
        (0.25, 1.0, []),
        (0.5, 1.0, [(State.EYES_CLOSED, Level.ALARM)]),
        (0.25, 0.5, [(State.EYES_CLOSED, Level.ALARM)]),  # misread
    ],
)
def test_blink_before_a_yawn_belongs_to_no_sleep(
    between: float, confidence: float, expected: list[tuple[State, Level]]
) -> None:
    """Shut, half open, wide mouth, shut for 2.5 s: 3.5 s from the blink on."""
    parts = (eyes_closed(0.5), showing(0.5, eye_blink=between, confidence=confidence), eyes_closed(2.5, mar=0.9))
    assert kinds(story(attentive(START_S), *parts, attentive(10), fps=2)) == expected


def test_look_at_half_open_lids_within_a_yawn_begins_no_new_closure() -> None:
    parts = (eyes_closed(1, mar=0.9), showing(0.5, mar=0.9, eye_blink=0.25), eyes_closed(2.5, mar=0.9))
    expected = [(State.EYES_CLOSED, Level.ALARM)]
    assert kinds(story(attentive(START_S), *parts, attentive(10), fps=2)) == expected


# Until the mouth is known a yawn is wider than 0.47, which is wider than people talk
@pytest.mark.parametrize(("mar", "told"), [(0.45, []), (0.49, [(State.YAWNING, Level.CAUTION)])])
def test_yawn_in_the_first_seconds_counts(mar: float, told: list[tuple[State, Level]]) -> None:
    first, yawn = mouth_open(5, mar), (attentive(40), mouth_open(5))
    assert kinds(story(first, *yawn * 2, attentive(20))) == told


def test_mouth_that_is_seen_only_in_yawns_is_not_known_as_wide() -> None:
    yawn = showing(40, mar=None), mouth_open(5)
    assert kinds(story(*yawn * 3, attentive(30))) == [(State.YAWNING, Level.CAUTION)]


def test_wide_look_after_the_face_was_lost_is_not_a_yawn() -> None:
    word = (attentive(40), lost(4), mouth_open(1), attentive(5))
    assert kinds(story(*word * 4)) == []


@pytest.mark.parametrize(("between_s", "told"), [((145, 145), [(State.YAWNING, Level.CAUTION)]), ((145, 146), [])])
def test_yawns_are_counted_over_five_minutes(between_s: tuple[float, float], told: list[tuple[State, Level]]) -> None:
    first, second = (attentive(for_s) for for_s in between_s)
    assert kinds(story(attentive(40), mouth_open(5), first, mouth_open(5), second, mouth_open(5))) == told
