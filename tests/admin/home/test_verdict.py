"""The verdict on Home: its words and tone by state, level and age."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.home.verdict import AGAIN, NO_NEWS, OVERDUE_S, RESTARTING, SILENT, verdict
from app.events import WORDS, Level, State
from app.telemetry.run_folder import boot_id
from app.telemetry.status import SILENT_S, Status

NOW_S = 1000.0
DRIVING = Status(boot_id=boot_id(), time_s=NOW_S - 0.5, started_s=500.0, since_s=NOW_S - 30, state=State.ATTENTIVE)


@pytest.mark.parametrize(
    ("state", "level", "words", "tone", "told"),
    [
        (State.ATTENTIVE, Level.NONE, WORDS[State.ATTENTIVE], "good", Level.NONE),
        (State.ATTENTIVE, Level.CAUTION, AGAIN, "good", Level.NONE),
        (State.ATTENTIVE, Level.ALARM, AGAIN, "good", Level.NONE),
        (State.LOOKING_DOWN, Level.NONE, WORDS[State.LOOKING_DOWN], "doubtful", Level.NONE),
        (State.LOOKING_DOWN, Level.CAUTION, WORDS[State.LOOKING_DOWN], "doubtful", Level.CAUTION),
        (State.EYES_CLOSED, Level.WARNING, WORDS[State.EYES_CLOSED], "warning", Level.WARNING),
        (State.EYES_CLOSED, Level.ALARM, WORDS[State.EYES_CLOSED], "alarm", Level.ALARM),
        (State.NO_FACE, Level.NONE, WORDS[State.NO_FACE], "doubtful", Level.NONE),
        (State.NO_CAMERA, Level.WARNING, WORDS[State.NO_CAMERA], "blind", Level.WARNING),
    ],
)
def test_words_and_tone_follow_state_and_level(state: State, level: Level, words: str, tone: str, told: Level) -> None:
    found = verdict(replace(DRIVING, state=state, level=level), NOW_S)
    assert (found.words, found.tone, found.level, found.since_s) == (words, tone, told, 30.0)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("level", Level)
def test_no_verdict_is_both_attentive_and_urgent(state: State, level: Level) -> None:
    found = verdict(replace(DRIVING, state=state, level=level), NOW_S)
    assert not ("attentive" in found.words and (found.level or found.tone != "good"))
    assert (found.tone == "good") == (state is State.ATTENTIVE)


def test_the_announcement_changes_only_with_state_and_level() -> None:
    later = replace(DRIVING, time_s=NOW_S + 60, level=Level.CAUTION)
    assert verdict(DRIVING, NOW_S).said == verdict(later, NOW_S + 60).said == "Attentive"
    alarm = replace(DRIVING, state=State.EYES_CLOSED, level=Level.ALARM)
    assert verdict(alarm, NOW_S).said == "Alarm: eyes closed or lowered"


def test_a_late_status_is_shown_as_old_before_it_counts_as_silent() -> None:
    assert verdict(DRIVING, DRIVING.time_s + OVERDUE_S).tone == "good"
    late = verdict(DRIVING, DRIVING.time_s + OVERDUE_S + 0.1)
    assert (late.words, late.tone, late.fresh_s, late.said) == ("attentive", "old", 0.0, NO_NEWS)
    silent = verdict(DRIVING, DRIVING.time_s + SILENT_S + 0.1)
    assert (silent.words, silent.tone, silent.since_s, silent.status) == (SILENT, "blind", None, DRIVING)


def test_a_status_is_current_until_the_next_one_is_overdue() -> None:
    assert verdict(DRIVING, DRIVING.time_s + 1).fresh_s == OVERDUE_S - 1


@pytest.mark.parametrize(
    "latest",
    [None, replace(DRIVING, boot_id="another"), replace(DRIVING, time_s=NOW_S + 60)],
    ids=["none", "of another boot", "of the future"],
)
def test_without_a_status_of_this_boot_the_detector_is_silent(latest: Status | None) -> None:
    found = verdict(latest, NOW_S)
    assert (found.words, found.tone, found.status, found.fresh_s) == (SILENT, "blind", None, 0.0)


def test_during_a_restart_the_earlier_verdict_is_not_shown() -> None:
    found = verdict(DRIVING, NOW_S, is_restarting=True)
    assert (found.words, found.tone, found.since_s) == (RESTARTING, "doubtful", None)
