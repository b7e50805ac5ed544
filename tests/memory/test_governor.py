"""The governor: when it saves memory, when it stops saving, and when it ends the detector."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from app.memory.governor import (
    CALM_MB,
    CALM_MOST_S,
    CALM_PSI_PCT,
    CALM_S,
    END_AGE_S,
    END_MB,
    END_OF_BUDGET,
    END_PSI_PCT,
    END_S,
    RELAPSE_S,
    SHORT_MB,
    SHORT_PSI_PCT,
    URGENT_MB,
    Action,
    Decision,
    Governor,
)
from app.memory.usage import System

BUDGET_MB, RSS_MB = 160.0, 90.0
START_S = 1000.0
PLENTY = System(1000.0, 500.0, 0.0)
SHORT = System(1000.0, SHORT_MB - 5, 0.0)
URGENT = System(1000.0, URGENT_MB - 1, 0.0)
DESPERATE = System(1000.0, END_MB - 1, 0.0)
THRASHING = System(1000.0, URGENT_MB - 1, END_PSI_PCT + 1)
HIGH_PSI = System(1000.0, 500.0, SHORT_PSI_PCT + 1)
SAVE, STOP, END = Action.SAVE, Action.STOP_SAVING, Action.END


def governor(budget_mb: float = BUDGET_MB, *, can_save: bool = True, is_saving: bool = False) -> Governor:
    return Governor(budget_mb, START_S, can_save=can_save, is_saving=is_saving)


@dataclass
class Run:
    """A governor that reads memory once a second, and its decisions."""

    governor: Governor = field(default_factory=governor)
    now_s: float = START_S
    decisions: list[tuple[float, Decision]] = field(default_factory=list)

    def read(self, for_s: float, system: System, rss_mb: float = RSS_MB) -> Run:
        return self.follow(for_s, lambda _: (rss_mb, system))

    def follow(self, for_s: float, readings: Callable[[bool], tuple[float, System]]) -> Run:
        """Like read(), with readings that depend on whether memory is being saved."""
        for _ in range(round(for_s)):
            self.now_s += 1
            decision = self.governor.update(self.now_s, *readings(self.governor.is_saving))
            if decision:
                self.decisions.append((self.now_s - START_S, decision))
        return self

    @property
    def actions(self) -> list[Action]:
        return [decision.action for _, decision in self.decisions]


@pytest.mark.parametrize("system", [PLENTY, System(1000.0, 500.0, None)], ids=["low pressure", "unreadable pressure"])
def test_with_enough_memory_nothing_is_saved(system: System) -> None:
    assert Run().read(86_400, system).decisions == []


@pytest.mark.parametrize(
    ("system", "rss_mb", "why"),
    [
        (SHORT, RSS_MB, "only 45 MB are available"),
        (PLENTY, BUDGET_MB + 2, "the detector has 162 MB, its budget is 160"),
        (HIGH_PSI, RSS_MB, "11 % of the time programs wait for memory"),
    ],
)
def test_each_kind_of_shortage_starts_saving_at_once_and_once(system: System, rss_mb: float, why: str) -> None:
    assert Run().read(60, system, rss_mb).decisions == [(1, Decision(SAVE, why))]


def test_shortage_without_anything_to_save_changes_nothing() -> None:
    assert Run(governor(can_save=False)).read(86_400, SHORT).decisions == []


def test_a_minute_of_calm_ends_saving() -> None:
    run = Run().read(30, SHORT).read(10 * CALM_S, PLENTY)
    assert run.actions == [SAVE, STOP]
    assert run.decisions[1] == (30 + 1 + CALM_S, Decision(STOP, "500 MB are available again"))


@pytest.mark.parametrize(
    ("system", "rss_mb"),
    [
        (System(1000.0, (SHORT_MB + CALM_MB) / 2, 0.0), RSS_MB),
        (System(1000.0, 500.0, (SHORT_PSI_PCT + CALM_PSI_PCT) / 2), RSS_MB),
        (PLENTY, 0.98 * BUDGET_MB),
    ],
)
def test_readings_between_short_and_calm_change_nothing(system: System, rss_mb: float) -> None:
    assert Run().read(2, SHORT).read(86_400, system, rss_mb).actions == [SAVE]


def test_one_bad_reading_restarts_the_minute_of_calm() -> None:
    run = Run().read(2, SHORT)
    for _ in range(50):
        run.read(CALM_S - 10, PLENTY).read(1, System(1000.0, 60.0, 0.0))
    assert run.actions == [SAVE]


def test_saving_continues_if_stopping_would_exceed_the_budget() -> None:
    """A model of 30 MB above a budget of 100: without this it would be loaded and closed every minute."""
    run = Run(governor(100.0)).follow(4 * 3600, lambda is_saving: (75.0 if is_saving else 105.0, PLENTY))
    assert run.actions == [SAVE]


def test_saving_ends_when_there_is_room_for_the_freed_memory() -> None:
    run = Run(governor(200.0)).follow(10, lambda is_saving: (75.0 if is_saving else 105.0, SHORT))
    assert run.follow(100, lambda _: (75.0, PLENTY)).actions == [SAVE, STOP]


def test_relapse_doubles_the_calm_needed_next_time() -> None:
    run = Run().follow(86_400, lambda is_saving: (RSS_MB, PLENTY if is_saving else SHORT))
    waits_s = [stop[0] - save[0] for save, stop in zip(run.decisions[::2], run.decisions[1::2], strict=False)]
    assert waits_s[:4] == pytest.approx([CALM_S, 2 * CALM_S, 4 * CALM_S, 8 * CALM_S], abs=2)
    assert max(waits_s) == pytest.approx(CALM_MOST_S, abs=2)
    assert len(run.decisions) < 2 * 35  # a day: events, log lines and loaded models stay few


def test_needed_calm_is_reset_after_a_time_without_relapse() -> None:
    run = Run().follow(2000, lambda is_saving: (RSS_MB, PLENTY if is_saving else SHORT))
    run.read(CALM_MOST_S + RELAPSE_S, PLENTY)
    run.decisions.clear()
    assert run.read(1, SHORT).read(CALM_S + 2, PLENTY).actions == [SAVE, STOP]


@pytest.mark.parametrize(
    ("system", "rss_mb"),
    [(DESPERATE, RSS_MB), (THRASHING, RSS_MB), (PLENTY, END_OF_BUDGET * BUDGET_MB + 1)],
    ids=["machine", "thrashing", "leak"],
)
@pytest.mark.parametrize("can_save", [True, False])
def test_detector_ends_with_the_reason_if_saving_does_not_help(system: System, rss_mb: float, can_save: bool) -> None:
    run = Run(governor(can_save=can_save)).read(END_AGE_S, PLENTY).read(60, system, rss_mb)
    ends = [(at_s, decision) for at_s, decision in run.decisions if decision.action is END]
    assert ends and ends[0][1].reason
    assert END_S <= ends[0][0] - END_AGE_S <= END_S + 2
    assert (SAVE in run.actions) is can_save


def test_moderate_shortage_does_not_end_the_detector() -> None:
    for system in (URGENT, HIGH_PSI):
        assert Run().read(END_AGE_S, PLENTY).read(86_400, system).actions == [SAVE]


def test_new_process_does_not_end_before_its_minimum_age() -> None:
    run = Run(governor(is_saving=True)).read(200, DESPERATE)
    assert run.decisions[0][0] == pytest.approx(END_AGE_S, abs=2)
    assert set(run.actions) == {END}


def test_short_desperate_shortage_does_not_end_the_detector() -> None:
    run = Run().read(END_AGE_S, PLENTY)
    for _ in range(100):
        run.read(END_S - 2, DESPERATE).read(2, URGENT)
    assert END not in run.actions


@pytest.mark.parametrize(
    ("is_saving", "age_s", "late_s", "system", "ends"),
    [
        (True, END_AGE_S, END_S, URGENT, True),
        (False, END_AGE_S, END_S, URGENT, False),
        (True, END_AGE_S - 1, END_S, URGENT, False),
        (True, END_AGE_S, END_S - 1, URGENT, False),
        (True, END_AGE_S, END_S, SHORT, False),
        (True, END_AGE_S, 600.0, PLENTY, False),
    ],
    ids=["stuck", "not saving yet", "new", "only late", "not urgent", "late for another reason"],
)
def test_late_frame_with_urgent_shortage_ends_the_process(
    is_saving: bool, age_s: float, late_s: float, system: System, ends: bool
) -> None:
    expected = f"only {URGENT.available_mb:.0f} MB are available" if ends else ""
    assert governor(is_saving=is_saving).exit_reason(START_S + age_s, late_s, RSS_MB, system) == expected


def test_saving_starts_and_stops_in_turn_for_any_readings() -> None:
    chance = random.Random(1)
    for _ in range(200):
        decides, before = governor(), False
        for second in range(300):
            system = System(1000.0, chance.choice([0.0, 20.0, 60.0, 500.0]), chance.choice([None, 0.0, 50.0]))
            decision = decides.update(START_S + second, chance.choice([0.0, 90.0, 170.0, 400.0]), system)
            wanted = {SAVE: (False, True), STOP: (True, False), END: (True, True)}
            assert (before, decides.is_saving) == (wanted[decision.action] if decision else (before, before))
            before = decides.is_saving
