"""`python -m app run`, in a process of its own and in this one."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import MethodType, SimpleNamespace

import psutil
import pytest

from app.commands.command_line import main
from app.commands.run import watch
from app.events import State
from app.journal.entries import recent
from app.monitor.detector import Hooks
from app.monitor.memory_saver import SAVING
from app.monitor.single_instance import LOCK
from app.monitor.watchdog import Watchdog
from app.telemetry.preview import ask_for_preview
from app.telemetry.status import read
from config.paths import PREVIEW, PREVIEW_WANTED, STATUS, Paths
from config.store import Store
from tests.support.process import WAIT_S, Process, started


@pytest.fixture
def signals() -> Iterator[None]:
    """Restores the signal handlers that `run` replaces in this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def test_run_is_single_and_ends_at_a_signal_leaving_nothing_behind(
    start: list[Process], folders: Path, signals: None, caplog: pytest.LogCaptureFixture
) -> None:
    began_s = time.monotonic()
    process = started(start, "run", "--camera", "fake:attentive")
    process.wait_for("attentive\n")
    assert time.monotonic() - began_s < 10  # 1.1 s on the machine this was written on; a loaded one is slower
    ask_for_preview(folders)
    children = process.children()
    assert main(["run", "--camera", "fake:attentive"]) == 1
    assert caplog.messages[-1] == f"a detector runs already, in {folders}: `kill {process.popen.pid}` ends it"
    while not (folders / PREVIEW).exists():
        assert time.monotonic() - began_s < WAIT_S
        process._read(0.1)
    status = read(folders / STATUS)
    assert status and status.configuration.fixed_keys == ("camera.source",)
    assert process.end(signal.SIGINT) < 3  # 0.3 s
    assert process.popen.returncode == 0
    assert "Traceback" not in process.err
    assert process.out == "00:00:00  attentive\n" or process.out == "00:00:01  attentive\n"
    assert children
    assert not any(map(psutil.pid_exists, children))
    left = {"course.json", LOCK, "memory-history.json", PREVIEW_WANTED, STATUS}
    assert {path.name for path in folders.iterdir()} == left


def test_detector_above_its_budget_saves_memory_and_keeps_watching(
    start: list[Process], folders: Path, tmp_path: Path
) -> None:
    config = tmp_path / "small.yaml"
    config.write_text("vision: {model: full}\nmemory: {budget_mb: 64}\n")
    process = started(start, "run", "--camera", "fake:attentive", "--config", str(config))
    process.wait_for(f"WARNING saving memory: {SAVING} (the detector has ")
    process.wait_for("attentive\n")
    end_s = time.monotonic() + WAIT_S
    while (status := read(folders / STATUS)) is None or status.memory.saving != SAVING:
        assert time.monotonic() < end_s, status
        time.sleep(0.1)
    process.end()
    events = [entry.event for entry in recent(tmp_path / "data" / "events.sqlite")]
    assert {event.kind for event in events} == {State.SAVING_MEMORY}
    assert len(events) == 1


def test_run_marks_good_settings_and_connects_watchdog_and_memory_saver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = Paths(tmp_path / "data", tmp_path / "run", tmp_path / "common")
    paths.make()
    store = Store(paths.data)
    store.save("profile: low_memory\n", store.load().version)
    reasons: list[str] = []

    def open_fake(*given: object) -> SimpleNamespace:
        hooks = given[-1]
        assert isinstance(hooks, Hooks) and isinstance(hooks.on_stage, MethodType)
        watchdog = hooks.on_stage.__self__
        assert isinstance(watchdog, Watchdog)

        def run(is_over: object) -> None:
            hooks.on_healthy()
            reasons.append(watchdog.exit_reason(100.0, 10.0))

        return SimpleNamespace(run=run, saver=SimpleNamespace(exit_reason=lambda now_s, late_s: "memory is short"))

    monkeypatch.setattr("app.monitor.opening.open_detector", open_fake)
    assert not paths.last_good.exists()
    assert watch(store.load(), None, paths, lambda: True) == 0
    assert paths.last_good.read_text() == "profile: low_memory\n"
    assert reasons == ["memory is short"]
