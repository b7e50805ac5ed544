"""One detector at a time, ended when it hangs, and never without a reason for the page.

- A guard thread ends the process when the loop stands still: a deadlock, a call that never returns, no memory.
- The kernel's alarm clock ends it when not even the guard runs: native code that keeps Python's lock, a full pipe.
- How the one before ended without a word (SIGSEGV, SIGKILL) is told by the next.

Every end of these kinds leaves the stacks of all threads on stderr, at the latest with the next start.
"""

from __future__ import annotations

import faulthandler
import fcntl
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from app.telemetry import failure
from app.telemetry.status import boot_id
from config.paths import FAILURE

log = logging.getLogger(__name__)

LOCK, CRASH = "detector.lock", "detector.crash"
LOOK_S = 1.0  # the guard's period
HANG_S = 20.0  # a frame takes 20 ms, a sync on a worn SD card several seconds
LOADING_S = 60.0  # reading the libraries and models from a slow card
# While it computes it may only be starved, as in an emulator beside other work: a first inference took more than 20 s
# there, and a new start would take more of what is short
BUSY_S, BUSY_OF_CORE = 60.0, 0.2
ALARM_S = 60.0  # in vain for so long the guard has tried to run; a Pi that swaps is slow, not hung
EX_SOFTWARE = 70  # sysexits.h
CRASH_MAX_BYTES = 16 * 1024  # faulthandler ends at 100 frames of 100 threads; the detector's 5 threads take 4 KiB
_FATAL = re.compile(r"^Fatal Python error: (.*)$", re.MULTILINE)
_THREAD = re.compile(r"^(?:Current thread|Thread) .*$", re.MULTILINE)
_FRAME = re.compile(r'^  File ".*?/(app/[^"]*)", line (\d+) in (\w+)', re.MULTILINE)


class DetectorError(RuntimeError):
    """The detector cannot start, or not go on; the message says why and what helps."""


class HungError(DetectorError):
    """A thread beside the loop does not come back; the stacks of all tell where it is."""


def sole(run: Path) -> AbstractContextManager[object]:
    """Hold the run folder against a second detector, which would write the same status and drive the same pins.

    Where that is impossible nobody can be held off, and watching goes on. Raises: DetectorError.
    """
    try:
        file = (run / LOCK).open("a+")
    except OSError as error:
        log.debug("%s not held: %s", run, error)
        return nullcontext()
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            raise DetectorError(f"a detector runs already, in {run}: {_how_to_end(file.read(20))}") from None
    except OSError as error:
        log.debug("%s not held: %s", run, error)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _how_to_end(pid: str) -> str:
    snap = os.environ.get("SNAP_INSTANCE_NAME")
    return f"`sudo snap stop {snap}` ends it" if snap else f"`kill {pid}` ends it"


class Guard:
    """Is the loop still moving? Counts its own looks: while the process is stopped (SIGSTOP) there are none."""

    def __init__(self) -> None:
        self._seen: object = None
        self._looks = 0

    def silent_s(self, mark: object) -> float:
        """Take the loop's newest mark; for how long it has been the same object."""
        self._looks = self._looks + 1 if mark is self._seen else 0
        self._seen = mark
        return self._looks * LOOK_S


def bound_s(limit_s: float, silent_s: float, cpu_s: float) -> float:
    """How long a stage may last that is given limit_s: longer where the process has computed, not waited, meanwhile."""
    return max(limit_s, BUSY_S) if cpu_s >= BUSY_OF_CORE * silent_s else limit_s


def place(stacks: str) -> str:
    """Where the main thread was, such as "app/observer.py line 41 (look)"; "" where no stack says so.

    faulthandler prints the newest thread first and the newest frame first, so it is the first of ours in the last part.
    """
    main = _THREAD.split(stacks)[-1]
    frame = _FRAME.search(main)
    return f"{frame[1]} line {frame[2]} ({frame[3]})" if frame else ""


def how_it_ended(stacks: str) -> str:
    """In words, from what faulthandler left of a process that could not say so itself."""
    where = f" in {place(stacks)}" if place(stacks) else ""
    fatal = _FATAL.search(stacks)
    if fatal:
        return f"it crashed{where}: {fatal[1]}; its log has the stacks"
    if stacks.strip():
        return f"it hung{where} for {ALARM_S:.0f} s and kept even its watchdog from running; its log has the stacks"
    return (
        "it was ended from outside without a word: by hand, or by the kernel when memory ran out"
        " (`journalctl -k | grep -i oom` shows that)"
    )


class Lifeline:
    """To be entered before all that may fail or hang, and left last. Raises at entry: DetectorError."""

    def __init__(self, run: Path, clock: Callable[[], float] = time.monotonic, alarm_s: float = ALARM_S) -> None:
        self._run, self._clock, self._alarm_s = run, clock, alarm_s
        self._parts = ExitStack()
        self._over = threading.Event()
        self._mark = ("starting", LOADING_S)
        self.past_help: Callable[[float, float], str] = lambda now_s, late_s: ""  # why the process shall end, or ""
        self._crash: IO[bytes] | None = None
        self._stderr = -1

    def at(self, stage: str, limit_s: float = HANG_S) -> None:
        """The loop begins this, which ends within limit_s."""
        self._mark = (stage, limit_s)  # a new object each time: that is what the guard looks for

    def __enter__(self) -> Lifeline:
        self._parts.enter_context(sole(self._run))
        self._tell_of_the_last()
        # Its own: face.py turns stderr away while it loads
        self._stderr = os.dup(2)
        self._parts.callback(os.close, self._stderr)
        self._watch_for_crashes()
        self._thread = threading.Thread(target=self._guard, name="lifeline", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if isinstance(error, HungError):
            faulthandler.dump_traceback(self._stderr, all_threads=True)
        if isinstance(error, Exception):
            words = str(error) if isinstance(error, DetectorError) else f"{type(error).__name__}: {error}"
            failure.note(self._run / FAILURE, words, self._clock())
        self._parts.close()

    def _tell_of_the_last(self) -> None:
        """Its crash file stands where it should have removed it."""
        try:
            with (self._run / CRASH).open("rb") as file:
                left_boot_id, _, stacks = file.read(CRASH_MAX_BYTES).decode(errors="replace").partition("\n")
        except OSError:
            return
        if left_boot_id == boot_id():
            reason = how_it_ended(stacks)
            log.warning("the detector before this one has failed: %s%s", reason, f"\n{stacks}" if stacks else "")
            failure.note(self._run / FAILURE, reason, self._clock())

    def _watch_for_crashes(self) -> None:
        try:
            self._crash = self._parts.enter_context((self._run / CRASH).open("w+b", buffering=0))
            self._crash.write(f"{boot_id()}\n".encode())
            self._parts.callback((self._run / CRASH).unlink, missing_ok=True)
        except OSError as error:
            log.debug("no crash file: %s", error)
        file = self._stderr if self._crash is None else self._crash
        was_enabled = faulthandler.is_enabled()
        faulthandler.enable(file)
        self._parts.callback(faulthandler.enable if was_enabled else faulthandler.disable)
        faulthandler.register(signal.SIGALRM, file, all_threads=True, chain=True)  # and then it ends the process
        self._parts.callback(faulthandler.unregister, signal.SIGALRM)
        signal.setitimer(signal.ITIMER_REAL, self._alarm_s)
        self._parts.callback(signal.setitimer, signal.ITIMER_REAL, 0)

    def _guard(self) -> None:
        guard, moved_cpu_s = Guard(), 0.0
        while not self._over.wait(LOOK_S):
            signal.setitimer(signal.ITIMER_REAL, self._alarm_s)
            stage, limit_s = mark = self._mark
            silent_s, cpu_s = guard.silent_s(mark), time.process_time()
            if silent_s == 0:
                moved_cpu_s = cpu_s
            hung = f"hung for {silent_s:g} s while {stage}"
            if silent_s >= bound_s(limit_s, silent_s, cpu_s - moved_cpu_s):
                self._end(hung)
            if silent_s > 0 and (why := self._past_help(silent_s)):
                self._end(f"{hung}: {why}")

    def _past_help(self, silent_s: float) -> str:
        with suppress(OSError, ValueError, LookupError):  # of memory that cannot be read
            return self.past_help(self._clock(), silent_s)
        return ""

    def _end(self, what: str) -> None:
        """Nothing here may wait for a lock: the loop may hold any. A stderr that is full is the alarm's matter."""
        stacks = self._stacks()
        where = f", in {place(stacks)}" if place(stacks) else ""
        reason = f"it {what}{where}, and was ended by its watchdog; its log has the stacks"
        failure.note(self._run / FAILURE, reason, self._clock())
        with suppress(OSError):
            (self._run / CRASH).unlink(missing_ok=True)
        with suppress(OSError):
            os.write(self._stderr, f"ERROR the detector {what}{where}; the watchdog ends it\n{stacks}".encode())
        os._exit(EX_SOFTWARE)

    def _stacks(self) -> str:
        """Of all threads, by way of the crash file; where there is none they go straight to stderr."""
        if self._crash is None:
            faulthandler.dump_traceback(self._stderr, all_threads=True)
            return ""
        self._crash.seek(0)
        self._crash.truncate()
        faulthandler.dump_traceback(self._crash, all_threads=True)
        self._crash.seek(0)
        return self._crash.read(CRASH_MAX_BYTES).decode(errors="replace")
