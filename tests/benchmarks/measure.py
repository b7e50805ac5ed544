"""The parent's side of a measurement: runs each program in its own process and reads /proc; medians of several runs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeVar

import cv2
import numpy as np

from app.fake_driver.record import rendered
from app.fake_driver.scenario import load_scenario
from app.memory.usage import MB, system, usage_of
from app.part_status import Usage
from config.declaration import Value
from config.patch import patch
from config.paths import Paths

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
FOLDER = Path("build/bench")
PYTHON = (sys.executable, "-m")
# Judging a frame takes 20 ms, while its buffers take 1 MB more: the lowest of several readings is without them
READINGS, READING_S = 5, 0.03
# The detector's memory is where it stays after some 40 frames, which need not take 40 s; from 5 a second on it takes
# the fast kernels
FPS = 4.5
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PRESENT, OF_FILE = np.uint64(1 << 63), np.uint64(1 << 61)  # admin-guide/mm/pagemap.rst of Linux


@dataclass(frozen=True, slots=True)
class Step:
    """A step that a program reported, with the memory that it used then and the figures that it printed."""

    name: str
    usage: Usage
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the report, and a chart if there is one; each cell is text or a figure."""

    name: str
    title: str
    about: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory and CPU time of a process between two frames, with the seconds since its start."""

    time_s: float
    usage: Usage
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Effort:
    """How often and how long a run of the benchmarks measures."""

    repeats: int
    seconds: float  # for which a detector runs at FPS frames a second


QUICK, FULL = Effort(1, 9.0), Effort(3, 9.0)


def clean(**more: str) -> dict[str, str]:
    """This environment with `more`, and with byte-code, which the shell may have switched off."""
    return {**{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}, **more}


def python_with(requirements: str) -> Path:
    """Python in a separate virtual environment with a requirements file of this folder; made at the first call."""
    venv = Path("build") / f"{requirements}-venv"
    done = venv / ".done"
    if not done.exists():
        print(f"installing {requirements}.txt with all its dependencies (once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        needs = ROOT / f"tests/benchmarks/{requirements}.txt"
        subprocess.run([venv / "bin/python", "-m", "pip", "install", "--quiet", "-r", needs], check=True)
        # Otherwise the first measurement would count compiling: 1 MB of the floor, 10 MB of the naive recipe
        subprocess.run([venv / "bin/python", "-m", "compileall", "-q", "-q", venv / "lib"], check=False)
        done.touch()
    return (venv / "bin/python").absolute()


def cpu_seconds(pid: int) -> float:
    """CPU seconds of all threads of a process, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sample(pid: int, began_s: float) -> Sample:
    """Memory and CPU time of a process now. Raises: RuntimeError or OSError where it has ended."""
    cpu_s = cpu_seconds(pid)
    time_s, usages = time.monotonic() - began_s, [usage_of(pid)]
    while len(usages) < READINGS:
        time.sleep(READING_S)
        usages.append(usage_of(pid))
    least = min(usages, key=lambda usage: usage.rss_mb)
    if not least.rss_mb:
        raise RuntimeError(f"process {pid} has ended, and would count as using no memory")
    return Sample(time_s, least, cpu_s)


def steps_of(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> list[Step]:
    """The steps of a program that calls steps.step. Raises: RuntimeError with the end of stderr when it fails."""
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(
        command, cwd=ROOT, env=env or clean(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        steps = []
        for line in process.stdout:
            said = json.loads(line)
            steps.append(Step(said.pop("step"), usage_of(process.pid), said))
            process.stdin.write("\n")
            process.stdin.flush()
        if process.wait():
            errors.seek(0)
            raise RuntimeError(f"{' '.join(map(str, command))}: {errors.read()[-500:]}")
    return steps


def medians(runs: Sequence[list[Step]]) -> list[Step]:
    """The median of each step over several runs of the same program."""
    return [_median(same) for same in zip(*runs, strict=True)]


def _median(steps: Sequence[Step]) -> Step:
    usages = [step.usage for step in steps]
    figures = {name: median(step.figures[name] for step in steps) for name in steps[0].figures}
    return Step(steps[0].name, usage_median(usages), figures)


def usage_median(usages: Sequence[Usage]) -> Usage:
    """The usage whose RSS is the median."""
    return sorted(usages, key=lambda usage: usage.rss_mb)[(len(usages) - 1) // 2]


def repeated(effort: Effort, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> list[Step]:
    """The median of several runs; the first fills the page cache and does not count."""
    if effort is FULL:
        steps_of(command, env)
    return medians([steps_of(command, env) for _ in range(effort.repeats)])


def side_by_side(tasks: Mapping[str, Callable[[], T]], at_once: int = 0) -> dict[str, T]:
    """The results of tasks run in threads, one per core by default: for memory, never for times."""
    with ThreadPoolExecutor(at_once or len(os.sched_getaffinity(0))) as pool:
        futures = {name: pool.submit(task) for name, task in tasks.items()}
        return {name: future.result() for name, future in futures.items()}


def prepared(folder: Path, settings: Mapping[str, Value]) -> dict[str, str]:
    """The environment of a detector with these settings, in its own folder."""
    env = clean(DRIVEWATCH_DATA=f"{folder}/data", XDG_RUNTIME_DIR=str(folder))
    paths = Paths.from_environment(env)
    paths.make()
    paths.config.write_text(patch("", settings))
    return env


@contextmanager
def detector(
    camera: Path,
    settings: Mapping[str, Value] = {},
    launcher: Sequence[str] = ("app",),
    env: Mapping[str, str] | None = None,
) -> Iterator[tuple[subprocess.Popen[str], Paths]]:
    """A detector with these settings, after its first verdict."""
    with tempfile.TemporaryDirectory() as folder:
        own = {**prepared(Path(folder), settings), **(env or {})}
        command = [*PYTHON, *launcher, "run", "--camera", str(camera.absolute())]
        with subprocess.Popen(
            command, cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None and process.stderr is not None
                if not process.stdout.readline():
                    raise RuntimeError(f"the detector did not start: {process.stderr.read()[-500:]}")
                yield process, Paths.from_environment(own)
            finally:
                process.terminate()


def detector_usage(
    effort: Effort,
    camera: Path,
    settings: Mapping[str, Value] = {},
    launcher: Sequence[str] = ("app",),
    env: Mapping[str, str] | None = None,
) -> Usage:
    """Memory of the running detector, the median of several runs."""
    usages = []
    for _ in range(effort.repeats):
        with detector(camera, {"camera.target_fps": FPS, **settings}, launcher, env) as (process, _):
            time.sleep(effort.seconds)
            usages.append(sample(process.pid, 0.0).usage)
    return usage_median(usages)


def pictures(size: tuple[int, int], count: int = 120, fps: float = 1.0) -> Path:
    """A folder of JPEGs of fake:commute, `fps` a second, like a camera's MJPG; rendered once for each size."""
    folder = FOLDER / (f"commute-{size[0]}x{size[1]}-{count}" + ("" if fps == 1 else f"-{fps:g}"))
    if not folder.exists():
        new = folder.with_suffix(".new")
        new.mkdir(parents=True, exist_ok=True)
        for number, (_, picture) in enumerate(rendered(load_scenario("commute"), fps, count / fps, size, seed=0)):
            cv2.imwrite(str(new / f"{number:05}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
        new.rename(folder)
    return folder


def alone_mb(pids: Sequence[int]) -> tuple[float, float]:
    """Memory of these processes and its private (anonymous) part, in MB; a memory page that several map counts once.

    Their PSS would be smaller by what they happen to share with other processes of this machine. Pages of files are
    told apart by their place in the file, as the kernel shows numbers of pages to root alone; anonymous ones count by
    their PSS, as only these processes share them, and in full where there is but one.
    """
    anonymous_kb, counted = 0, "Pss_Anon:" if len(pids) > 1 else "Anonymous:"
    of_files: dict[tuple[str, str], set[int]] = {}
    for pid in pids:
        folder = Path("/proc") / str(pid)
        lines = (folder / "smaps_rollup").read_text().splitlines()
        anonymous_kb += next(int(line.split()[1]) for line in lines if line.startswith(counted))
        with (folder / "pagemap").open("rb", buffering=0) as pagemap:
            for line in (folder / "maps").read_text().splitlines():
                extent, _, offset, device, inode, *_ = line.split(maxsplit=5)
                if inode == "0":
                    continue
                first, end = (int(edge, 16) // PAGE_BYTES for edge in extent.split("-"))
                pagemap.seek(first * 8)
                pages = np.frombuffer(pagemap.read((end - first) * 8), np.uint64)
                mapped = np.flatnonzero((pages & PRESENT != 0) & (pages & OF_FILE != 0))
                of_files.setdefault((device, inode), set()).update((mapped + int(offset, 16) // PAGE_BYTES).tolist())
    file_pages = sum(map(len, of_files.values()))
    return anonymous_kb / 1024 + file_pages * PAGE_BYTES / MB, anonymous_kb / 1024


def machine() -> str:
    """The machine and the versions of the measurement, for the head of the report."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unnamed processor")
    return (
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores ({cpu}), "
        f"{system().total_mb / 1024:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}, OpenCV {cv2.__version__}"
    )
