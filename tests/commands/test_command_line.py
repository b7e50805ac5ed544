"""The command line, in this process where that is enough, as a process where it is about one."""

from __future__ import annotations

import json
import logging
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MethodType, SimpleNamespace

import cv2
import pytest

from app.commands.command_line import _watch, main
from app.events import State
from app.fake_driver.scenario import scenario_names
from app.journal.journal import recent
from app.monitor.detector import MUTE_S, Hooks
from app.monitor.memory_saver import SAVING
from app.monitor.single_instance import LOCK
from app.monitor.watchdog import Watchdog
from app.telemetry.preview import ask_for_preview
from app.telemetry.status import read
from app.vision.graph import quiet_native_log
from config.paths import PREVIEW, PREVIEW_WANTED, STATUS, Paths
from config.settings import Settings
from config.store import Store

ROOT = Path(__file__).parents[2]
WAIT_S = 20.0
COMMANDS = ("run", "analyze", "render", "check")


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run folder; it and the data folder are in tmp_path."""
    for name in ("SNAP_DATA", "SNAP_COMMON", "SNAP_INSTANCE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DRIVEWATCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "drivewatch"


@pytest.fixture
def signals() -> Iterator[None]:
    """Takes back what `run` does with them in this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    err = capsys.readouterr().err
    assert all(command in err for command in COMMANDS)
    assert "python -m app run --camera fake:commute" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    text = help_of(capsys, command)
    assert re.search(f"examples?:\n  python -m app {command}\\b", text)


def test_help_says_how_long_a_mute_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"for {MUTE_S / 60:.0f} minutes" in help_of(capsys, "run")


def test_help_lists_the_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, "render")
    assert all(re.search(f"^  {name} +[A-Z]", text, re.MULTILINE) for name in scenario_names())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("render", "attentive", "--out", "x", "--fps", "often"), "'often' must be a number above 0"),
        (("render", "attentive", "--out", "x", "--fps", "nan"), "'nan' must be a number above 0"),
        (("render", "attentive", "--out", "x", "--seconds", "inf"), "'inf' must be a number above 0"),
        (("render", "attentive", "--out", "x", "--size", "big"), "'big' must be such as 320x240"),
        (("render", "attentive", "--out", "x", "--size", "9x9"), "'9x9' must be such as 320x240"),
        (("analyze", "x", "--fps", "0"), "'0' must be a number above 0"),
        (("run", "--camera", "http://somewhere"), "'http://somewhere' must be auto, /dev/video0"),
        (("check", "--camera", ""), "'' must be auto, /dev/video0"),
    ],
)
def test_a_wrong_option_is_refused_with_the_reason(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    assert reason in refusal(capsys, *arguments)


def test_render_writes_pictures_and_their_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "frames"
    assert main(["render", "asleep", "--out", str(out), "--seconds", "3", "--fps", "2", "--size", "96x72"]) == 0
    assert "6 frames of asleep" in capsys.readouterr().out
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert [line["time_s"] for line in truth] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert {"yaw_deg", "pitch_deg", "eyes_closed", "present"} <= set(truth[0])
    assert [line["file"] for line in truth] == sorted(path.name for path in out.glob("*.png"))
    picture = cv2.imread(str(out / truth[-1]["file"]))
    assert picture is not None
    assert picture.shape == (72, 96, 3)


def test_a_shorter_rendering_replaces_a_longer_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "00007.jpg").touch()
    (tmp_path / "mine.png").touch()
    for seconds in ("3", "1"):
        assert main(["render", "asleep", "--out", str(tmp_path), "--seconds", seconds, "--size", "64x48"]) == 0
    names = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert names == ["00000.png", "00007.jpg", "mine.png", "truth.jsonl"]


def test_render_writes_a_video(tmp_path: Path) -> None:
    assert main(["render", "asleep", "--out", str(tmp_path), "--seconds", "2", "--fps", "5", "--video"]) == 0
    capture = cv2.VideoCapture(str(tmp_path / "video.avi"), cv2.CAP_FFMPEG)
    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (10, 5)
    capture.release()
    assert len((tmp_path / "truth.jsonl").read_text().splitlines()) == 10


def test_the_truth_of_a_frozen_picture_has_its_own_time(tmp_path: Path) -> None:
    scenario = tmp_path / "frozen.yaml"
    scenario.write_text("about: x\nlength_s: 9\nmoves:\n  - {at_s: 2, for_s: 5, frozen: 1}\n")
    assert main(["render", str(scenario), "--out", str(tmp_path), "--size", "64x48"]) == 0
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [line["time_s"] for line in truth] == list(range(9))
    assert [line["frozen"] for line in truth][3:6] == [1, 1, 1]


def test_a_wrong_scenario_lists_those_there_are(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["render", "asleeep", "--out", str(tmp_path / "out")]) == 1
    assert "asleeep" in caplog.text
    assert all(name in caplog.text for name in scenario_names())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [[], ["--video"]])
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, options: list[str]
) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "frames"
    assert main(["render", "asleep", "--out", str(out), *options]) == 1
    assert caplog.messages == [f"{out}: Not a directory"]


def test_a_plot_that_cannot_be_written_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plot = tmp_path / "missing" / "plot.svg"
    assert main(["analyze", "trip.mp4", "--plot", str(plot)]) == 1
    assert caplog.messages == [f"{plot}: No such file or directory"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "No such file or directory"),
        ("camera: [", "not valid YAML"),
        ("a: &a [x]\nb: [*a, *a]\n", "must not use anchors"),
        ("vision:\n  model: huge\n", "line 2: vision.model: huge must be lite, standard or full"),
    ],
)
def test_problems_of_a_config_file_are_named_and_the_work_is_done(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    problem: str,
) -> None:
    file, wall = tmp_path / "my.yaml", tmp_path / "wall.png"
    if text is not None:
        file.write_text(text)
    cv2.imwrite(str(wall), cv2.UMat(48, 64, cv2.CV_8UC3).get())
    assert main(["analyze", str(wall), "--config", str(file)]) == 0
    assert problem in caplog.messages[0]
    assert caplog.messages[-1].startswith("configuration in force: ")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_endless_config_file_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert main(["analyze", "missing.mp4", "--config", "/dev/zero"]) == 1
    assert "configuration: /dev/zero cannot be read: it is not a file" in caplog.messages


def test_check_looks_at_the_camera_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    """Its status depends on this machine's pins, which tests/commands/test_doctor.py makes up."""
    main(["check", "--camera", "fake:attentive"])
    out = capsys.readouterr().out
    assert "ok   camera         fake:attentive, 320 x 240, used as 320 x 240\nok   picture        clear\n" in out
    assert logging.getLogger().isEnabledFor(logging.ERROR)


@dataclass
class Process:
    """`python -m app …` as a person starts it."""

    popen: subprocess.Popen[bytes]
    out: str = ""
    err: str = ""

    def wait_for(self, words: str) -> None:
        """Read on until it has printed this."""
        end_s = time.monotonic() + WAIT_S
        while words not in self.out + self.err:
            assert time.monotonic() < end_s, f"no {words!r} in {self.out!r} and {self.err!r}"
            self._read(0.2)

    def end(self, number: int = signal.SIGTERM) -> float:
        """Seconds from the signal to the end."""
        began_s = time.monotonic()
        self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=WAIT_S)
        self.out, self.err = self.out + out.decode(), self.err + err.decode()
        return time.monotonic() - began_s

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children")
        others = Path(f"/proc/{self.popen.pid}/task").glob("*/children")
        return sorted({int(pid) for path in (found, *others) for pid in path.read_text().split()})

    def _read(self, timeout_s: float) -> None:
        pipes = [pipe for pipe in (self.popen.stdout, self.popen.stderr) if pipe]
        for pipe in select.select(pipes, [], [], timeout_s)[0]:
            text = os.read(pipe.fileno(), 65536).decode()
            if pipe is self.popen.stdout:
                self.out += text
            else:
                self.err += text


@pytest.fixture
def start() -> Iterator[list[Process]]:
    """Processes that end with the test."""
    started: list[Process] = []
    yield started
    for process in started:
        process.popen.kill()
        process.popen.communicate()


def started(processes: list[Process], *arguments: str) -> Process:
    command = [sys.executable, "-m", "app", *arguments]
    process = Process(
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    )
    processes.append(process)
    return process


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_run_watches_alone_until_it_is_told_to_end_and_leaves_nothing_behind(
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
    assert process.end(signal.SIGINT) < 3  # 0.3 s
    assert process.popen.returncode == 0
    assert "Traceback" not in process.err
    assert process.out == "00:00:00  attentive\n" or process.out == "00:00:01  attentive\n"
    assert children
    assert not any(is_alive(pid) for pid in children)
    assert sorted(path.name for path in folders.iterdir()) == [
        LOCK,
        "memory-history.json",
        PREVIEW_WANTED,
        STATUS,
    ]


def test_a_detector_above_its_budget_saves_and_watches_on(start: list[Process], folders: Path, tmp_path: Path) -> None:
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


def test_run_names_a_camera_that_is_not_there_and_goes_on(start: list[Process]) -> None:
    process = started(start, "run", "--camera", "missing.mp4")
    process.wait_for("WARNING camera lost: missing.mp4: No such file or directory")
    process.wait_for("INFO watching")
    assert process.popen.poll() is None
    process.end(signal.SIGTERM)
    assert process.popen.returncode == 0
    assert process.err.count("missing.mp4") == 1


@contextmanager
def fresh_log() -> Iterator[None]:
    """Lets `main` set logging up, as in a process of its own; pytest has handlers of its own on the root."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)


def test_messages_are_seen_also_while_the_face_mesh_turns_stderr_away(capfd: pytest.CaptureFixture[str]) -> None:
    with fresh_log():
        assert main(["render", "nobody", "--out", "x"]) == 1
        with quiet_native_log():
            logging.getLogger("app.camera.capture").warning("camera lost")
    assert capfd.readouterr().err.splitlines()[-1] == "WARNING camera lost"


def test_analyze_ends_quietly_when_nobody_reads_on(start: list[Process], tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), cv2.UMat(48, 64, cv2.CV_8UC3).get())
    process = started(start, "analyze", str(tmp_path / "wall.png"))
    assert process.popen.stdout
    process.popen.stdout.close()
    assert process.popen.wait(WAIT_S) == 0
    assert process.popen.stderr
    assert process.popen.stderr.read() == b""
    process.popen.stdout = None


def test_the_detector_marks_good_settings_and_its_guard_asks_the_governor(
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
    assert _watch(Settings(), store.load(), paths, lambda: True) == 0
    assert paths.last_good.read_text() == "profile: low_memory\n"
    assert reasons == ["memory is short"]
