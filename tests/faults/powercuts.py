"""Writers killed at random moments, as a crash does; unsynced.py adds what a power cut loses."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.faults.scratch import on_disk
from tests.faults.tally import Count, Row
from tests.faults.writers import WRITERS, Writer, cheapen_hashes

KILLS, LONG_KILLS = 550, 5000  # of each writer
STEPS_S = 3.0  # a kill comes within the time of so many steps
AT_THE_START = 0.2  # share of kills before the writer has confirmed anything


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each writer."""
    cheapen_hashes()
    for number, writer in enumerate(WRITERS):
        yield killed(writer, LONG_KILLS if is_long else KILLS, random.Random(number))


def killed(writer: Writer, kills: int, chance: random.Random) -> Row:
    """The row of a writer that is killed so often and checked after each kill."""
    count, confirmed = Count(f"killed while saving {writer.name}"), list[str]()
    with on_disk() as place:
        folder = Path(place)
        step_s = _step_s(writer, folder / "pace")
        for _ in range(kills):
            waits_for = 0 if chance.random() < AT_THE_START else 1
            for_s = chance.uniform(0, STEPS_S * step_s)
            confirmed += _killed_once(writer, folder / "kept", len(confirmed), waits_for, for_s)
            began_s = time.perf_counter()
            check = writer.check(folder / "kept", confirmed)
            count.add(check.wrong, check.lost, time.perf_counter() - began_s)
            if check.wrong:
                break  # later checks would only repeat this failure
    return count.row


def _step_s(writer: Writer, folder: Path) -> float:
    steps, began_s = writer.steps(folder, 0), time.perf_counter()
    for _ in range(20):
        next(steps)
    return (time.perf_counter() - began_s) / 20


def _killed_once(writer: Writer, folder: Path, first: int, waits_for: int, for_s: float) -> list[str]:
    """What a forked writer confirmed that was killed for_s after its first confirmation, or after its start."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):  # a writer that fails confirms nothing; the next check shows it
            _write(writer, folder, first, writing)
        os._exit(1)
    os.close(writing)
    said = os.read(reading, 65536) if waits_for else b""
    time.sleep(for_s)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    while more := os.read(reading, 65536):
        said += more
    os.close(reading)
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"the writer of {writer.name} failed by itself at step {first}")
    return said.decode().split("\n")[:-1]


def _write(writer: Writer, folder: Path, first: int, confirm: int) -> None:
    for confirmed in writer.steps(folder, first):
        os.write(confirm, f"{confirmed}\n".encode())
