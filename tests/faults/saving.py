"""Whatever hinders saving, a real detector watches on: full, held, foreign and hung files, a log nobody reads.

It counts as watching when it goes on printing what a driver does who looks away over and over.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.fake_driver.record import record
from app.fake_driver.scenario import load_scenario
from tests.faults.hindrances import FAULTS, Fault, Try, frames, log
from tests.faults.scratch import on_disk
from tests.faults.tally import Count, Row

ROOT = Path(__file__).parents[2]
SCENARIO = Path(__file__).with_name("busy.yaml")
PATIENCE_S = 60.0  # for what takes 10 s on an idle machine
TURNS = 4  # lines of two turns of the head
END_S = 25.0  # a detector that waits for a hung disk gives up within that
AT_ONCE = 4  # detectors, which wait for most of the time


def rows(is_long: bool) -> Iterator[Row]:
    """Every fault once; the long form has no more."""
    with on_disk() as camera:
        scenario = load_scenario(str(SCENARIO))
        record(scenario, Path(camera), 1, 2 * scenario.length_s, (320, 240), 1, as_video=False)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(partial(_row, camera), FAULTS)


def _row(camera: str, fault: Fault) -> Row:
    name = f"saving: {fault.name}"
    if fault.needs_root and os.geteuid() != 0:
        return Row(name, not_tried="needs root")
    if fault.needs_compiler and not shutil.which("cc"):
        return Row(name, not_tried="no cc (sudo apt install gcc)")
    count = Count(name)
    with TemporaryDirectory(prefix="drivewatch-faults-") as place:
        tried = Try(Path(place))
        tried.place.chmod(0o711)
        tried.paths.run.parent.mkdir()
        fault.prepare(tried)
        try:
            count.add(_watched(camera, fault, tried))
        finally:
            subprocess.run(["umount", "-lq", tried.paths.run, tried.paths.data], check=False, capture_output=True)
    return count.row


def _watched(camera: str, fault: Fault, tried: Try) -> str:
    """What is wrong, "" if nothing is."""
    with _detecting(camera, tried) as process:
        wrong = "" if _goes_on(process, fault, tried) else "it does not start to watch"
        fault.begin(tried)
        wrong = wrong or ("" if _goes_on(process, fault, tried) else "it does not watch on")
        wrong = wrong or tried.told(tried)
        wrong = wrong or ("" if _goes_on(process, fault, tried) else "it does not watch on for long")
        ended = process.poll()
    return f"it ended with {ended}; {log(tried)[-300:]!r}" if ended is not None else wrong


@contextmanager
def _detecting(camera: str, tried: Try) -> Iterator[subprocess.Popen[bytes]]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SNAP", "PYTHONDONTWRITE"))}
    env |= {"DRIVEWATCH_DATA": str(tried.paths.data), "XDG_RUNTIME_DIR": str(tried.paths.run.parent), **tried.env}
    command = [*tried.prefix, sys.executable, "-m", "app", "run", "--camera", camera]
    with (tried.place / "log").open("wb") as said:
        out = said if tried.out is None else tried.out
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(END_S)


def _goes_on(process: subprocess.Popen[bytes], fault: Fault, tried: Try) -> bool:
    """Whether it sees more of the driver from now on."""
    progress = partial(frames if fault.judged_by_status else _turns, tried)
    before, deadline_s = progress(), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        if progress() >= before + TURNS:
            return True
        time.sleep(0.1)  # another process is waited for
    return False


def _turns(tried: Try) -> int:
    return log(tried).count("looking away") + log(tried).count("attentive")
