"""The child's side of a measurement: it says where it stands and waits until the parent has read its memory.

Only the standard library, as other virtual environments run it too.
"""

from __future__ import annotations

import json
import sys
import time

_began_s = time.perf_counter()


def step(name: str, **figures: float) -> None:
    """Say that this step is done, with what was measured in it; the time while the parent reads does not count."""
    global _began_s
    now_s = time.perf_counter()
    print(json.dumps({"step": name, "time_s": now_s - _began_s, "cpu_s": time.process_time(), **figures}), flush=True)
    sys.stdin.readline()
    _began_s += time.perf_counter() - now_s
