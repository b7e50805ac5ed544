"""Closed eyes in any head pose, yawns, frowns, lowered lids, and hidden eyes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.events import Level, State
from tests.support.story import (
    OPEN,
    ROAD,
    SHUT,
    START_S,
    Part,
    attentive,
    cues,
    events,
    eyes_closed,
    eyes_hidden,
    kinds,
    lost,
    mouth_open,
    new_attention,
    phases,
    reached,
    samples,
    showing,
    story,
    watched,
)

RATES = (1.0, 2.0, 5.0, 10.0)
AWAY, CLOSED, UNSEEN = State.LOOKING_AWAY, State.EYES_CLOSED, State.EYES_UNSEEN
CAUTION, WARNING, ALARM = Level.CAUTION, Level.WARNING, Level.ALARM


@pytest.mark.parametrize("fps", (1.0, 2.0, 5.0))
@pytest.mark.parametrize(
    "pose",
    [{"pitch_deg": -35}, {"pitch_deg": 35}, {"roll_deg": 35}, {"roll_deg": -35}],
    ids=["nodding off", "head back", "on the right shoulder", "on the left shoulder"],
)
def test_sleep_alarms_after_three_seconds_in_any_head_pose(fps: float, pose: dict[str, float]) -> None:
    for phase_s in phases(fps):
        for look in (story, watched):
            verdicts = look(attentive(START_S), eyes_closed(5, **pose), attentive(2), fps=fps, phase_s=phase_s)
            assert abs(reached(verdicts, CLOSED, ALARM) - START_S - 3) <= 1


def yawn(shut_after_s: float) -> tuple[Part, ...]:
    """A yawn of 5 s, with the eyes shut for 2 s of it."""
    return mouth_open(shut_after_s), eyes_closed(2, mar=0.9), mouth_open(3 - shut_after_s)


@pytest.mark.parametrize("fps", RATES)
def test_yawn_with_eyes_shut_for_two_seconds_is_silent(fps: float) -> None:
    for phase_s in phases(fps):
        for look in (story, watched):
            for shut_after_s in (0, 0.5, 1):
                parts = attentive(START_S), *yawn(shut_after_s), attentive(5)
                assert events(look(*parts, fps=fps, phase_s=phase_s)) == []


@pytest.mark.parametrize(("fps", "shut_after_s"), [(1.0, 1.5), (1.0, 3), (2.0, 3), (5.0, 3), (10.0, 3)])
def test_yawn_is_silent_whenever_the_eyes_shut_during_it(fps: float, shut_after_s: float) -> None:
    for phase_s in phases(fps):
        parts = attentive(START_S), *yawn(shut_after_s), attentive(5)
        assert events(watched(*parts, fps=fps, phase_s=phase_s)) == []


@pytest.mark.parametrize("fps", RATES)
def test_yawn_that_continues_with_shut_eyes_is_sleep(fps: float) -> None:
    for phase_s in phases(fps):
        asleep = mouth_open(1), eyes_closed(7, mar=0.9)
        verdicts = story(attentive(START_S), *asleep, attentive(5), fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == [(CLOSED, ALARM)]
        assert abs(reached(verdicts, CLOSED, ALARM) - START_S - 1 - 3) <= 1


@pytest.mark.parametrize("opens_after_s", [0, 1, 2])
@pytest.mark.parametrize("fps", RATES)
def test_sleep_alarms_in_time_when_the_mouth_falls_open(fps: float, opens_after_s: float) -> None:
    for phase_s in phases(fps):
        asleep = eyes_closed(opens_after_s), eyes_closed(8 - opens_after_s, mar=0.9)
        verdicts = story(attentive(START_S), *asleep, attentive(5), fps=fps, phase_s=phase_s)
        assert abs(reached(verdicts, CLOSED, ALARM) - START_S - 3) <= 1


@pytest.mark.parametrize("fps", RATES)
def test_failed_look_at_the_lids_does_not_end_sleep(fps: float) -> None:
    for phase_s in phases(fps):
        for before_s in (1, 2, 3):
            unknown = showing(1 / fps, eye_blink=None)
            asleep = eyes_closed(before_s), unknown, eyes_closed(6 - before_s)
            verdicts = story(attentive(START_S), *asleep, attentive(5), fps=fps, phase_s=phase_s)
            assert kinds(verdicts) == [(CLOSED, ALARM)]
            # 3 s, to within a second, and one look later where the failed look is the one at the third second
            assert abs(reached(verdicts, CLOSED, ALARM) - START_S - 3) <= 1 + 1 / fps


@pytest.mark.parametrize("fps", RATES)
def test_glance_at_the_instruments_with_lowered_lids_is_silent(fps: float) -> None:
    for phase_s in phases(fps, 24):
        for look in (story, watched):
            glance = showing(1.2, eye_blink=SHUT, pitch_deg=-8)
            assert events(look(attentive(START_S), glance, attentive(4), fps=fps, phase_s=phase_s)) == []


@pytest.mark.parametrize("fps", RATES)
def test_frown_with_shut_eyes_is_silent_for_two_seconds_and_alarms_after_three(fps: float) -> None:
    for phase_s in phases(fps):
        into_the_sun = story(attentive(START_S), eyes_closed(2, brow_down=0.8), attentive(5), fps=fps, phase_s=phase_s)
        assert events(into_the_sun) == []
        asleep = story(attentive(START_S), eyes_closed(4, brow_down=0.8), attentive(5), fps=fps, phase_s=phase_s)
        assert kinds(asleep) == [(CLOSED, ALARM)]
        assert abs(reached(asleep, CLOSED, ALARM) - START_S - 3) <= 1


def test_frown_in_most_of_a_closure_suppresses_its_microsleep() -> None:
    frown = eyes_closed(0.6), eyes_closed(1.6, brow_down=0.8)
    assert events(story(attentive(START_S), *frown, attentive(20), fps=5)) == []
    then = story(attentive(START_S), *frown, attentive(5), eyes_closed(2.2), attentive(20), fps=5)
    assert kinds(then) == [(CLOSED, WARNING)]


def test_single_frowning_look_suppresses_no_microsleep() -> None:
    asleep = eyes_closed(1), eyes_closed(0.2, brow_down=0.8), eyes_closed(1)
    assert kinds(story(attentive(START_S), *asleep, attentive(20), fps=5)) == [(CLOSED, WARNING)]


@pytest.mark.parametrize("fps", RATES)
def test_hidden_eyes_are_shown_after_three_seconds_and_a_silent_caution_after_a_minute(fps: float) -> None:
    verdicts = story(attentive(START_S), eyes_hidden(200), attentive(20), fps=fps)
    hidden = [verdict for verdict in verdicts if START_S <= verdict.time_s < START_S + 200]
    shown_s = next(verdict.time_s for verdict in hidden if verdict.state is UNSEEN)
    assert abs(shown_s - START_S - 3) <= 1 / fps
    assert {verdict.state for verdict in hidden if verdict.time_s >= shown_s} == {UNSEEN}
    assert kinds(verdicts) == [(UNSEEN, CAUTION)]
    assert abs(reached(verdicts, UNSEEN, CAUTION) - START_S - 60) <= 1 / fps
    assert cues(verdicts) == []
    assert verdicts[-1].state is State.ATTENTIVE


@pytest.mark.parametrize("hidden_s", (1, 2))
def test_short_glare_is_not_shown(hidden_s: float) -> None:
    verdicts = story(attentive(START_S), *(eyes_hidden(hidden_s), attentive(5)) * 10, fps=5)
    assert {verdict.state for verdict in verdicts} == {State.ATTENTIVE}


def test_perclos_of_hidden_eyes_is_unknown_and_never_drowsy() -> None:
    assert {verdict.perclos for verdict in story(eyes_hidden(300))} == {None}
    # 40 of 120 s were measured, PERCLOS needs 60
    assert story(attentive(40), eyes_hidden(160))[-1].perclos is None
    assert State.DROWSY not in {kind for kind, _ in kinds(story(eyes_closed(2), eyes_hidden(300)))}


def test_hidden_eyes_do_not_hide_a_head_that_looks_away() -> None:
    aside = showing(7, yaw_deg=40, eye_blink=None, eyes_hidden=True, gaze_yaw_deg=None)
    verdicts = story(attentive(START_S), eyes_hidden(20), aside, eyes_hidden(20))
    assert kinds(verdicts) == [(AWAY, ALARM)]
    assert reached(verdicts, AWAY, ALARM) == pytest.approx(START_S + 20 + 5, abs=1)


def test_hidden_eyes_are_not_shown_after_the_driver_left() -> None:
    verdicts = story(attentive(START_S), eyes_hidden(20), lost(20))
    assert verdicts[-1].state is State.NO_FACE


BETWEEN = 0.33  # below the score of shut lids, above that of a driver whose eyes open wide
LOW = showing(5, eye_blink=BETWEEN)
KNOWN = attentive(START_S)
MIRRORED = Part(START_S, lambda time_s: replace(ROAD, eye_blink=0.05 if int(time_s) % 4 == 0 else 0.13))
SLEEP, AWAKE = True, False
LIDS: dict[str, tuple[tuple[Part, ...], bool]] = {
    "lower than the driver's usual": ((KNOWN, LOW), SLEEP),
    "hardly lower than the usual": ((KNOWN, showing(5, eye_blink=0.2)), AWAKE),
    "wide open": ((KNOWN, showing(5, eye_blink=0.0)), AWAKE),
    "low before the driver is learnt": ((attentive(3), LOW), AWAKE),
    "shut before the driver is learnt": ((attentive(3), showing(5, eye_blink=0.5)), SLEEP),
    "low with a usual squint": ((showing(START_S, eye_blink=0.26), LOW), AWAKE),
    "low with steady scores before": ((showing(START_S, eye_blink=0.13), LOW), SLEEP),
    "low with jumping scores before, as of mirroring lenses": ((MIRRORED, LOW), AWAKE),
    "low in a frown": ((KNOWN, showing(5, eye_blink=BETWEEN, gaze_yaw_deg=None, brow_down=0.45)), AWAKE),
    "low in a laugh": ((KNOWN, showing(5, eye_blink=BETWEEN, gaze_yaw_deg=None, mar=0.1, smile=0.3)), AWAKE),
    "low in a turned face": ((KNOWN, showing(5, eye_blink=BETWEEN, gaze_yaw_deg=None, yaw_deg=22.0)), AWAKE),
    "too little shut to begin sleep": ((KNOWN, showing(5, eye_blink=0.18)), AWAKE),
    "shut enough to continue sleep": ((KNOWN, eyes_closed(1), showing(5, eye_blink=0.18)), SLEEP),
    "shut without a smile": ((KNOWN, showing(6, eye_blink=0.5)), SLEEP),
    "narrowed by a smile, which takes off 0.15": ((KNOWN, showing(6, eye_blink=0.5, smile=1.0)), AWAKE),
    "shut in a broad smile": ((KNOWN, eyes_closed(5, smile=1.0)), SLEEP),
    "shut with a usual smile": ((showing(START_S, smile=0.6), showing(6, smile=0.6, eye_blink=0.3)), SLEEP),
    "low without a usual smile": ((showing(START_S, smile=1.0), showing(5, eye_blink=0.15)), AWAKE),
    "shut by their score, but hidden": ((KNOWN, showing(20, eye_blink=SHUT, eyes_hidden=True)), AWAKE),
}


@pytest.mark.parametrize(("parts", "is_asleep"), LIDS.values(), ids=LIDS)
def test_lids_are_sleep_or_not(parts: tuple[Part, ...], is_asleep: bool) -> None:
    assert kinds(story(*parts, attentive(20))) == ([(CLOSED, ALARM)] if is_asleep else [])


def test_changing_the_mesh_relearns_how_wide_the_eyes_open() -> None:
    attention = new_attention()
    for sample in samples((attentive(START_S),), 1.0):
        attention.update(*sample)
    attention.change_eyes()
    verdicts = [attention.update(START_S + time_s, sight, seen) for time_s, sight, seen, *_ in samples((LOW,), 1.0)]
    assert events(verdicts) == []


@pytest.mark.parametrize("fps", RATES)
def test_sleep_ends_when_the_eyes_open(fps: float) -> None:
    (event,) = events(story(attentive(START_S), eyes_closed(6), attentive(10), fps=fps))
    assert event.end_s is not None
    assert abs(event.end_s - START_S - 6) <= 1 / fps


def test_verdict_says_whether_the_lids_may_be_closed() -> None:
    shown = [story(attentive(START_S), showing(1, eye_blink=blink))[-1].eyes_closed for blink in (OPEN, SHUT, None)]
    assert shown == [False, True, None]
    assert [story(showing(1, eye_blink=blink))[-1].eyes_closed for blink in (0.26, 0.27)] == [False, True]
    assert story(eyes_hidden(1))[-1].eyes_closed is None
