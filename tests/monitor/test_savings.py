"""Each rung on real parts: taken and taken back, it really changes what they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.camera.camera_thread import CameraThread
from app.camera.frame import Frame
from app.events import State
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.memory import memory
from app.memory.governor import HISTORY_S, PREVIEW_QUALITY, Governor, Saving, ladder
from app.memory.memory import System
from app.monitor.detector import first_rung
from app.monitor.report import Report
from app.monitor.savings import Economy, Savings
from app.observer import Observer
from app.telemetry import status
from config.paths import Paths
from config.settings import Settings, settings_from

SETTINGS = settings_from({"vision.model": "full", "vision.phone": True})
RENDERER = Renderer(320, 240, seed=1)
SHORT, PLENTY = System(1000.0, 40.0, None), System(1000.0, 500.0, None)


class StillCamera(CameraThread):
    """Only notes how it is thinned out."""

    def __init__(self) -> None:
        self.every = 1

    def thin_out(self, every: int) -> None:
        self.every = every


@pytest.fixture
def watch() -> Iterator[Observer]:
    with Observer(SETTINGS.vision, SETTINGS.analysis, 3.0) as made:
        yield made


@pytest.fixture
def report(tmp_path: Path) -> Report:
    paths = Paths(tmp_path / "data", tmp_path / "run", tmp_path / "common")
    return Report(paths, status.Configuration(), 160, SETTINGS.raspberry_pi.compression_quality, 0.0)


@pytest.fixture
def savings(watch: Observer, report: Report) -> Savings:
    return Savings(SETTINGS, StillCamera(), watch, report)


def looks(watch: Observer, since_s: int, scene: Scene, count: int = 3) -> list[State]:
    frames = [Frame(RENDERER.picture(replace(scene, time_s=since_s + n)), float(since_s + n), n) for n in range(count)]
    return [watch.look(frame).verdict.state for frame in frames]


def in_force(savings: Savings, watch: Observer, report: Report) -> set[Saving]:
    """What the parts themselves show."""
    camera = savings._camera
    assert isinstance(camera, StillCamera)
    found = {
        Saving.HALF_RATE: camera.every == 2 == savings.every,
        Saving.PREVIEW: report.jpeg_quality == PREVIEW_QUALITY,
        Saving.HISTORY: watch.attention._eyes._share._window_s == HISTORY_S == watch.attention._history._window_s,
        Saving.MODEL: watch._vision.model == "standard" and not watch._mesh.sees_hands,
    }
    return {saving for saving, holds in found.items() if holds}


def test_each_rung_changes_its_part_and_is_taken_back(savings: Savings, watch: Observer, report: Report) -> None:
    order = [Saving.HALF_RATE, Saving.PREVIEW, Saving.HISTORY, Saving.MODEL]
    assert in_force(savings, watch, report) == set()
    for rung in (*range(5), *range(4, -1, -1)):
        savings.go_to(rung)
        assert in_force(savings, watch, report) == set(order[:rung])
        assert savings.in_force == tuple(order[:rung])


def test_the_model_changes_in_the_middle_of_a_distraction_and_the_alarm_comes(
    savings: Savings, watch: Observer
) -> None:
    looks(watch, 0, Scene(), 25)
    assert looks(watch, 25, Scene(yaw_deg=40), 3)[-1] is State.LOOKING_AWAY
    neutral = watch.attention.driver.neutral
    savings.go_to(4)
    assert watch.attention.driver.neutral == neutral
    assert looks(watch, 28, Scene(yaw_deg=40), 4)[-1] is State.LOOKING_AWAY
    frame = Frame(RENDERER.picture(Scene(yaw_deg=40, time_s=32)), 32.0, 32)
    verdict = watch.look(frame).verdict
    assert verdict.level.name == "ALARM"
    savings.go_to(0)
    assert looks(watch, 33, Scene(), 4)[-1] is State.ATTENTIVE
    assert watch._vision == SETTINGS.vision


def test_a_phone_is_seen_again_after_the_large_model_is_back(savings: Savings, watch: Observer) -> None:
    savings.go_to(4)
    assert State.PHONE not in looks(watch, 0, Scene(phone_at_ear=1), 6)
    savings.go_to(0)
    assert looks(watch, 6, Scene(phone_at_ear=1), 6)[-1] is State.PHONE


def test_eyes_that_close_after_the_change_are_seen_by_the_plain_mesh(savings: Savings, watch: Observer) -> None:
    looks(watch, 0, Scene(), 30)
    savings.go_to(4)
    assert looks(watch, 30, Scene(), 15)[-1] is State.ATTENTIVE
    assert looks(watch, 45, Scene(eyes_closed=1), 4)[-1] is State.EYES_CLOSED


def test_whoever_starts_on_the_last_rung_has_all_savings(watch: Observer, report: Report) -> None:
    savings = Savings(SETTINGS, StillCamera(), watch, report, rung=4)
    assert len(in_force(savings, watch, report)) == 4


@pytest.mark.parametrize(
    ("available_mb", "governor", "rung"), [(40.0, True, "last"), (40.0, False, 0), (400.0, True, 0)]
)
def test_where_memory_is_short_at_the_start_it_begins_with_every_saving(
    monkeypatch: pytest.MonkeyPatch, available_mb: float, governor: bool, rung: int | str
) -> None:
    monkeypatch.setattr(memory, "system", lambda: memory.System(1000.0, available_mb, None))
    settings = replace(Settings(), memory=replace(Settings().memory, governor=governor))
    assert first_rung(settings) == (len(ladder(settings)) if rung == "last" else rung)


def test_what_was_let_go_comes_back_when_it_is_needed(watch: Observer) -> None:
    assert looks(watch, 0, Scene(), 2)[-1] is State.ATTENTIVE
    memory.trim()
    memory.unmap_unchanged()
    assert looks(watch, 2, Scene(), 2)[-1] is State.ATTENTIVE


class StillSavings(Savings):
    """Notes where it was sent."""

    def __init__(self, settings: Settings) -> None:
        self.ladder = tuple(Saving)
        self._rung = 0

    def go_to(self, rung: int) -> None:
        self._rung = rung


def test_the_economy_reads_once_a_second_acts_and_says_so() -> None:
    readings: list[System] = []

    def read() -> System:
        readings.append(SHORT)
        return SHORT

    savings = StillSavings(SETTINGS)
    economy = Economy(Governor(4, 160.0, 0.0), savings, lambda: 90.0, read)
    steps = [step for tick in range(100) if (step := economy.update(tick / 10))]
    assert len(readings) == 10
    assert [step.rung for step in steps] == [1, 2]
    assert savings._rung == 2
    assert economy.thrift.saving == (Saving.HALF_RATE.value, Saving.PREVIEW.value)
    assert (economy.thrift.rung, economy.thrift.rungs) == (2, 4)
    assert economy.thrift.saving_reason == "only 40 MB are available"
    assert economy.described(steps[1]) == ("memory rung 2 of 4: the preview has quality 50 (only 40 MB are available)")


def test_what_is_not_needed_is_let_go_every_minute_and_after_a_step_but_not_while_memory_is_short() -> None:
    second, let_go = 0, []
    economy = Economy(
        Governor(4, 160.0, 0.0),
        StillSavings(SETTINGS),
        lambda: 170.0 if second == 150 else 90.0,
        lambda: SHORT if 55 <= second < 70 else PLENTY,
        lambda: let_go.append(second),
    )
    for second in range(200):
        economy.update(float(second))
    # no longer short; a minute later, and a step up with it; a step down for the budget's sake
    assert let_go == [0, 70, 130, 131, 151]


def test_the_way_up_is_told_too() -> None:
    systems = [SHORT, *[PLENTY] * 100]
    economy = Economy(Governor(4, 160.0, 0.0), StillSavings(SETTINGS), lambda: 90.0, lambda: systems.pop(0))
    steps = [step for second in range(70) if (step := economy.update(float(second)))]
    assert [step.rung for step in steps] == [1, 0]
    assert economy.described(steps[1]) == (
        "memory rung 0 of 4: no longer: every 2nd frame is analysed (500 MB are available again)"
    )
    assert economy.thrift.saving == () and economy.thrift.saving_reason == ""


def test_a_loop_that_stands_still_for_want_of_memory_is_told_of_in_the_same_words() -> None:
    urgent = System(1000.0, 10.0, None)
    economy = Economy(Governor(4, 160.0, 0.0, rung=4), StillSavings(SETTINGS), lambda: 90.0, lambda: urgent)
    assert economy.past_help(100.0, 9.0) == ""
    assert economy.past_help(100.0, 10.0) == "memory is short past rung 4 of 4: only 10 MB are available"
