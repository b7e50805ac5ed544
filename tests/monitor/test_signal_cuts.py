"""The signals around an event: which are kept, when they are saved, and how many."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from app.events import Event, Level, Limits, Neutral, State
from app.journal.journal import SIGNALS_MAX
from app.monitor.signal_cuts import AFTER_S, BEFORE_S, EVENTS_MAX, ONSET_TO_NEWS_MAX_S, Cut, SignalCuts
from app.telemetry.course import SAMPLE_EVERY_S, Course, Sample
from app.telemetry.event_signals import signals_of

ROAD = Neutral(-12.3, -20.5, learnt=True)
LIMITS = Limits(28.125, 20.125, 15.125, 0.512, 0.125, 0.175, 0.325)
EVENT = Event(State.LOOKING_AWAY, Level.CAUTION, 100.0, 99.5, 100.5)
UPTIME_S = 1e8  # three years: the longest times


def driven(course: Course, from_s: float, to_s: float) -> None:
    while from_s < to_s:
        from_s += SAMPLE_EVERY_S + 0.001
        course.add(Sample(from_s, -45.1, -20.1, -10.1, 0.12, 0.123, State.CAMERA_BLOCKED, Level.WARNING))


def times_s(cut: Cut) -> list[float]:
    return [sample.time_s for sample in signals_of(cut.text).samples]


def test_signals_20_s_before_and_after_an_event_are_kept_once() -> None:
    course = Course()
    signals = SignalCuts(course)
    driven(course, 0, 102)
    signals.note(EVENT, ROAD, LIMITS, 102.0)
    signals.note(replace(EVENT, level=Level.ALARM), ROAD, LIMITS, 105.0)
    signals.note(replace(EVENT, end_s=107.0), ROAD, LIMITS, 108.0)
    driven(course, 102, 102 + AFTER_S)
    assert [*signals.due(102 + AFTER_S)] == []
    (cut,) = signals.due(103 + AFTER_S)
    assert (cut.kind, cut.onset_s) == (EVENT.kind, EVENT.onset_s)
    assert times_s(cut)[0] - (100 - BEFORE_S) < 1 and (102 + AFTER_S) - times_s(cut)[-1] < 1
    assert (signals_of(cut.text).road, signals_of(cut.text).limits) == (ROAD, LIMITS)
    assert [*signals.due(inf)] == []


def test_event_that_rises_later_is_cut_around_its_rise() -> None:
    course = Course()
    signals = SignalCuts(course)
    signals.note(EVENT, ROAD, LIMITS, 102.0)
    assert [cut.onset_s for cut in signals.due(200.0)] == [100.0]
    driven(course, 100, 340)
    signals.note(replace(EVENT, level=Level.ALARM), ROAD, LIMITS, 320.0)
    (cut,) = signals.due(341.0)
    assert times_s(cut)[0] > 320 - ONSET_TO_NEWS_MAX_S - BEFORE_S


def test_minute_of_the_longest_samples_fits_the_limit() -> None:
    course = Course()
    signals = SignalCuts(course)
    driven(course, UPTIME_S, UPTIME_S + 100)
    signals.note(replace(EVENT, onset_s=UPTIME_S), ROAD, LIMITS, UPTIME_S + 80)
    (cut,) = signals.due(inf)
    assert len(times_s(cut)) > 50 and len(cut.text) <= SIGNALS_MAX


def test_waiting_cuts_are_bounded_and_exclude_ends_and_memory_saving() -> None:
    signals = SignalCuts(Course())
    for number in range(3 * EVENTS_MAX):
        signals.note(replace(EVENT, onset_s=float(number)), ROAD, LIMITS, 100.0)
    assert len([*signals.due(inf)]) == EVENTS_MAX
    signals.note(replace(EVENT, end_s=101.0), ROAD, LIMITS, 102.0)
    signals.note(Event(State.SAVING_MEMORY, Level.NONE, 1.0, 1.0, 1.0), ROAD, LIMITS, 2.0)
    signals.note(EVENT, ROAD, LIMITS, 102.0)
    signals.forget()
    assert [*signals.due(inf)] == []
