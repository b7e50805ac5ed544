"""What a source of speed costs the detector: `python -m tests.benchmarks.vehicle`, four minutes.

Detectors run side by side, without a source and with a receiver that tells its speed through a pseudo-terminal; then
the thread that asks, in a process of its own, as the looks at the driver scatter by more than it takes.
"""

from __future__ import annotations

import os
import pty
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.memory.usage import usage_of
from app.vehicle.opening import open_vehicle
from tests.benchmarks.measure import detector, pictures
from tests.vm.guest.receiver import sentence

SECONDS = 60.0
RATES_HZ = (1, 10)
SETTLE_S = 3.0
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def receiver(hz: float) -> Iterator[str]:
    """The port of a receiver that tells 90 km/h."""
    ours, theirs = pty.openpty()
    over = threading.Event()

    def tell() -> None:
        while not over.wait(1 / hz):
            os.write(ours, sentence("90", time.gmtime()))

    threading.Thread(target=tell, daemon=True).start()
    try:
        yield os.ttyname(theirs)
    finally:
        over.set()


def cpu_s(pid: int) -> float:
    """Of all its threads, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    with ExitStack() as stack:
        ports = {f"GPS at {hz} Hz": stack.enter_context(receiver(hz)) for hz in RATES_HZ}
        pids = {}
        for name, port in {"none": "none", **ports}.items():
            process, _ = stack.enter_context(detector(pictures((320, 240)), {"vehicle.source": port}))
            pids[name] = process.pid
        time.sleep(SECONDS / 2)  # what starts once is over
        before = {name: cpu_s(pid) for name, pid in pids.items()}
        time.sleep(SECONDS)
        print("| `vehicle.source` | RSS | private | CPU |\n|---|---|---|---|")
        for name, pid in pids.items():
            usage, share = usage_of(pid), (cpu_s(pid) - before[name]) / SECONDS
            print(f"| {name} | {usage.rss_mb:.1f} MB | {usage.anonymous_mb:.1f} MB | {share:.2%} of a core |")
    for hz in RATES_HZ:
        print(f"the thread alone, {hz} Hz: {asking(hz):.3%} of a core")


def asking(hz: float) -> float:
    """The share of a core that the thread takes."""
    with receiver(hz) as port, ExitStack() as stack:
        vehicle = open_vehicle(port, 0, "auto")
        assert vehicle is not None
        stack.enter_context(vehicle)
        (thread,) = (each for each in threading.enumerate() if each.name == "vehicle")
        clock = time.pthread_getcpuclockid(thread.ident or 0)
        time.sleep(SETTLE_S)
        assert vehicle.read().speed_kmh, vehicle.read()
        began_s = time.clock_gettime(clock)
        time.sleep(SECONDS)
        return (time.clock_gettime(clock) - began_s) / SECONDS


if __name__ == "__main__":
    main()
