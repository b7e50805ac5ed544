"""Memory and CPU that a speed source costs the detector: `python -m tests.benchmarks.vehicle`, four minutes.

Detectors run side by side, without a source and with a receiver on a pseudo-terminal; then
the reading thread alone in this process, as it takes less than the scatter of the detector's CPU time.
"""

from __future__ import annotations

import os
import pty
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from app.memory.usage import usage_of
from app.vehicle.opening import open_vehicle
from config.settings import Settings, Vehicle
from tests.benchmarks.measure import cpu_seconds, detector, pictures
from tests.vm.guest.receiver import sentence

SECONDS = 60.0
RATES_HZ = (1, 10)
SETTLE_S = 3.0


@contextmanager
def receiver(hz: float) -> Iterator[str]:
    """The port of a receiver that reports 90 km/h `hz` times a second."""
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


def main() -> None:
    with ExitStack() as stack:
        ports = {f"GPS at {hz} Hz": stack.enter_context(receiver(hz)) for hz in RATES_HZ}
        pids = {}
        for name, port in {"none": "none", **ports}.items():
            process, _ = stack.enter_context(detector(pictures((320, 240)), {"vehicle.source": port}))
            pids[name] = process.pid
        time.sleep(SECONDS / 2)  # until the start is over
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        time.sleep(SECONDS)
        print("| `vehicle.source` | RSS | private | CPU |\n|---|---|---|---|")
        for name, pid in pids.items():
            usage, share = usage_of(pid), (cpu_seconds(pid) - before[name]) / SECONDS
            print(f"| {name} | {usage.rss_mb:.1f} MB | {usage.anonymous_mb:.1f} MB | {share:.2%} of a core |")
    for hz in RATES_HZ:
        print(f"the thread alone, {hz} Hz: {thread_share(hz):.3%} of a core")


def thread_share(hz: float) -> float:
    """The share of a core that the reading thread takes."""
    with receiver(hz) as port, ExitStack() as stack:
        vehicle = open_vehicle(Settings(vehicle=Vehicle(source=port)))
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
