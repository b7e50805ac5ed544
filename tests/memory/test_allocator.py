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


WORK = """
import gc, sys
from app.memory.allocator import collect_often
started = [[number] for number in range(100_000)]
{settle}
before = sys.getallocatedblocks()
for step in range(20_000):
    tuple(number for number in range(step % 9))  # not as long as it was made: each is kept for one of its length
    if step % 10 == 0:
        around = []
        around.append(around)
print(sys.getallocatedblocks() - before)
"""


def test_few_freed_objects_are_kept_however_much_the_start_has_made() -> None:
    def kept(settle: str) -> int:
        done = subprocess.run([sys.executable, "-c", WORK.format(settle=settle)], capture_output=True, check=True)
        return int(done.stdout)

    assert kept("collect_often()") < 4_000
    assert kept("") > 10_000


def test_the_collections_that_come_often_leave_out_what_the_start_made() -> None:
    code = "import gc\nfrom app.memory.allocator import collect_often\ncollect_often()\nprint(len(gc.get_objects()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert int(done.stdout) < 100
