"""`make bench-detector`: ten minutes of the detector on a video of fake:commute, beside the naive recipe on the same.

Exit status 1 when a figure misses its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.fake_driver.record import VIDEO, record
from app.fake_driver.scenario import load_scenario
from app.journal.entries import recent
from app.memory.usage import usage_of
from app.part_status import Usage
from app.telemetry import status
from config.declaration import PROFILES
from config.paths import Paths
from config.settings import DECLARATIONS, settings_from
from config.store import Store

FOLDER = Path("build/bench")
SAMPLE_S = 2.0
# Judging a frame takes 20 ms, while its buffers take 1 MB more: the lowest of several readings is without them
READINGS, READING_S = 5, 0.03
WINDOW_S = 60.0  # growth compares the highest RSS of two windows of this length
GROWTH_FROM_S = 3 * WINDOW_S  # a shorter run says nothing about growth
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Figure:
    """One result beside its limit; `holds` compares the two."""

    what: str
    value: float
    unit: str
    limit: float

    @property
    def holds(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        mark = "yes" if self.holds else "**no**"
        return f"| {self.what} | {self.value:.2f} {self.unit} | {self.limit:g} {self.unit} | {mark} |"


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory and CPU time of a process between two frames, with the seconds since its start."""

    time_s: float
    usage: Usage
    cpu_s: float


def print_table(results: Sequence[Figure]) -> int:
    """Print the figures; returns the exit status, 1 when one of them misses its limit."""
    print("| figure | measured | limit | holds |\n|---|---|---|---|")
    print(*results, sep="\n")
    return 0 if all(result.holds for result in results) else 1


def clean(**more: str) -> dict[str, str]:
    """This environment with `more`, and with byte-code, which the shell may have switched off."""
    return {**{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}, **more}


def environment() -> dict[str, str]:
    """The environment with separate folders, so that the benchmark neither reads nor writes the user's files."""
    private = {"DRIVEWATCH_DATA": str(FOLDER.absolute() / "data"), "XDG_RUNTIME_DIR": str(FOLDER.absolute() / "run")}
    return clean(**private)


def start(video: Path) -> tuple[subprocess.Popen[str], float]:
    """The started detector, and the seconds to its first verdict. Raises: RuntimeError."""
    began_s = time.monotonic()
    command = [sys.executable, "-m", "app", "run", "--camera", str(video.absolute())]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if not process.stdout.readline():  # the first line is the first verdict
        raise RuntimeError("the detector did not start")
    return process, time.monotonic() - began_s


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


def watch(process: subprocess.Popen[str], minutes: float) -> list[Sample]:
    """Samples of the process until the minutes are over."""
    began_s = time.monotonic()
    samples = [sample(process.pid, began_s)]
    while samples[-1].time_s < minutes * 60:
        time.sleep(SAMPLE_S)
        samples.append(sample(process.pid, began_s))
        show(f"minute {samples[-1].time_s / 60:.1f} of {minutes:g}: {samples[-1].usage.rss_mb:.1f} MB")
    return samples


def show(text: str) -> None:
    """Show progress on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


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


def naive_rss_mb(video: Path) -> float:
    """RSS of the naive recipe after all frames."""
    command: list[str | Path] = [python_with("naive"), "-m", "tests.benchmarks.naive_recipe", video.absolute()]
    done = subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    last = json.loads(done.stdout.splitlines()[-1])
    print(f"naive recipe: {last['frames']} frames, {last['faces']} with a face, {last['rss_mb']:.1f} MB")
    return float(last["rss_mb"])


def figures(samples: list[Sample], start_s: float, latency_ms: float, naive_mb: float, profile: str) -> list[Figure]:
    """The figures and their limits; profiles other than low_memory may use their budget, and more CPU."""
    small = profile == PROFILES[0]
    most_mb = 100 if small else float(DECLARATIONS["memory.budget_mb"].in_profile(profile))
    first = next(one for one in samples if one.time_s >= min(120.0, samples[-1].time_s / 5))
    last = samples[-1]
    early_mb, late_mb = plateau_mb(samples, first.time_s), plateau_mb(samples, last.time_s - WINDOW_S)
    growth = Figure(f"growth since minute {first.time_s / 60:.1f}", late_mb - early_mb, "MB", 0.5)
    cpu_pct = 100 * (last.cpu_s - first.cpu_s) / (last.time_s - first.time_s)
    return [
        Figure("RSS at the end, between two frames", last.usage.rss_mb, "MB", most_mb),
        Figure("private (anonymous) memory", last.usage.anonymous_mb, "MB", most_mb),
        Figure("RSS at its highest", last.usage.peak_mb, "MB", most_mb),
        *([growth] if last.time_s >= GROWTH_FROM_S else []),
        Figure("of the naive recipe's RSS", last.usage.rss_mb / naive_mb, "", 0.65 if small else 1),
        Figure("CPU of one core at 1 frame a second", cpu_pct, "%", 2 if small else 10),
        Figure("capture to verdict, mean", latency_ms, "ms", 50 if small else 100),
        Figure("start to first verdict", start_s, "s", 3),
    ]


def plateau_mb(samples: list[Sample], from_s: float) -> float:
    """The highest RSS within WINDOW_S from this time on."""
    return max(one.usage.rss_mb for one in samples if from_s <= one.time_s <= from_s + WINDOW_S)


def measured(minutes: float, profile: str) -> list[Figure]:
    """The figures of a run of the detector beside one of the naive recipe."""
    camera = settings_from({"profile": profile}).camera
    scenario = load_scenario("commute")
    show("rendering the video")
    # Longer than the run, as opening the video again at its end reads 3 MB of libavformat, which no camera needs
    record(scenario, FOLDER, 1.0, minutes * 60 + WINDOW_S, (camera.width, camera.height), as_video=True)
    store = Store(Path(environment()["DRIVEWATCH_DATA"]))
    store.save(f"profile: {profile}\n", store.load().version)
    naive_mb = naive_rss_mb(FOLDER / VIDEO)
    began_s = time.time()
    process, start_s = start(FOLDER / VIDEO)
    try:
        samples = watch(process, minutes)
        latest = status.read(Paths.from_environment(environment()).status)
    finally:
        process.terminate()
        process.wait(10)
    assert latest is not None, "the detector wrote no status"
    told = [one for one in recent(Paths.from_environment(environment()).events) if one.wall_s >= began_s]
    assert told or minutes < 2, "the detector recorded no event of the driver in the video"
    return figures(samples, start_s, latest.latency.mean_ms or float("inf"), naive_mb, profile)


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ten_minutes", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--profile", choices=PROFILES, default=PROFILES[0])
    asked = parser.parse_args()
    results = measured(asked.minutes, asked.profile)
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    print(f"{asked.minutes:g} minutes, {machine}, profile {asked.profile}\n")
    return print_table(results)


if __name__ == "__main__":
    sys.exit(main())
