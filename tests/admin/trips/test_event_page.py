"""The page of one event: strips and a replay of the signals around it."""

from __future__ import annotations

import re
import time
from contextlib import closing
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.events import ClockQuality, Event, Level, Limits, Neutral, State
from app.journal.journal import Journal
from app.telemetry import course
from app.telemetry.course import Course, Sample
from app.telemetry.event_signals import text_of
from app.telemetry.run_folder import boot_id
from config.paths import Paths
from tests.support.events import sql
from tests.support.page import say

WALL_S = 1_790_000_000.0
AWAY = Event(State.LOOKING_AWAY, Level.WARNING, 100.0, 99.5, 100.5, 106.0, "looking left")


def looks(around_s: float = 100.0) -> Course:
    """A course in which the driver looks left, blinks, and is not found."""
    kept = Course()
    for second in range(-20, 21):
        yaw_deg = None if second == 10 else -45.0 if 0 <= second < 6 else -4.0
        state, level = (State.LOOKING_AWAY, Level.WARNING) if 2 <= second < 6 else (State.ATTENTIVE, Level.NONE)
        blink = 0.9 if second == 8 else 0.1
        yaw, pitch, gaze, lids = (None,) * 4 if yaw_deg is None else (yaw_deg, -9.0, 0.0, blink)
        kept.add(Sample(around_s + second, yaw, pitch, gaze, lids, 0.05, state, level))
    return kept


def with_signals(paths: Paths) -> None:
    signals = text_of(
        looks().samples(), Neutral(-4.0, -9.0, learnt=True), Limits(25.0, 20.0, 15.0, 0.5, 0.08, 0.15, 0.25)
    )
    with closing(Journal(paths.events, "boot")) as journal:
        journal.record(AWAY, WALL_S, 100.0, ClockQuality.GPS)
        journal.save_signals(AWAY.kind, AWAY.onset_s, signals, 120.0)


def test_an_event_page_shows_strips_and_replay(owner: FlaskClient, paths: Paths) -> None:
    with_signals(paths)
    text = owner.get("/events/1").text
    assert "Looking away from the road" in text and "for 6.0 s" in text and "Looking left." in text
    assert text.count('class="strip"') == 4 and "20 s before" in text and "it began" in text
    rows = re.findall(r'<tr data-at="(.*?)".*?</tr>', text)
    assert len(rows) == 41 and (rows[0], rows[-1]) == ("-20.0", "20.0")
    assert "41° left" in text and "closed, 10 %" in text and "looking away from the road, warning" in text
    assert "no face" in text and 'src="/static/replay.js"' in text and "<img" not in text


def test_the_replay_draws_the_head_relative_to_the_road(owner: FlaskClient, paths: Paths) -> None:
    with_signals(paths)
    text = owner.get("/events/1").text
    at_onset = re.search(r'<tr data-at="0\.0" data-x="(\S+)" data-y="(\S+)" data-eyes="(\S+)"', text)
    assert at_onset and float(at_onset[1]) == pytest.approx(-32.8, abs=0.1)
    assert (float(at_onset[2]), at_onset[3]) == (0.0, "0.9")
    assert re.search(r'<tr data-at="10\.0" data-level="0" data-measured="nothing was measured">', text)
    assert 'data-measured="head 41° left; eyes open, 90 %"' in text


def test_an_event_without_signals_says_that_they_are_not_kept(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, "boot")) as journal:
        journal.record(AWAY, WALL_S, 100.0)
    text = owner.get("/events/1").text
    assert "is not kept" in text and "replay.js" not in text and "strip" not in text


@pytest.mark.parametrize("spoiled", ["'[['", "x'ff'", '\'{"road":1,"samples":[[1],7]}\''])
def test_damaged_signals_hide_no_event(owner: FlaskClient, paths: Paths, spoiled: str) -> None:
    with_signals(paths)
    sql(paths.events, f"UPDATE events SET signals = {spoiled}")
    answer = owner.get("/events/1")
    assert answer.status_code == 200 and "is not kept" in answer.text


def test_a_current_event_is_shown_with_the_live_measurements(owner: FlaskClient, paths: Paths) -> None:
    now_s = time.monotonic()
    with closing(Journal(paths.events, boot_id())) as journal:
        journal.record(replace(AWAY, onset_s=now_s, end_s=None), WALL_S, now_s)
    say(paths)
    assert "still going on" in owner.get("/events/1").text
    course.write(paths.course, looks(now_s).text())
    assert len(re.findall("<tr data-at=", owner.get("/events/1").text)) == 41


def test_an_event_without_an_end_lasts_only_while_its_detector_runs(owner: FlaskClient, paths: Paths) -> None:
    with closing(Journal(paths.events, boot_id())) as journal:
        journal.record(replace(AWAY, end_s=None), WALL_S, 100.0)
    for path in ("/events", "/events/1"):
        assert "its end was not seen" in owner.get(path).text
    say(paths)
    for path in ("/events", "/events/1"):
        assert "still going on" in owner.get(path).text
