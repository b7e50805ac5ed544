"""Every stage frozen in a real process: it ends itself in time, with the stacks, and leaves the reason."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.monitor.crash_report import ALARM_S, how_it_ended
from app.monitor.errors import DetectorError, HungError
from app.monitor.single_instance import LOCK, single_instance_lock
from app.monitor.watchdog import BUSY_S, CRASH, EX_SOFTWARE, HANG_S, LOOK_S, Silence, Watchdog, bound_s
from app.telemetry import failure
from app.telemetry.run_folder import boot_id
from app.vision.model_files import FaceMeshError
from config.paths import FAILURE

ROOT = Path(__file__).parents[2]
WAIT_S = 30.0
NOW_S = 500.0

# A detector among fakes, of which one hangs; the watchdog's bounds are shortened, so that no test takes a minute
CHILD = """
import ctypes, faulthandler, logging, os, signal, sys, threading
from pathlib import Path
from app.monitor import watchdog
from tests.support.bench import Bench

watchdog.LOOK_S, watchdog.BUSY_S = 0.05, 0.5
run, stage, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def wait_for_ever(*_):
    threading.Event().wait()

def deadlock(*_):
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

def keep_the_gil(*_):
    ctypes.PyDLL(None).pause()

def crash(*_):
    faulthandler._sigsegv()

def be_killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def spin(*_):
    while True:
        pass

def sulk(*_):
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
STAGES = (
    "waiting for a frame",
    "taking the page's requests",
    "judging a frame",
    "alerting the driver",
    "recording events",
    "printing",
    "writing the status",
)


def ended(run: Path, stage: str, how: str) -> subprocess.CompletedProcess[str]:
    """What became of a process in which this stage does that."""
    command = [sys.executable, "-c", CHILD, str(run), stage, how]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False)


def reason(run: Path) -> str:
    found = failure.last(run / FAILURE)
    assert found is not None
    return found.reason


def names(run: Path) -> list[str]:
    return sorted(path.name for path in run.iterdir())


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_hangs_ends_the_process_with_all_stacks_and_the_reason(tmp_path: Path, stage: str) -> None:
    done, module = ended(tmp_path, stage, "wait"), "judge" if stage == "judging a frame" else "detector"
    assert done.returncode == EX_SOFTWARE
    assert f"ERROR the detector hung for 0.3 s while {stage}, in app/monitor/{module}.py line " in done.stderr
    assert 'in wait_for_ever\n  File "' in done.stderr
    assert done.stderr.count("most recent call first") >= 2  # the loop and the watchdog
    assert reason(tmp_path).startswith(f"it hung for 0.3 s while {stage}, in app/monitor/{module}.py line ")
    assert names(tmp_path) == [LOCK, FAILURE]


def test_a_start_that_hangs_ends_too(tmp_path: Path) -> None:
    assert ended(tmp_path, "starting", "wait").returncode == EX_SOFTWARE
    assert "while loading" in reason(tmp_path)


def test_a_deadlock_with_the_locks_of_the_log_ends_too(tmp_path: Path) -> None:
    done = ended(tmp_path, "judging a frame", "deadlock")
    assert done.returncode == EX_SOFTWARE
    assert "in deadlock" in done.stderr and "in other" in done.stderr
    assert "while judging a frame" in reason(tmp_path)


def test_native_code_that_keeps_pythons_lock_is_ended_by_the_kernel_and_told_by_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = ended(tmp_path, "judging a frame", "gil")
    assert done.returncode == -signal.SIGALRM
    with Watchdog(tmp_path, lambda: NOW_S):
        pass
    assert "it hung in app/monitor/judge.py line " in reason(tmp_path)
    assert "in keep_the_gil" in caplog.text
    assert caplog.text.count("most recent call first") >= 2


def test_a_native_crash_is_told_by_the_next(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert ended(tmp_path, "judging a frame", "crash").returncode == -signal.SIGSEGV
    with Watchdog(tmp_path, lambda: NOW_S):
        pass
    assert "it crashed in app/monitor/judge.py line " in reason(tmp_path)
    assert "Segmentation fault" in reason(tmp_path)
    assert "in crash" in caplog.text


def test_a_kill_is_told_by_the_next(tmp_path: Path) -> None:
    assert ended(tmp_path, "judging a frame", "kill").returncode == -signal.SIGKILL
    with Watchdog(tmp_path, lambda: NOW_S):
        pass
    assert "ended from outside" in reason(tmp_path)
    assert names(tmp_path) == [LOCK, FAILURE]


def test_an_exception_leaves_its_reason(tmp_path: Path) -> None:
    assert ended(tmp_path, "alerting the driver", "raise").returncode == 1
    assert reason(tmp_path) == "RuntimeError: something new"


def test_a_stderr_that_nobody_reads_does_not_save_a_hung_process(tmp_path: Path) -> None:
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
def test_an_inference_that_never_returns_ends_the_real_detector_and_check_says_so(
    tmp_path: Path, how: str, status: int
) -> None:
    """All is real but the call that hangs; then the detector is started again, and ends as asked."""
    env = {**os.environ, "DRIVEWATCH_DATA": str(tmp_path / "data"), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-c", INFERENCE, how]
    began_s = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == status
    assert time.monotonic() - began_s < WAIT_S / 2
    again = subprocess.Popen(
        [sys.executable, "-m", "app", "run", "--camera", "fake:attentive"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert again.stdout is not None
    assert again.stdout.readline().endswith("attentive\n")
    again.terminate()
    stderr = done.stderr + again.communicate(timeout=WAIT_S)[1]
    assert again.returncode == 0
    assert 'app/vision/face_graphs.py", line ' in stderr
    check = [sys.executable, "-m", "app", "check", "--camera", "fake:attentive"]
    told = subprocess.run(check, cwd=ROOT, env=env, capture_output=True, text=True, timeout=WAIT_S, check=False).stdout
    assert "BAD  last failure   0 min ago, number 1 of this boot: it hung" in told
    assert "app/vision/face_graphs.py line " in told


def test_a_detector_that_was_stopped_for_a_while_goes_on() -> None:
    """The watchdog counts its looks, and there are none meanwhile."""
    silence, mark = Silence(), object()
    assert [silence.lasts_s(mark) for _ in range(3)] == [0, LOOK_S, 2 * LOOK_S]
    assert silence.lasts_s(object()) == 0


def test_a_loop_that_comes_by_the_same_stage_again_has_moved(tmp_path: Path) -> None:
    silence = Silence()
    with Watchdog(tmp_path) as line:
        for _ in range(50):
            line.at("judging a frame")
            silent_s = [silence.lasts_s(line._mark) for _ in range(3)]
    assert silent_s == [0, LOOK_S, 2 * LOOK_S]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FaceMeshError("the model\nis gone"), "FaceMeshError: the model is gone"),
        (DetectorError("no memory: start it again"), "no memory: start it again"),
        (MemoryError(), "MemoryError:"),
        (ImportError("libGL"), "ImportError: libGL"),
    ],
)
def test_a_start_that_fails_leaves_its_reason(tmp_path: Path, error: Exception, words: str) -> None:
    with pytest.raises(type(error)), Watchdog(tmp_path, lambda: NOW_S):
        raise error
    found = failure.last(tmp_path / FAILURE)
    assert found is not None
    assert (found.reason, found.time_s, found.count) == (words, NOW_S, 1)


def test_failures_of_a_boot_are_counted(tmp_path: Path) -> None:
    for number in range(1, 4):
        with pytest.raises(DetectorError), Watchdog(tmp_path):
            raise DetectorError("again")
        found = failure.last(tmp_path / FAILURE)
        assert found is not None and found.count == number


def test_an_end_as_asked_is_no_failure(tmp_path: Path) -> None:
    with Watchdog(tmp_path):
        assert names(tmp_path) == [CRASH, LOCK]
    assert names(tmp_path) == [LOCK]


def test_a_thread_that_hangs_beside_the_loop_leaves_the_stacks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(HungError), Watchdog(tmp_path):
        raise HungError("the camera hangs")
    assert "most recent call first" in capfd.readouterr().err
    assert reason(tmp_path) == "the camera hangs"


@pytest.mark.parametrize("content", ["", "null", "[]", '{"time_s": 1}', "[" * 50_000, '{"reason": NaN}'])
def test_a_damaged_record_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FAILURE).write_text(content)
    assert failure.last(tmp_path / FAILURE) is None
    assert failure.note(tmp_path / FAILURE, "new", NOW_S)
    assert reason(tmp_path) == "new"


def test_a_record_stays_small(tmp_path: Path) -> None:
    failure.note(tmp_path / FAILURE, "x" * 1_000_000, NOW_S)
    assert (tmp_path / FAILURE).stat().st_size < 1000


@pytest.mark.parametrize("left", ["another boot\n", ""])
def test_what_an_earlier_boot_left_is_no_failure(tmp_path: Path, left: str) -> None:
    (tmp_path / CRASH).write_text(left)
    with Watchdog(tmp_path):
        pass
    assert failure.last(tmp_path / FAILURE) is None


def test_what_cannot_be_read_of_a_crash_is_still_told() -> None:
    assert "it hung for" in how_it_ended("\x00 torn")
    assert how_it_ended("Fatal Python error: Aborted\n") == "it crashed: Aborted; its log has the stacks"


def test_a_huge_crash_file_is_read_in_part(tmp_path: Path) -> None:
    (tmp_path / CRASH).write_text(f"{boot_id()}\n" + "  File x\n" * 1_000_000)
    with Watchdog(tmp_path):
        pass
    assert len(reason(tmp_path)) < 500


def test_a_second_detector_on_the_same_run_folder_is_refused_and_no_failure(tmp_path: Path) -> None:
    with Watchdog(tmp_path):
        with pytest.raises(DetectorError, match=r"runs already.*`kill [0-9]+` ends it"), Watchdog(tmp_path):
            pass
        assert names(tmp_path) == [CRASH, LOCK]
    with single_instance_lock(tmp_path):
        pass


def test_a_run_folder_that_cannot_be_written_stops_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with single_instance_lock(tmp_path / "missing"):
        pass
    with pytest.raises(HungError), Watchdog(tmp_path / "missing"):
        raise HungError("the camera hangs")
    assert "most recent call first" in capfd.readouterr().err


def test_a_stage_that_computes_is_given_longer_than_one_that_waits() -> None:
    assert bound_s(HANG_S, silent_s=HANG_S, cpu_s=0.1 * HANG_S) == HANG_S
    assert bound_s(HANG_S, silent_s=HANG_S, cpu_s=0.5 * HANG_S) == BUSY_S
    assert bound_s(2 * BUSY_S, silent_s=HANG_S, cpu_s=HANG_S) == 2 * BUSY_S


def test_a_stage_that_computes_for_ever_ends_too(tmp_path: Path) -> None:
    done = ended(tmp_path, "judging a frame", "spin")
    assert (done.returncode, "while judging a frame, in " in reason(tmp_path)) == (EX_SOFTWARE, True), done.stderr


def test_a_stage_that_cannot_go_on_for_want_of_memory_ends_sooner_and_says_so(tmp_path: Path) -> None:
    assert ended(tmp_path, "judging a frame", "starve").returncode == EX_SOFTWARE
    assert reason(tmp_path).startswith(
        "it hung for 0.1 s while judging a frame: no memory, in app/monitor/judge.py line "
    )


def test_memory_that_cannot_be_read_does_not_end_the_guard(tmp_path: Path) -> None:
    with Watchdog(tmp_path) as line:
        line.exit_reason = lambda now_s, late_s: str(Path(tmp_path / "no such file").read_text())
        assert line._exit_reason(LOOK_S) == ""


def test_the_guard_has_its_chance_before_the_kernels_alarm() -> None:
    assert HANG_S + LOOK_S < ALARM_S
