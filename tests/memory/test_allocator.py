"""The C library's arenas: all threads share one."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

THREADS = """
import re, threading
from pathlib import Path
from app.memory.allocator import limit_malloc_arenas
assert limit_malloc_arenas({arenas})
together = threading.Barrier(6)
def work():
    blocks = [bytes(3000) for _ in range(100)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print(int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_all_threads_share_one_heap() -> None:
    def address_space_mb(arenas: int) -> int:
        done = subprocess.run([sys.executable, "-c", THREADS.format(arenas=arenas)], capture_output=True, check=True)
        return int(done.stdout)

    assert address_space_mb(8) - address_space_mb(1) > 5 * 60  # each arena reserves 64 MB of address space
