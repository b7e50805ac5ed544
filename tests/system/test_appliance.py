"""The supervisor of `make run` in a process of its own, with small children that note their starts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.service.appliance import (
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    PATIENCE,
    delay_s,
    first_password,
    main,
    parts,
    port_problem,
)
from config import password
from config.certificates import LOOPBACK
from config.https import Listening
from tests.support.process import ROOT

WAIT_S = 10.0
POLL_S = 0.01
# Each child writes a file named by its pid, so that a test sees how often it was started
STAYS = "note(); time.sleep(60)"
ENDS_CLEANLY = "note()"
SAYS_WHEN_ASKED = """
def end(number, _):
    open({folder!r} + '/asked', 'a').write(str(number) + ' ')
    raise SystemExit
signal.signal(signal.SIGTERM, end); signal.signal(signal.SIGINT, end)
note(); time.sleep(60)
"""
IGNORES = "signal.signal(signal.SIGTERM, signal.SIG_IGN); note(); time.sleep(60)"
LEAVES_A_CHILD_BEHIND = """
if not os.fork():
    note('grandchild'); time.sleep(60)
while not glob.glob({folder!r} + '/grandchild-*'): time.sleep(0.01)
note(); os._exit(3)
"""
CHILD = """
import glob, os, signal, sys, time
def note(name='child'): open({folder!r} + f'/{{name}}-{{os.getpid()}}', 'w').close()
"""


class Appliance:
    """A supervisor process over children made of these lines."""

    def __init__(self, folder: Path, *bodies: str, stop_s: float = 5.0, new_session: bool = True) -> None:
        self.folder = folder
        wanted = [[sys.executable, "-c", (CHILD + body).format(folder=str(folder))] for body in bodies]
        code = (
            "import json, sys; from app.service.appliance import Part, supervise\n"
            "wanted, stop_s = json.loads(sys.argv[1])\n"
            "supervise([Part('detector', tuple(command)) for command in wanted], stop_s)"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, json.dumps([wanted, stop_s])],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=new_session,
        )

    def pids(self, name: str = "child") -> list[int]:
        return [int(path.name.rpartition("-")[2]) for path in self.folder.glob(f"{name}-*")]

    def wait_for(self, what: Callable[[], object]) -> None:
        end_s = time.monotonic() + WAIT_S
        while not what():
            assert time.monotonic() < end_s, f"did not come in {WAIT_S} s"
            time.sleep(POLL_S)

    def end(self, number: int = signal.SIGTERM) -> str:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=WAIT_S)
        assert not [pid for pid in self.pids() if is_alive(pid)]
        return said


@pytest.fixture
def appliances() -> Iterator[list[Appliance]]:
    started: list[Appliance] = []
    yield started
    for appliance in started:
        appliance.process.kill()
        appliance.process.communicate()
        for pid in filter(is_alive, appliance.pids()):
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def started(appliances: list[Appliance], folder: Path, *bodies: str, stop_s: float = 5.0) -> Appliance:
    appliance = Appliance(folder, *bodies, stop_s=stop_s)
    appliances.append(appliance)
    appliance.wait_for(lambda: len(appliance.pids()) >= len(bodies))
    return appliance


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_both_children_with_status_0(appliances: list[Appliance], tmp_path: Path, number: int) -> None:
    appliance = started(appliances, tmp_path, STAYS, STAYS)
    assert appliance.end(number) == ""
    assert appliance.process.returncode == 0


def test_ctrl_c_reaches_a_child_once_as_sigterm(appliances: list[Appliance], tmp_path: Path) -> None:
    appliance = started(appliances, tmp_path, SAYS_WHEN_ASKED)
    os.killpg(appliance.process.pid, signal.SIGINT)  # as a terminal does: to all of the foreground group
    appliance.process.wait(WAIT_S)
    assert (tmp_path / "asked").read_text() == f"{int(signal.SIGTERM)} "


def test_child_that_ignores_sigterm_is_killed(appliances: list[Appliance], tmp_path: Path) -> None:
    appliance = started(appliances, tmp_path, IGNORES, STAYS, stop_s=0.1)
    appliance.end()
    assert appliance.process.returncode == 0


@pytest.mark.parametrize("body", [ENDS_CLEANLY, "note(); raise SystemExit(7)"])
def test_ended_child_is_restarted_with_one_line(appliances: list[Appliance], tmp_path: Path, body: str) -> None:
    appliance = started(appliances, tmp_path, body)
    appliance.wait_for(lambda: len(appliance.pids()) == 2)
    first = appliance.end().splitlines()[0]
    status = 0 if body is ENDS_CLEANLY else 7
    assert first == f"the detector ended with status {status}; it is started again in 0.5 s"


def test_killed_child_is_restarted_while_the_other_continues(appliances: list[Appliance], tmp_path: Path) -> None:
    appliance = started(appliances, tmp_path, STAYS, STAYS)
    victim, other = appliance.pids()
    os.kill(victim, signal.SIGKILL)
    appliance.wait_for(lambda: len(appliance.pids()) == 3)
    assert is_alive(other)
    assert appliance.end() == "the detector was ended by signal 9; it is started again in 0.5 s\n"


def test_child_that_cannot_be_started_is_retried(tmp_path: Path) -> None:
    code = (
        "import signal; from app.service.appliance import Part, supervise\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.7); signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(15))\n"
        "supervise([Part('page', ('/nowhere/to-be-found',))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S)
    lines = done.stderr.splitlines()
    assert [line.rpartition(" in ")[2] for line in lines] == ["0.5 s", "1 s"]
    assert lines[0].startswith("the page could not be started ([Errno 2]")
    assert done.returncode == 0


def test_children_end_when_the_supervisor_is_killed(appliances: list[Appliance], tmp_path: Path) -> None:
    appliance = started(appliances, tmp_path, SAYS_WHEN_ASKED, STAYS)
    pids = appliance.pids()
    appliance.process.kill()
    appliance.wait_for(lambda: not any(map(is_alive, pids)))
    assert (tmp_path / "asked").read_text() == f"{int(signal.SIGTERM)} "  # so the buzzer falls silent


def test_grandchildren_of_a_crashed_child_are_ended_before_the_restart(
    appliances: list[Appliance], tmp_path: Path
) -> None:
    appliance = started(appliances, tmp_path, LEAVES_A_CHILD_BEHIND)
    left = appliance.pids("grandchild")
    appliance.wait_for(lambda: len(appliance.pids()) >= 2)
    assert not any(map(is_alive, left))


def test_child_has_unblocked_signals_and_inherits_the_output(tmp_path: Path) -> None:
    code = (
        "from app.service.appliance import Part, supervise; import sys\n"
        "supervise([Part('detector', (sys.executable, '-c', sys.argv[1]), {'PORT': '8081'})])"
    )
    child = (
        "import os, signal, time\nprint(signal.pthread_sigmask(signal.SIG_BLOCK, []), os.environ['PORT'], flush=True)\n"
        "os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, child]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S)
    assert (done.stdout, done.stderr) == ("set() 8081\n", "")


def test_restart_delay_grows_to_its_maximum_with_five_quick_ends() -> None:
    delays = [delay_s(count) for count in range(1, 50)]
    assert delays == sorted(delays)
    assert (delays[0], delays[PATIENCE - 1], delays[-1]) == (FIRST_DELAY_S, LONGEST_DELAY_S, LONGEST_DELAY_S)


def test_taken_port_is_reported_with_the_command_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVEWATCH_DATA", str(tmp_path))
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--camera", "fake:commute", "--port", str(port)]) == 1
    said = capfd.readouterr()
    assert f"port {port} is taken" in said.err
    assert f"PORT={port + 1} make run" in said.err
    assert said.out == ""


def test_free_port_is_ok_and_free_again_after_the_check() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    assert [port_problem(Listening(LOOPBACK, port, None)) for _ in range(2)] == ["", ""]


def test_address_of_another_machine_is_refused() -> None:
    assert "cannot be had" in port_problem(Listening("192.0.2.1", 8080, None))


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8080.0"])
def test_invalid_port_is_refused(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVEWATCH_DATA", str(tmp_path))
    assert main(["--camera", "fake:commute", f"--port={port}"]) == 1
    assert f"PORT={port} is no port" in capfd.readouterr().err


def test_only_the_first_start_makes_a_password(tmp_path: Path) -> None:
    path = tmp_path / "data" / "password"
    made = first_password(path)
    assert password.verify(password.load(path), made)
    assert first_password(path) == ""


def test_start_does_not_replace_a_damaged_password(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("damaged")
    assert first_password(path) == ""
    assert path.read_text() == "damaged"


def test_appliance_runs_detector_and_page() -> None:
    detector, page = parts("fake:commute", 8081)
    assert detector.command[1:] == ("-m", "app", "run", "--camera", "fake:commute")
    assert page.command[1:] == ("-m", "app.service.page", "-c", "admin/gunicorn.conf.py")
    assert page.environment["PORT"] == "8081"
