"""Saving memory: the model is changed and changed back, and file pages are released after the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from app.camera.frame import Frame
from app.events import State
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.memory.allocator import trim
from app.memory.file_pages import release_file_pages
from app.memory.governor import CALM_S, Action, Decision
from app.memory.usage import System
from app.monitor import opening
from app.monitor.memory_saver import SAVING, MemorySaver, can_save, described
from app.observer import Observer
from app.part_status import MemorySaving
from config.declaration import Value
from config.settings import Settings, settings_from

SETTINGS = settings_from({"vision.model": "full", "vision.phone": True})
RENDERER = Renderer(320, 240, seed=1)
SHORT, PLENTY = System(1000.0, 40.0, None), System(1000.0, 500.0, None)


@pytest.fixture
def watch() -> Iterator[Observer]:
    with Observer(SETTINGS.vision, SETTINGS.analysis, 3.0) as made:
        yield made


@pytest.fixture
def saver(watch: Observer) -> MemorySaver:
    return MemorySaver(SETTINGS, watch, 0.0)


def looks(watch: Observer, since_s: int, scene: Scene, count: int = 3) -> list[State]:
    frames = [Frame(RENDERER.picture(replace(scene, time_s=since_s + n)), float(since_s + n), n) for n in range(count)]
    return [watch.look(frame).verdict.state for frame in frames]


def is_small(watch: Observer) -> bool:
    return watch._vision.model == "standard" and not watch._mesh.sees_hands


def test_saving_switches_to_a_smaller_model_and_back(saver: MemorySaver, watch: Observer) -> None:
    assert not is_small(watch)
    saver.save(True)
    assert is_small(watch)
    saver.save(False)
    assert watch._vision == SETTINGS.vision


def test_model_change_during_a_distraction_keeps_the_alarm(saver: MemorySaver, watch: Observer) -> None:
    looks(watch, 0, Scene(), 25)
    assert looks(watch, 25, Scene(yaw_deg=40), 3)[-1] is State.LOOKING_AWAY
    neutral = watch.attention.driver.neutral
    saver.save(True)
    assert watch.attention.driver.neutral == neutral
    assert looks(watch, 28, Scene(yaw_deg=40), 4)[-1] is State.LOOKING_AWAY
    frame = Frame(RENDERER.picture(Scene(yaw_deg=40, time_s=32)), 32.0, 32)
    verdict = watch.look(frame).verdict
    assert verdict.level.name == "ALARM"
    saver.save(False)
    assert looks(watch, 33, Scene(), 4)[-1] is State.ATTENTIVE


def test_phone_is_seen_again_after_saving_ends(saver: MemorySaver, watch: Observer) -> None:
    saver.save(True)
    assert State.PHONE not in looks(watch, 0, Scene(phone_at_ear=1), 6)
    saver.save(False)
    assert looks(watch, 6, Scene(phone_at_ear=1), 6)[-1] is State.PHONE


def test_closed_eyes_are_seen_after_the_model_change(saver: MemorySaver, watch: Observer) -> None:
    looks(watch, 0, Scene(), 30)
    saver.save(True)
    assert looks(watch, 30, Scene(), 15)[-1] is State.ATTENTIVE
    assert looks(watch, 45, Scene(eyes_closed=1), 4)[-1] is State.EYES_CLOSED


@pytest.mark.parametrize(
    ("available_mb", "governor", "short"), [(40, True, True), (40, False, False), (400, True, False)]
)
def test_shortage_at_the_start_is_noticed(
    monkeypatch: pytest.MonkeyPatch, available_mb: float, governor: bool, short: bool
) -> None:
    monkeypatch.setattr(opening, "system", lambda: System(1000.0, available_mb, None))
    settings = replace(Settings(), memory=replace(Settings().memory, governor=governor))
    assert opening.short_at_start(settings) == ("only 40 MB are available" if short else "")


def test_start_during_a_shortage_saves_with_the_reason(watch: Observer) -> None:
    saver = MemorySaver(SETTINGS, watch, 0.0, "only 40 MB are available", read_system=lambda: SHORT)
    assert saver.saving == MemorySaving(SAVING, "only 40 MB are available")
    assert saver.update(1.0) is None


def test_observer_works_after_file_pages_were_released(watch: Observer) -> None:
    assert looks(watch, 0, Scene(), 2)[-1] is State.ATTENTIVE
    trim()
    release_file_pages()
    assert looks(watch, 2, Scene(), 2)[-1] is State.ATTENTIVE


class FakeSaver(MemorySaver):
    """A memory saver that changes no model and notes its calls."""

    def __init__(
        self, system: Callable[[], System], rss_mb: Callable[[], float] = lambda: 90.0, model: str = "full"
    ) -> None:
        self.saves: list[bool] = []
        self.releases = 0
        settings = settings_from({"vision.model": model})
        watch = object.__new__(Observer)
        super().__init__(settings, watch, 0.0, read_rss_mb=rss_mb, read_system=system, release=self._count)

    def _count(self) -> None:
        self.releases += 1

    def save(self, on: bool) -> None:
        self.saves.append(on)


def test_saver_reads_once_a_second_and_saves_at_a_shortage() -> None:
    readings: list[System] = []

    def read() -> System:
        readings.append(SHORT)
        return SHORT

    saver = FakeSaver(read)
    decisions = [decision for tick in range(100) if (decision := saver.update(tick / 10))]
    assert len(readings) == 10
    assert decisions == [Decision(Action.SAVE, "only 40 MB are available")] and saver.saves == [True]
    assert saver.saving == MemorySaving(SAVING, "only 40 MB are available")
    assert described(decisions[0]) == f"saving memory: {SAVING} (only 40 MB are available)"


def test_end_of_saving_is_reported() -> None:
    systems = [SHORT, *[PLENTY] * 100]
    saver = FakeSaver(lambda: systems.pop(0))
    decisions = [decision for second in range(70) if (decision := saver.update(float(second)))]
    assert saver.saves == [True, False]
    assert described(decisions[1]) == "no longer saving memory (500 MB are available again)"
    assert saver.saving == MemorySaving()


def released_s(saver: FakeSaver, for_s: int) -> list[int]:
    """The seconds at which file pages are released."""
    found = []
    for second in range(for_s):
        before = saver.releases
        saver.update(float(second))
        found += [second] * (saver.releases - before)
    return found


def test_file_pages_are_released_after_the_start_and_each_change_but_not_during_a_shortage() -> None:
    systems = iter([SHORT] * 70 + [PLENTY] * 230)
    assert released_s(FakeSaver(lambda: next(systems), model="standard"), 300) == [70, 71]
    systems = iter([PLENTY] * 150 + [SHORT] + [PLENTY] * 249)
    saver = FakeSaver(lambda: next(systems))
    changed_s = 150, 151 + round(CALM_S)
    assert released_s(saver, 400) == [0, 3, *(at_s + after_s for at_s in changed_s for after_s in (1, 3))]
    assert saver.saves == [True, False]


def test_exit_reason_of_a_stalled_loop_names_the_shortage() -> None:
    saver = FakeSaver(lambda: System(1000.0, 10.0, None), model="standard")
    assert saver.exit_reason(100.0, 9.0) == ""
    assert saver.exit_reason(100.0, 10.0) == "memory is short and nothing more can be saved: only 10 MB are available"


@pytest.mark.parametrize(
    ("values", "can"),
    [
        ({}, False),
        ({"vision.model": "lite"}, False),
        ({"profile": "balanced"}, True),
        ({"profile": "high_accuracy"}, True),
        ({"camera.target_fps": 5}, True),  # the kernels
    ],
)
def test_saving_is_possible_only_if_it_changes_something(values: dict[str, Value], can: bool) -> None:
    assert can_save(settings_from(values)) is can
