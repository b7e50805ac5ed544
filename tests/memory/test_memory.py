"""Figures of memory against the kernel's own, and their history."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest

from app.memory.memory import History, Reading, System, _unchanged, read_history, rss_mb, system, usage_of

BOOT = "0b7c1f6e"

STATUS = """Name:\ta kB
VmPeak:\t  409600 kB
VmHWM:\t  102400 kB
VmRSS:\t   81920 kB
RssAnon:\t   51200 kB
RssFile:\t   29696 kB
RssShmem:\t    1024 kB
VmSwap:\t    2048 kB
Threads:\t9
"""
ROLLUP = """555ed7522000-7ffc582a4000 ---p 00000000 00:00 0                          [rollup]
Rss:               81920 kB
Pss:               71680 kB
Pss_Anon:          51200 kB
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "status").write_text(STATUS)
    return tmp_path


def kernel_mb(file: str, name: str) -> float:
    line = next(line for line in Path("/proc/self", file).read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def test_the_figures_are_the_kernels_within_one_percent() -> None:
    usage_of()  # maps the pages of code that it needs
    usage = usage_of()
    assert usage.rss_mb == pytest.approx(kernel_mb("status", "VmRSS"), rel=0.01)
    assert usage.anonymous_mb == pytest.approx(kernel_mb("status", "RssAnon"), rel=0.01)
    assert usage.file_mb == pytest.approx(kernel_mb("status", "RssFile"), rel=0.01)
    assert usage.peak_mb == pytest.approx(kernel_mb("status", "VmHWM"), rel=0.01)
    assert usage.pss_mb == pytest.approx(kernel_mb("smaps_rollup", "Pss"), rel=0.01)


def test_each_figure_comes_from_its_line(proc: Path) -> None:
    (proc / "42" / "smaps_rollup").write_text(ROLLUP)
    usage = usage_of(42, proc)
    assert (usage.rss_mb, usage.pss_mb, usage.peak_mb, usage.swap_mb) == (80, 70, 100, 2)
    assert (usage.anonymous_mb, usage.file_mb, usage.shared_mb) == (50, 29, 1)
    assert usage.anonymous_mb + usage.file_mb + usage.shared_mb == usage.rss_mb


def test_without_a_readable_pss_the_rest_stays(proc: Path) -> None:
    assert usage_of(42, proc).pss_mb is None
    (proc / "42" / "smaps_rollup").mkdir()  # open fails, as where AppArmor denies it
    assert (usage_of(42, proc).pss_mb, usage_of(42, proc).rss_mb) == (None, 80)


def test_a_process_that_is_gone_is_an_os_error(proc: Path) -> None:
    with pytest.raises(OSError, match="43"):
        usage_of(43, proc)


def test_another_process_can_be_asked_for() -> None:
    assert usage_of(os.getpid()).rss_mb == pytest.approx(usage_of().rss_mb, rel=0.01)


def test_the_machine_has_the_memory_of_meminfo() -> None:
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    machine = system()
    assert machine.total_mb == pytest.approx(int(lines["MemTotal"].split()[0]) / 1024)
    assert machine.available_mb == pytest.approx(int(lines["MemAvailable"].split()[0]) / 1024, rel=0.05)


@pytest.fixture
def proc_of_machine(tmp_path: Path) -> Path:
    (tmp_path / "meminfo").write_text("MemTotal:     2048 kB\nMemFree:      1 kB\nMemAvailable:   1024 kB\n")
    return tmp_path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("some avg10=12.50 avg60=0.05 avg300=0.00 total=1234\nfull avg10=1.00 avg60=0 avg300=0 total=1\n", 12.5),
        ("", None),
        ("some avg10=much\n", None),
        (None, None),
    ],
)
def test_pressure_is_known_where_it_can_be_read(
    proc_of_machine: Path, content: str | None, expected: float | None
) -> None:
    if content is not None:
        (proc_of_machine / "pressure").mkdir()
        (proc_of_machine / "pressure" / "memory").write_text(content)
    assert system(proc_of_machine) == System(2.0, 1.0, expected)


def test_a_refusal_to_tell_the_pressure_is_taken_once(proc_of_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pressure, asked, read_text = proc_of_machine / "pressure" / "memory", [], Path.read_text

    def refuse(path: Path, errors: str | None = None) -> str:
        asked.append(path)
        if path == pressure:
            raise PermissionError(f"AppArmor denies {path}")
        return read_text(path, errors=errors)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert [system(proc_of_machine).psi_pct for _ in range(3)] == [None] * 3
    assert asked.count(pressure) == 1


CALM = """
import re, threading
from pathlib import Path
from app.memory.memory import calm_allocator
assert calm_allocator({arenas})
together = threading.Barrier(6)
def work():
    blocks = [bytes(3000) for _ in range(100)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print(int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_a_calm_allocator_keeps_one_heap_for_all_threads() -> None:
    def address_space_mb(arenas: int) -> int:
        done = subprocess.run([sys.executable, "-c", CALM.format(arenas=arenas)], capture_output=True, check=True)
        return int(done.stdout)

    assert address_space_mb(8) - address_space_mb(1) > 5 * 60  # each arena reserves 64 MB of address space


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.json"


def reading(time_s: float) -> Reading:
    return Reading(time_s, 80.25, None if time_s % 2 else 70.5, 512.0)


def filled(path: Path, times_s: range) -> History:
    history = History(path, BOOT)
    for time_s in times_s:
        history.add(reading(time_s))
    return history


def times_s(path: Path) -> list[float]:
    return [each.time_s for each in read_history(path, BOOT)]


def test_one_reading_in_thirty_seconds_is_kept(path: Path) -> None:
    filled(path, range(100, 300))
    assert read_history(path, BOOT) == tuple(reading(time_s) for time_s in range(100, 300, 30))


def test_two_hours_are_kept_and_no_more(path: Path) -> None:
    rows = [[time_s, 80.25, 70.5, 512.0] for time_s in range(0, 8970, 30)]  # as a longer window would have left them
    path.write_text(json.dumps({"boot_id": BOOT, "readings": rows}))
    filled(path, range(8970, 9000))
    assert times_s(path) == list(range(9000 - 7200, 9000, 30))
    assert path.stat().st_size < 12_000
    assert list(path.parent.iterdir()) == [path]


def test_readings_from_before_a_long_pause_leave(path: Path) -> None:
    filled(path, range(0, 600, 30)).add(reading(7500.0))
    assert times_s(path) == [*range(300, 600, 30), 7500]


def test_the_history_outlives_the_daemon_but_not_the_boot(path: Path) -> None:
    filled(path, range(0, 100, 30))
    filled(path, range(100, 200))
    assert times_s(path) == [0, 30, 60, 90, 120, 150, 180]
    assert read_history(path, "another") == ()
    History(path, "another").add(reading(5.0))
    assert times_s(path) == [] and len(read_history(path, "another")) == 1


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_readings_that_are_no_numbers_are_left_out(path: Path, bad: float) -> None:
    history = History(path, BOOT)
    history.add(reading(bad))
    history.add(replace(reading(1.0), pss_mb=bad))
    assert not path.exists()
    history.add(reading(2.0))
    assert times_s(path) == [2]


GARBAGE = [
    "",
    "null",
    "[]",
    "{}",
    "[" * 50_000,
    '{"boot_id": "0b7c1f6e"}',
    '{"boot_id": "0b7c1f6e", "readings": 7}',
    '{"boot_id": "0b7c1f6e", "readings": [[1, 2, 3]]}',
    '{"boot_id": "0b7c1f6e", "readings": [7, null, "text"]}',
    '{"boot_id": "0b7c1f6e", "readings": [[1' + "0" * 400 + ", 1, 1, 1]]}",
    '{"boot_id": "0b7c1f6e", "readings": [[NaN, 1, 1, 1], ["1", 1, 1, 1], [1, null, 1, 1]]}',
]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_a_damaged_history_is_an_empty_one(path: Path, content: str) -> None:
    path.write_text(content)
    filled(path, range(1))
    assert json.loads(path.read_text())["readings"] == [[0, 80.25, 70.5, 512.0]]


def test_a_history_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "memory.json"
    filled(path, range(0, 90, 30))
    assert read_history(path, BOOT) == ()


def test_rss_alone_is_the_kernels_too() -> None:
    assert rss_mb() == pytest.approx(kernel_mb("status", "VmRSS"), rel=0.02)


def test_a_groups_limit_counts_where_it_leaves_less(proc_of_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.memory.memory.room_mb", lambda proc: 0.5)
    assert system(proc_of_machine).available_mb == 0.5
    monkeypatch.setattr("app.memory.memory.room_mb", lambda proc: inf)
    assert system(proc_of_machine).available_mb == 1.0


LET_GO = """
import mmap, sys
from pathlib import Path
from app.memory.memory import unmap_unchanged, usage_of
path = Path(sys.argv[1])
path.write_bytes(b"a" * (1 << 20))
with path.open("r+b") as file:
    changed = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    changed[:3] = b"new"
    unchanged = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    assert unchanged[-1:] == b"a" and len(unchanged[:]) == 1 << 20
    before = usage_of()
    unmap_unchanged()
    after = usage_of()
print(changed[:4] + unchanged[-2:] == b"newaaa", before.file_mb, after.file_mb)
"""


def test_pages_of_files_are_let_go_and_what_was_changed_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LET_GO, str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    is_kept, before_mb, after_mb = done.stdout.split()
    assert is_kept == "True"
    assert float(after_mb) <= float(before_mb) - 1


SMAPS = """\
10000-11000 r-xp 00000000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
11000-13000 r--p 00001000 fe:00 1     /usr/lib/a library.so
Anonymous:             4 kB
Swap:                  0 kB
13000-14000 r--p 00003000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  4 kB
14000-15000 rw-p 00004000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  0 kB
15000-16000 r--s 00000000 fe:00 2     /usr/share/a.model
Anonymous:             0 kB
Swap:                  0 kB
20000-21000 ---p 00000000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  0 kB
30000-31000 r--p 00000000 00:00 0
Anonymous:             0 kB
Swap:                  0 kB
40000-41000 r-xp 00000000 00:00 0     [vdso]
Anonymous:             0 kB
Swap:                  0 kB
"""


def test_what_may_have_been_changed_is_never_let_go(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "smaps").write_text(SMAPS)
    assert list(_unchanged(tmp_path)) == [range(0x10000, 0x11000)]


def test_where_mappings_cannot_be_read_nothing_is_let_go(tmp_path: Path) -> None:
    assert list(_unchanged(tmp_path)) == []
