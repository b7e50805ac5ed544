"""A real process that hangs or crashes in any stage ends in time, with the stacks, and records the reason."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.monitor.single_instance import LOCK
from app.monitor.watchdog import EX_SOFTWARE, Watchdog
from app.telemetry.log_file import read_lines
from config.paths import FAILURE
from tests.support.failures import NOW_S, names, reason
from tests.support.process import ROOT

WAIT_S = 30.0
# Each stage of the loop, and the module of app/monitor in which it hangs
STAGES = {
    "waiting for a frame": "detector",
    "taking the page's requests": "detector",
    "judging a frame": "judge",
    "alerting the driver": "driver_feedback",
    "recording events": "recorder",
    "printing": "detector",
    "writing the status": "detector",
}


# A detector with fake parts, one of which hangs; the watchdog's bounds are shortened so that no test takes a minute
CHILD = """
import ctypes, faulthandler, logging, os, signal, sys, threading
from pathlib import Path
from app.monitor import watchdog
from tests.support.bench import Bench

watchdog.LOOK_S, watchdog.BUSY_S = 0.05, 0.5
run, stage, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def wait_for_ever(*_, **__):
    threading.Event().wait()

def deadlock(*_, **__):
    locks, ready = (logging._lock, threading.Lock()), threading.Event()
    def other():
        with locks[1]:
            ready.set()
            with locks[0]:
                pass
    with locks[0]:
        threading.Thread(target=other, daemon=True).start()
        ready.wait()
        with locks[1]:
            pass

def keep_the_gil(*_, **__):
    ctypes.PyDLL(None).pause()

def crash(*_, **__):
    faulthandler._sigsegv()

def be_killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def spin(*_, **__):
    while True:
        pass

def sulk(*_, **__):
    raise RuntimeError("something new")

hang = {"wait": wait_for_ever, "deadlock": deadlock, "gil": keep_the_gil, "crash": crash, "kill": be_killed,
        "raise": sulk, "spin": spin, "starve": wait_for_ever}[how]
with watchdog.Watchdog(run, alarm_s=1.0) as line:
    if stage == "starting":
        line.at("loading", 0.3)
        hang()
    if how == "starve":
        line.exit_reason = lambda now_s, late_s: "no memory" if late_s >= 0.1 else ""
    bench = Bench(on_stage=lambda stage: line.at(stage, 0.3))
    bench.run(10)
    parts = {"waiting for a frame": (bench.camera, "read"), "taking the page's requests": (bench, "takes"),
             "judging a frame": (bench.watch, "look"), "alerting the driver": (bench.alert, "show"),
             "recording events": (bench.journal, "retry"), "printing": (bench, "prints"),
             "writing the status": (bench.report, "update")}
    setattr(*parts[stage], hang)
    bench.run(10)
"""


def ended(run: Path, stage: str, how: str) -> subprocess.CompletedProcess[str]:
    """The end of a process in which this stage hangs or crashes in this way."""
    command = [sys.executable, "-c", CHILD, str(run), stage, how]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False)


@pytest.mark.parametrize(("stage", "module"), STAGES.items())
def test_hung_stage_ends_the_process_with_all_stacks_and_the_reason(tmp_path: Path, stage: str, module: str) -> None:
    done = ended(tmp_path, stage, "wait")
    assert done.returncode == EX_SOFTWARE
    assert f"ERROR the detector hung for 0.3 s while {stage}, in app/monitor/{module}.py line " in done.stderr
    assert 'in wait_for_ever\n  File "' in done.stderr
    assert done.stderr.count("most recent call first") >= 2  # the loop and the watchdog
    assert reason(tmp_path).startswith(f"it hung for 0.3 s while {stage}, in app/monitor/{module}.py line ")
    assert names(tmp_path) == [LOCK, FAILURE]


ENDS = {
    "hung start": ("starting", "wait", EX_SOFTWARE, "it hung for 0.3 s while loading"),
    "deadlock with the logging lock": ("judging a frame", "deadlock", EX_SOFTWARE, "while judging a frame"),
    "endless computation": ("judging a frame", "spin", EX_SOFTWARE, "while judging a frame, in "),
    "lack of memory": (
        "judging a frame",
        "starve",
        EX_SOFTWARE,
        "it hung for 0.1 s while judging a frame: no memory, in ",
    ),
    "exception": ("alerting the driver", "raise", 1, "RuntimeError: something new"),
}


@pytest.mark.parametrize(("stage", "how", "status", "words"), ENDS.values(), ids=ENDS)
def test_process_ends_with_its_reason(tmp_path: Path, stage: str, how: str, status: int, words: str) -> None:
    done = ended(tmp_path, stage, how)
    assert (done.returncode, words in reason(tmp_path)) == (status, True), done.stderr
    assert how != "deadlock" or ("in deadlock" in done.stderr and "in other" in done.stderr)


CUT_SHORT = {
    "native code holding the GIL": ("gil", signal.SIGALRM, "it hung in app/monitor/judge.py line ", "in keep_the_gil"),
    "native crash": ("crash", signal.SIGSEGV, "it crashed in app/monitor/judge.py line ", "in crash"),
    "kill": ("kill", signal.SIGKILL, "ended from outside", ""),
}


@pytest.mark.parametrize(("how", "number", "words", "stack"), CUT_SHORT.values(), ids=CUT_SHORT)
def test_process_ended_by_a_signal_is_reported_by_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str, number: signal.Signals, words: str, stack: str
) -> None:
    assert ended(tmp_path, "judging a frame", how).returncode == -number
    with Watchdog(tmp_path, lambda: NOW_S):
        pass
    assert words in reason(tmp_path)
    assert stack in caplog.text
    assert how != "gil" or caplog.text.count("most recent call first") >= 2
    assert how != "crash" or "Segmentation fault" in reason(tmp_path)
    assert names(tmp_path) == [LOCK, FAILURE]


def test_blocked_stderr_does_not_keep_a_hung_process_alive(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    while True:
        try:
            os.write(writer, bytes(4096))
        except BlockingIOError:
            break
    os.set_blocking(writer, True)
    command = [sys.executable, "-c", CHILD, str(tmp_path), "judging a frame", "wait"]
    with subprocess.Popen(command, cwd=ROOT, stderr=writer, stdout=subprocess.DEVNULL) as process:
        os.close(writer)
        process.wait(WAIT_S)
    os.close(reader)
    assert process.returncode == -signal.SIGALRM
    assert "while judging a frame" in reason(tmp_path)


INFERENCE = """
import ctypes, sys
from app.monitor import watchdog
from app.vision.graph import Graph
from app.commands.command_line import main

watchdog.LOOK_S, watchdog.HANG_S = 0.05, 0.5
watchdog.Watchdog.at.__defaults__ = (watchdog.HANG_S,)
runs = Graph.run
left = [12]

def hang(graph, **inputs):
    left[0] -= 1
    if left[0] < 0:
        (ctypes.PyDLL if sys.argv[1] == "gil" else ctypes.CDLL)(None).pause()
    runs(graph, **inputs)

Graph.run = hang
watchdog.ALARM_S = 2.0
watchdog.Watchdog.__init__.__defaults__ = (*watchdog.Watchdog.__init__.__defaults__[:-1], watchdog.ALARM_S)
main(["run", "--camera", "fake:attentive"])
"""


@pytest.mark.parametrize(("how", "status"), [("native", EX_SOFTWARE), ("gil", -signal.SIGALRM)])
def test_hung_inference_ends_the_real_detector_and_check_reports_it(tmp_path: Path, how: str, status: int) -> None:
    """Only the hanging call is fake. Then the detector is started again and ends at SIGTERM."""
    env = {**os.environ, "DRIVEWATCH_DATA": str(tmp_path / "data"), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-c", INFERENCE, how]
    began_s = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == status
    assert time.monotonic() - began_s < WAIT_S / 2
    run, pipe = [sys.executable, "-m", "app", "run", "--camera", "fake:attentive"], subprocess.PIPE
    again = subprocess.Popen(run, cwd=ROOT, env=env, stdout=pipe, stderr=pipe, text=True)
    assert again.stdout is not None
    assert again.stdout.readline().endswith("attentive\n")
    again.terminate()
    stderr = done.stderr + again.communicate(timeout=WAIT_S)[1]
    assert again.returncode == 0
    assert 'app/vision/face_graphs.py", line ' in stderr
    assert any('app/vision/face_graphs.py", line ' in line.text for line in read_lines(tmp_path / "data/detector.log"))
    check = [sys.executable, "-m", "app", "check", "--camera", "fake:attentive"]
    told = subprocess.run(check, cwd=ROOT, env=env, capture_output=True, text=True, timeout=WAIT_S, check=False).stdout
    assert "BAD  last failure   0 min ago, number 1 of this boot: it hung" in told
    assert "app/vision/face_graphs.py line " in told
