"""Memory figures of a process and of the machine, compared with the kernel's files."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from app.memory.usage import System, rss_mb, system, usage_of

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


def test_usage_agrees_with_the_kernel_within_one_percent() -> None:
    usage_of()  # maps the pages of code that it needs
    usage = usage_of()
    assert usage.rss_mb == pytest.approx(kernel_mb("status", "VmRSS"), rel=0.01)
    assert usage.anonymous_mb == pytest.approx(kernel_mb("status", "RssAnon"), rel=0.01)
    assert usage.file_mb == pytest.approx(kernel_mb("status", "RssFile"), rel=0.01)
    assert usage.peak_mb == pytest.approx(kernel_mb("status", "VmHWM"), rel=0.01)
    assert usage.pss_mb == pytest.approx(kernel_mb("smaps_rollup", "Pss"), rel=0.01)


def test_each_usage_figure_is_read_from_its_line(proc: Path) -> None:
    (proc / "42" / "smaps_rollup").write_text(ROLLUP)
    usage = usage_of(42, proc)
    assert (usage.rss_mb, usage.pss_mb, usage.peak_mb, usage.swap_mb) == (80, 70, 100, 2)
    assert (usage.anonymous_mb, usage.file_mb, usage.shared_mb) == (50, 29, 1)
    assert usage.anonymous_mb + usage.file_mb + usage.shared_mb == usage.rss_mb


def test_usage_without_a_readable_pss_has_the_other_figures(proc: Path) -> None:
    assert usage_of(42, proc).pss_mb is None
    (proc / "42" / "smaps_rollup").mkdir()  # open fails, as where AppArmor denies it
    assert (usage_of(42, proc).pss_mb, usage_of(42, proc).rss_mb) == (None, 80)


def test_usage_of_a_missing_process_raises_os_error(proc: Path) -> None:
    with pytest.raises(OSError, match="43"):
        usage_of(43, proc)


def test_machine_memory_is_that_of_meminfo() -> None:
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
def test_memory_pressure_is_read_or_unknown(proc_of_machine: Path, content: str | None, expected: float | None) -> None:
    if content is not None:
        (proc_of_machine / "pressure").mkdir()
        (proc_of_machine / "pressure" / "memory").write_text(content)
    assert system(proc_of_machine) == System(2.0, 1.0, expected)


def test_refused_memory_pressure_is_not_read_again(proc_of_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pressure, asked, read_text = proc_of_machine / "pressure" / "memory", [], Path.read_text

    def refuse(path: Path, errors: str | None = None) -> str:
        asked.append(path)
        if path == pressure:
            raise PermissionError(f"AppArmor denies {path}")
        return read_text(path, errors=errors)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert [system(proc_of_machine).psi_pct for _ in range(3)] == [None] * 3
    assert asked.count(pressure) == 1


def test_rss_agrees_with_the_kernel() -> None:
    assert rss_mb() == pytest.approx(kernel_mb("status", "VmRSS"), rel=0.02)


def test_available_memory_is_limited_by_the_group(proc_of_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.memory.usage.room_mb", lambda proc: 0.5)
    assert system(proc_of_machine).available_mb == 0.5
    monkeypatch.setattr("app.memory.usage.room_mb", lambda proc: inf)
    assert system(proc_of_machine).available_mb == 1.0
