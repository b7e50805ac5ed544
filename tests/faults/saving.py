"""A real detector keeps watching whatever hinders it from saving: full, locked, foreign and hung files, and more.

It counts as watching when it keeps printing what a driver does who looks away over and over.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.fake_driver.record import record
from app.fake_driver.scenario import load_scenario
from tests.faults.detectors import Running, detecting, waited
from tests.faults.hindrances import FAULTS, Fault, Try, frames, log
from tests.faults.scratch import on_disk
from tests.faults.tally import Count, Row

ROOT = Path(__file__).parents[2]
SCENARIO = Path(__file__).with_name("busy.yaml")
TURNS = 4  # lines of two turns of the head
AT_ONCE = 4  # detectors, which wait for most of the time


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each fault; the long form has no more tries."""
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
    with detecting(tried.paths, tried.place / "log", camera, tried.prefix, tried.env, tried.out) as detector:
        wrong = "" if _goes_on(detector, fault, tried) else "it does not start to watch"
        fault.begin(tried)
        wrong = wrong or ("" if _goes_on(detector, fault, tried) else "it stops watching")
        wrong = wrong or tried.told(tried)
        wrong = wrong or ("" if _goes_on(detector, fault, tried) else "it stops watching after a while")
        ended = detector.process.poll()
    return f"it ended with {ended}; {log(tried)[-300:]!r}" if ended is not None else wrong


def _goes_on(detector: Running, fault: Fault, tried: Try) -> bool:
    """Whether it sees more of the driver from now on."""
    progress = partial(frames if fault.judged_by_status else _turns, tried)
    before = progress()
    return waited(lambda: progress() >= before + TURNS, detector)


def _turns(tried: Try) -> int:
    return log(tried).count("looking away") + log(tried).count("attentive")
