"""Readings of memory to rungs: which way, how soon, how often, and when nothing helps any more."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from app.memory.governor import (
    CALM_MB,
    CALM_PSI_PCT,
    DOWN_S,
    DOWN_URGENT_S,
    END_AGE_S,
    END_MB,
    END_OF_BUDGET,
    END_PSI_PCT,
    END_S,
    RELAPSE_S,
    SHORT_MB,
    SHORT_PSI_PCT,
    UP_MOST_S,
    UP_S,
    URGENT_MB,
    Governor,
    Saving,
    Step,
    ladder,
)
from app.memory.memory import System
from config.settings import settings_from

RUNGS, BUDGET_MB, RSS_MB = 5, 160.0, 90.0
START_S = 1000.0
PLENTY = System(1000.0, 500.0, 0.0)
SHORT = System(1000.0, SHORT_MB - 5, 0.0)
URGENT = System(1000.0, URGENT_MB - 1, 0.0)
DESPERATE = System(1000.0, END_MB - 1, 0.0)
THRASHING = System(1000.0, URGENT_MB - 1, END_PSI_PCT + 1)
HIGH_PSI = System(1000.0, 500.0, SHORT_PSI_PCT + 1)


@dataclass
class Run:
    """A governor that reads memory once a second, and the steps that it took."""

    governor: Governor = field(default_factory=lambda: Governor(RUNGS, BUDGET_MB, START_S))
    now_s: float = START_S
    steps: list[tuple[float, Step]] = field(default_factory=list)

    def read(self, for_s: float, system: System, rss_mb: float = RSS_MB) -> Run:
        return self.follow(for_s, lambda _: (rss_mb, system))

    def follow(self, for_s: float, readings: Callable[[int], tuple[float, System]]) -> Run:
        """With readings that depend on the rung."""
        for _ in range(round(for_s)):
            self.now_s += 1
            step = self.governor.update(self.now_s, *readings(self.governor.rung))
            if step:
                self.steps.append((self.now_s - START_S, step))
        return self

    @property
    def rungs(self) -> list[int]:
        return [step.rung for _, step in self.steps]


def test_with_enough_memory_nothing_happens() -> None:
    assert Run().read(86_400, PLENTY).steps == []


@pytest.mark.parametrize(
    ("system", "rss_mb", "why"),
    [
        (SHORT, RSS_MB, "only 45 MB are available"),
        (PLENTY, BUDGET_MB + 2, "the detector has 162 MB, its budget is 160"),
        (HIGH_PSI, RSS_MB, "11 % of the time programs wait for memory"),
    ],
)
def test_each_kind_of_shortage_leads_down_one_rung_at_a_time(system: System, rss_mb: float, why: str) -> None:
    run = Run().read(60, system, rss_mb)
    assert run.rungs == [1, 2, 3, 4, 5]
    assert [at_s for at_s, _ in run.steps] == [1 + number * DOWN_S for number in range(5)]
    assert {step.reason for _, step in run.steps} == {why}


def test_pressure_that_cannot_be_read_is_none() -> None:
    assert Run().read(1000, System(1000.0, 500.0, None)).steps == []


def test_when_it_is_urgent_the_steps_come_sooner_but_still_one_at_a_time() -> None:
    run = Run().read(10, URGENT)
    assert run.rungs == [1, 2, 3, 4, 5]
    assert [at_s for at_s, _ in run.steps] == [1 + number * DOWN_URGENT_S for number in range(5)]


def test_a_shortage_that_ends_stops_the_descent() -> None:
    assert Run().read(1, SHORT).read(UP_S - 1, PLENTY).rungs == [1]


def test_calm_leads_up_one_rung_a_minute() -> None:
    run = Run().read(30, SHORT)
    run.steps.clear()
    run.read(10 * UP_S, PLENTY)
    assert run.rungs == [4, 3, 2, 1, 0]
    times_s = [at_s for at_s, _ in run.steps]
    assert [after - before for before, after in itertools.pairwise(times_s)] == [UP_S + 1] * 4
    assert not any(step.is_down for _, step in run.steps)
    assert run.steps[-1][1].reason == "500 MB are available again"


@pytest.mark.parametrize(
    ("system", "rss_mb"),
    [
        (System(1000.0, (SHORT_MB + CALM_MB) / 2, 0.0), RSS_MB),
        (System(1000.0, 500.0, (SHORT_PSI_PCT + CALM_PSI_PCT) / 2), RSS_MB),
        (PLENTY, 0.98 * BUDGET_MB),
    ],
)
def test_between_short_and_calm_nothing_moves(system: System, rss_mb: float) -> None:
    run = Run().read(2, SHORT)
    run.steps.clear()
    assert run.read(86_400, system, rss_mb).steps == []


def test_one_bad_moment_starts_the_minute_of_calm_anew() -> None:
    run = Run().read(2, SHORT)
    run.steps.clear()
    for _ in range(50):
        run.read(UP_S - 10, PLENTY).read(1, System(1000.0, 60.0, 0.0))
    assert run.steps == []


def test_a_rung_is_not_left_while_what_it_freed_would_be_the_next_shortage() -> None:
    """A model of 30 MB above a budget of 100: without this it would be loaded and closed every minute."""
    run = Run(Governor(RUNGS, 100.0, START_S))
    run.follow(4 * 3600, lambda rung: (75.0 if rung == RUNGS else 105.0, PLENTY))
    assert run.rungs == [1, 2, 3, 4, 5]


def test_a_rung_is_left_when_there_is_room_for_what_it_freed() -> None:
    run = Run(Governor(1, 200.0, START_S))
    run.follow(10, lambda rung: (75.0 if rung else 105.0, SHORT)).follow(100, lambda rung: (75.0, PLENTY))
    assert run.rungs == [1, 0]


def test_who_goes_up_too_early_waits_twice_as_long_the_next_time() -> None:
    run = Run(Governor(1, BUDGET_MB, START_S))
    run.follow(86_400, lambda rung: (RSS_MB, PLENTY if rung else SHORT))  # somebody else takes what is freed
    waits_s = [up[0] - down[0] for down, up in zip(run.steps[::2], run.steps[1::2], strict=False)]
    assert waits_s[:4] == pytest.approx([UP_S, 2 * UP_S, 4 * UP_S, 8 * UP_S], abs=2)
    assert max(waits_s) == pytest.approx(UP_MOST_S, abs=2)
    assert len(run.steps) < 2 * 35  # a day: events, log lines and loaded models stay few


def test_patience_is_the_usual_again_after_a_time_without_relapse() -> None:
    run = Run(Governor(1, BUDGET_MB, START_S))
    run.follow(2000, lambda rung: (RSS_MB, PLENTY if rung else SHORT))
    run.read(UP_MOST_S + RELAPSE_S, PLENTY)
    run.steps.clear()
    run.read(1, SHORT).read(UP_S + 2, PLENTY)
    assert run.rungs == [1, 0]


@pytest.mark.parametrize(
    ("system", "rss_mb"),
    [(DESPERATE, RSS_MB), (THRASHING, RSS_MB), (PLENTY, END_OF_BUDGET * BUDGET_MB + 1)],
    ids=["machine", "thrashing", "leak"],
)
def test_past_the_last_rung_the_end_comes_with_the_reason(system: System, rss_mb: float) -> None:
    run = Run().read(END_AGE_S, PLENTY).read(60, system, rss_mb)
    ends = [(at_s, step) for at_s, step in run.steps if step.is_end]
    assert run.rungs[:5] == [1, 2, 3, 4, 5]
    assert ends and ends[0][1].reason
    last_down_s = run.steps[4][0]
    assert END_S <= ends[0][0] - last_down_s <= END_S + 2


def test_short_but_not_desperate_the_detector_stays_on_its_last_rung() -> None:
    run = Run().read(END_AGE_S, PLENTY).read(86_400, URGENT)
    assert run.rungs == [1, 2, 3, 4, 5]
    run = Run().read(END_AGE_S, PLENTY).read(86_400, HIGH_PSI)
    assert run.rungs == [1, 2, 3, 4, 5]


def test_a_new_process_does_not_end_at_once_for_what_the_one_before_could_not_help() -> None:
    run = Run(Governor(RUNGS, BUDGET_MB, START_S, rung=RUNGS)).read(200, DESPERATE)
    ends_s = [at_s for at_s, step in run.steps if step.is_end]
    assert ends_s[0] == pytest.approx(END_AGE_S, abs=2)


def test_a_desperate_moment_ends_nothing() -> None:
    run = Run().read(END_AGE_S, PLENTY)
    for _ in range(100):
        run.read(END_S - 2, DESPERATE).read(2, URGENT)
    assert not [step for _, step in run.steps if step.is_end]


@pytest.mark.parametrize(
    ("rung", "age_s", "late_s", "system", "ends"),
    [
        (RUNGS, END_AGE_S, END_S, URGENT, True),
        (RUNGS - 1, END_AGE_S, END_S, URGENT, False),
        (RUNGS, END_AGE_S - 1, END_S, URGENT, False),
        (RUNGS, END_AGE_S, END_S - 1, URGENT, False),
        (RUNGS, END_AGE_S, END_S, SHORT, False),
        (RUNGS, END_AGE_S, 600.0, PLENTY, False),
    ],
    ids=["stuck", "not the last rung", "new", "only late", "not urgent", "late for another reason"],
)
def test_a_frame_that_does_not_end_for_want_of_memory_ends_the_process(
    rung: int, age_s: float, late_s: float, system: System, ends: bool
) -> None:
    governor = Governor(RUNGS, BUDGET_MB, START_S, rung)
    expected = f"only {URGENT.available_mb:.0f} MB are available" if ends else ""
    assert governor.past_help(START_S + age_s, late_s, RSS_MB, system) == expected


def test_whatever_is_read_the_rung_stays_on_the_ladder_and_moves_by_one() -> None:
    chance = random.Random(1)
    for _ in range(200):
        rungs = chance.randrange(1, 6)
        governor, before = Governor(rungs, BUDGET_MB, START_S), 0
        for second in range(300):
            system = System(1000.0, chance.choice([0.0, 20.0, 60.0, 500.0]), chance.choice([None, 0.0, 50.0]))
            step = governor.update(START_S + second, chance.choice([0.0, 90.0, 170.0, 400.0]), system)
            assert 0 <= governor.rung <= rungs
            assert abs(governor.rung - before) <= 1
            assert step is None or step.is_end or step.rung == governor.rung != before
            before = governor.rung


@pytest.mark.parametrize(
    ("values", "left_out"),
    [
        ({}, {Saving.MODEL}),
        ({"vision.model": "lite"}, {Saving.MODEL}),
        ({"profile": "balanced"}, set()),
        ({"profile": "high_accuracy"}, set()),
        ({"vision.model": "full", "camera.target_fps": 0.5}, {Saving.HALF_RATE}),
        ({"vision.model": "full", "camera.frame_skip": 2}, {Saving.HALF_RATE}),
        ({"vision.model": "full", "camera.target_fps": 10.0, "camera.frame_skip": 10}, set()),
        ({"vision.model": "full", "raspberry_pi.compression_quality": 50}, {Saving.PREVIEW}),
        ({"vision.model": "full", "analysis.history_window": 60}, {Saving.HISTORY}),
    ],
)
def test_the_ladder_has_only_rungs_that_change_something_and_keep_detection_right(
    values: dict[str, bool | int | float | str], left_out: set[Saving]
) -> None:
    rungs = ladder(settings_from(values))
    assert set(Saving) - set(rungs) == left_out
    assert list(rungs) == [saving for saving in Saving if saving in rungs]
