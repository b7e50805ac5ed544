"""What `make run` starts: the detector and the page, each started again when it ends, as systemd does in the snap.

`python -m app.service.appliance [--camera SOURCE] [--port N]`, until Ctrl-C or SIGTERM. Exit status: 0 ended as asked;
1 cannot start, and the last line says why.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config import password
from config.commands import command
from config.durable import StoreError
from config.https import Listening, listening
from config.openssl import HttpsError
from config.paths import Paths

FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 10.0
QUICK_S = 60.0  # a program that ran longer did not fail at its start, and is not made to wait longer
PATIENCE = 5  # quick ends in a row, then the longest delay: the cause will not go away by itself
STOP_S = 10.0  # gunicorn gives its requests 5 s, the detector ends within 2 s
KILLED_S = 2.0  # a killed process ends at once, unless it waits in the kernel; then nothing can end it
IDLE_S = 3600.0  # until the next look without a reason; sigtimedwait does not take infinity
ENDING = (signal.SIGINT, signal.SIGTERM)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Part:
    """A program to keep running, with what its environment has besides this process's."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status, after both have ended."""
    parser = argparse.ArgumentParser(
        "python -m app.service.appliance", description="the detector and the page together"
    )
    parser.add_argument("--camera", metavar="SOURCE", help="instead of the setting camera.source")
    parser.add_argument("--port", metavar="N", help="of the page; PORT in the environment does the same")
    options = parser.parse_args(arguments)
    env = dict(os.environ, PORT=options.port) if options.port else os.environ
    paths = Paths.from_environment(env)
    try:
        where = listening(paths, env)
        if problem := port_problem(where):
            return _refused(problem)
        made = first_password(paths.admin_password)
    except (HttpsError, StoreError) as error:
        return _refused(str(error))
    _say(f"the page: {where.url}   Ctrl-C ends it and the detector", 1)
    if where.certificate and where.certificate.is_self_signed:
        _say(f"its certificate, which the browser will ask about: SHA-256 {where.certificate.fingerprint}", 1)
    if made:
        _say(f"its password: {made}   shown this once; `{command('admin-password')}` makes another", 1)
    supervise(parts(options.camera, where.port))
    return 0


def parts(camera: str | None, port: int) -> tuple[Part, ...]:
    """What the appliance runs."""
    python = (sys.executable, "-m")
    return (
        Part("detector", (*python, "app", "run", *(("--camera", camera) if camera else ()))),
        Part("page", (*python, "app.service.page", "-c", "admin/gunicorn.conf.py"), {"PORT": str(port)}),
    )


def first_password(path: Path) -> str:
    """The page's password, made where none was ever made; else "". Raises: StoreError."""
    if password.load(path) or password.problem(path):
        return ""
    password.save(path, made := password.generate())
    return made


def port_problem(where: Listening) -> str:
    """Why nothing can listen there and what helps, "" if it can."""
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    try:
        socket.create_server((where.host, where.port), family=family).close()
    except OSError as error:
        other = where.port + 1 if 1024 <= where.port < 65535 else 8080
        remedy = f"choose another: PORT={other} make run"
        if error.errno == errno.EADDRINUSE:
            return f"port {where.port} is taken, `ss -ltnp` shows by whom; {remedy}"
        return f"port {where.port} of {where.host} cannot be had ({error.strerror}); {remedy}"
    return ""


def delay_s(quick_ends: int) -> float:
    """How long to wait after so many quick ends in a row, from 1 on."""
    return FIRST_DELAY_S * 2 ** (quick_ends - 1) if quick_ends < PATIENCE else LONGEST_DELAY_S


def supervise(wanted: Sequence[Part], stop_s: float = STOP_S) -> None:
    """Keep the parts running until a signal asks for the end, then end them, within stop_s and a moment.

    The signals stay blocked afterwards: another Ctrl-C must not disturb the last lines of a program that ends.
    """
    ending = {*ENDING} if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else {*ENDING, signal.SIGHUP}  # nohup
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a process that ignores it gets none
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*ending, signal.SIGCHLD})
    children = [Child(part, mask) for part in wanted]
    try:
        while not _came({*ending, signal.SIGCHLD}, min(child.turn() for child in children)) & ending:
            pass
    finally:
        _end(children, stop_s)


class Child:
    """One part and its process."""

    def __init__(self, part: Part, signal_mask: set[signal.Signals | int]) -> None:
        self._part, self._signal_mask = part, signal_mask
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = self._due_s = time.monotonic()
        self._quick_ends = 0

    def turn(self) -> float:
        """Start the process if it is due, take note if it has ended, and return in how many seconds to look again."""
        now_s = time.monotonic()
        if self._process is not None and self.has_ended():
            self._wait_before_next(now_s, _how(self._process.returncode))
        if self._process is None and now_s >= self._due_s:
            self._start(now_s)
        return IDLE_S if self._process is not None else self._due_s - now_s

    def has_ended(self) -> bool:
        """Whether there is no process any more; what it left behind in its group is ended too."""
        if self._process is None:
            return True
        pid = self._process.pid
        if self._process.returncode is None and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return False
        self.kill()  # a worker that would hold the port; before wait(), as nobody else can have the number until then
        self._process.wait()
        return True

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to all of the group."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _start(self, now_s: float) -> None:
        self._started_s = now_s
        parent, mask = os.getpid(), self._signal_mask

        def bind_to_parent() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            if os.getppid() != parent:  # it was killed before this could be asked for
                os._exit(1)

        try:
            self._process = subprocess.Popen(
                self._part.command,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self._part.environment},
                start_new_session=True,  # the terminal's Ctrl-C is for the supervisor, which ends both in order
                preexec_fn=bind_to_parent,
            )
        except (OSError, subprocess.SubprocessError) as error:  # no memory for one more process
            self._wait_before_next(now_s, f"could not be started ({error})")

    def _wait_before_next(self, now_s: float, what: str) -> None:
        self._process = None
        self._quick_ends = self._quick_ends + 1 if now_s - self._started_s < QUICK_S else 1
        delay = delay_s(self._quick_ends)
        self._due_s = now_s + delay
        _say(f"the {self._part.name} {what}; it is started again in {delay:g} s")


def _end(children: Sequence[Child], stop_s: float) -> None:
    for child in children:
        child.ask_to_end()
    if not _all_ended(children, stop_s):
        for child in children:
            child.kill()
        _all_ended(children, KILLED_S)


def _all_ended(children: Sequence[Child], within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    while not all(child.has_ended() for child in children):
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            return False
        _came({signal.SIGCHLD}, left_s)
    return True


def _came(signals: set[signal.Signals], within_s: float) -> set[int]:
    """Those that came, one at most."""
    came = signal.sigtimedwait(signals, max(0.0, within_s))
    return {came.si_signo} if came else set()


def _how(status: int) -> str:
    return f"ended with status {status}" if status >= 0 else f"was ended by signal {-status}"


def _refused(problem: str) -> int:
    _say(f"error: {problem}")
    return 1


def _say(line: str, file: int = 2) -> None:
    """One line, over the detector's live one where there is any; a reader that is gone or stopped stops nothing."""
    erase_line = "\r\x1b[K" if os.isatty(file) else ""
    with suppress(OSError):
        if not select.select([], [file], [], 0)[1]:
            return  # nobody reads it
        os.write(file, f"{erase_line}{line}\n".encode(errors="backslashreplace"))


if __name__ == "__main__":
    sys.exit(main())
