"""Ends a detector that hangs, and leaves the reason for the page.

- The watchdog thread ends the process when the loop stands still: a deadlock, a call that never returns, no memory.
- The kernel's alarm clock ends it when not even that thread runs: native code that keeps Python's lock, a full pipe.
- How the detector before this one ended without a word (SIGSEGV, SIGKILL) is reported at the start.

Each of these ends leaves the stacks of all threads on stderr, at the latest with the next start.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO

from app.monitor.crash_report import ALARM_S, CRASH_MAX_BYTES, how_it_ended, place
from app.monitor.errors import DetectorError, HungError
from app.monitor.saving import in_time
from app.monitor.single_instance import single_instance_lock
from app.telemetry import failure
from app.telemetry.log_file import keep_line
from app.telemetry.run_folder import boot_id
from config.own_files import open_file, read_file, remove
from config.paths import FAILURE

log = logging.getLogger(__name__)

CRASH = "detector.crash"
LOOK_S = 1.0  # the watchdog's period
HANG_S = 20.0  # a frame takes 20 ms, a sync on a worn SD card several seconds
LOADING_S = 60.0  # reading the libraries and models from a slow card
# While it computes it may only be starved, as in an emulator beside other work: a first inference took more than 20 s
# there, and a new start would take more of what is short
BUSY_S, BUSY_OF_CORE = 60.0, 0.2
LOG_LIMIT_S = 1.0  # that the end waits for the card
EX_SOFTWARE = 70  # sysexits.h


class Silence:
    """For how long the loop has stood still. It counts its own looks: a stopped process (SIGSTOP) makes none."""

    def __init__(self) -> None:
        self._seen: object = None
        self._looks = 0

    def lasts_s(self, mark: object) -> float:
        """For how long the loop's newest mark has been this same object."""
        self._looks = self._looks + 1 if mark is self._seen else 0
        self._seen = mark
        return self._looks * LOOK_S


def bound_s(limit_s: float, silent_s: float, cpu_s: float) -> float:
    """How long a stage may last that is given limit_s: longer where the process has computed, not waited, meanwhile."""
    return max(limit_s, BUSY_S) if cpu_s >= BUSY_OF_CORE * silent_s else limit_s


class Watchdog:
    """Entered before anything that may fail or hang, and left last. Raises at entry: DetectorError."""

    def __init__(
        self,
        run: Path,
        clock: Callable[[], float] = time.monotonic,
        stderr: int = 2,
        alarm_s: float = ALARM_S,
        *,
        log_file: Path | None = None,
    ) -> None:
        self._run, self._clock, self._alarm_s = run, clock, alarm_s
        self._log_file = log_file
        self._files = ExitStack()
        self._parts = ExitStack()
        self._over = threading.Event()
        self._mark = ("starting", LOADING_S)
        self.exit_reason: Callable[[float, float], str] = lambda now_s, late_s: ""  # why the process is to end, or ""
        self._crash: IO[bytes] | None = None
        self._stderr = stderr

    def at(self, stage: str, limit_s: float = HANG_S) -> None:
        """The loop begins this, which ends within limit_s."""
        self._mark = (stage, limit_s)  # a new object each time: that is what the watchdog looks for

    def __enter__(self) -> Watchdog:
        try:
            self._files, self._crash = in_time("opening the run folder", self._open_files)
        except TimeoutError as error:
            log.warning("%s: %s; watching goes on", self._run, error.strerror)
        # Its own: face.py turns stderr away while it loads
        self._stderr = os.dup(self._stderr)
        self._parts.callback(os.close, self._stderr)
        self._watch_for_crashes()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
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
            self._in_time("noting the failure", lambda: failure.note(self._run / FAILURE, words, self._clock()))
        self._parts.close()
        self._in_time("closing the run folder", self._files.close)

    def _in_time(self, what: str, work: Callable[[], object]) -> None:
        with suppress(TimeoutError):
            in_time(what, work)

    def _open_files(self) -> tuple[ExitStack, IO[bytes] | None]:
        """The lock and the file for a crash, where they can be had. Raises: DetectorError."""
        with ExitStack() as files:
            files.enter_context(single_instance_lock(self._run))
            self._report_the_last()
            crash = self._crash_file(files)
            return files.pop_all(), crash

    def _crash_file(self, files: ExitStack) -> IO[bytes] | None:
        try:
            crash = files.enter_context(os.fdopen(open_file(self._run / CRASH), "r+b", buffering=0))
            files.callback(partial(_remove, self._run / CRASH))
            crash.truncate(0)
            crash.write(f"{boot_id()}\n".encode())
        except OSError as error:
            log.debug("no crash file: %s", error)
            return None
        return crash

    def _report_the_last(self) -> None:
        """A crash file that is still there was left by a detector that could not remove it."""
        try:
            left = read_file(self._run / CRASH, CRASH_MAX_BYTES).decode(errors="replace")
        except OSError:
            return
        left_boot_id, _, stacks = left.partition("\n")
        if left_boot_id == boot_id():
            reason = how_it_ended(stacks)
            log.warning("the detector before this one has failed: %s%s", reason, f"\n{stacks}" if stacks else "")
            failure.note(self._run / FAILURE, reason, self._clock())

    def _watch_for_crashes(self) -> None:
        file = self._stderr if self._crash is None else self._crash
        was_enabled = faulthandler.is_enabled()
        faulthandler.enable(file)
        self._parts.callback(faulthandler.enable if was_enabled else faulthandler.disable)
        faulthandler.register(signal.SIGALRM, file, all_threads=True, chain=True)  # and then it ends the process
        self._parts.callback(faulthandler.unregister, signal.SIGALRM)
        signal.setitimer(signal.ITIMER_REAL, self._alarm_s)
        self._parts.callback(signal.setitimer, signal.ITIMER_REAL, 0)

    def _watch(self) -> None:
        silence, moved_cpu_s = Silence(), 0.0
        while not self._over.wait(LOOK_S):
            signal.setitimer(signal.ITIMER_REAL, self._alarm_s)
            stage, limit_s = mark = self._mark
            silent_s, cpu_s = silence.lasts_s(mark), time.process_time()
            if silent_s == 0:
                moved_cpu_s = cpu_s
            hung = f"hung for {silent_s:g} s while {stage}"
            if silent_s >= bound_s(limit_s, silent_s, cpu_s - moved_cpu_s):
                self._end(hung)
            if silent_s > 0 and (why := self._exit_reason(silent_s)):
                self._end(f"{hung}: {why}")

    def _exit_reason(self, silent_s: float) -> str:
        with suppress(OSError, ValueError, LookupError):  # of memory that cannot be read
            return self.exit_reason(self._clock(), silent_s)
        return ""

    def _end(self, what: str) -> None:
        """Nothing here may wait for a lock: the loop may hold any. Where stderr is full, the alarm ends the process."""
        stacks = self._stacks()
        where = f", in {place(stacks)}" if place(stacks) else ""
        reason = f"it {what}{where}, and was ended by its watchdog; its log has the stacks"
        failure.note(self._run / FAILURE, reason, self._clock())
        _remove(self._run / CRASH)
        said = f"ERROR the detector {what}{where}; the watchdog ends it\n{stacks}"
        with suppress(OSError):
            os.write(self._stderr, said.encode())
        if self._log_file is not None:
            with suppress(Exception):
                in_time("keeping the log", partial(keep_line, self._log_file, said), LOG_LIMIT_S)
        os._exit(EX_SOFTWARE)

    def _stacks(self) -> str:
        """The stacks of all threads, by way of the crash file; where there is none they go straight to stderr."""
        if self._crash is None:
            faulthandler.dump_traceback(self._stderr, all_threads=True)
            return ""
        self._crash.seek(0)
        self._crash.truncate()
        faulthandler.dump_traceback(self._crash, all_threads=True)
        self._crash.seek(0)
        return self._crash.read(CRASH_MAX_BYTES).decode(errors="replace")


def _remove(path: Path) -> None:
    with suppress(OSError):
        remove(path)
