"""`make bench-rungs`: what each rung of the memory governor's ladder frees in the running detector, model by model.

The real detector on a video of the rendered driver, six times as fast as the product so that it takes minutes. Each
rung is taken with those before it in force; then all are taken back and the ladder is walked twenty times more, for
leaks. What two processes share is not given back, so nothing here loads libraries beside the process that is measured.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.memory import memory
from app.memory.memory import calm_allocator, settle_allocator, usage_of
from app.telemetry import status
from config.declaration import PROFILES
from config.paths import Paths
from config.settings import settings_from

if TYPE_CHECKING:
    from app.monitor.detector import Detector

FOLDER = Path("build/rungs")
ROOT = Path(__file__).parents[2]
FPS = 6.0
PHASE_S = 8.0
WALKS = 20
LEAK_MB = 0.5  # of so many walks


@dataclass(frozen=True, slots=True)
class Phase:
    """What the detector had and took after some seconds on a rung."""

    usage: memory.Usage
    cpu_pct: float
    preview_kb: float


def phase(detector: Detector, paths: Paths) -> Phase:
    """Let it run and look."""
    end_s, cpu_s = time.monotonic() + PHASE_S, time.process_time()
    status.ask_for_preview(paths.run)
    detector.run(lambda: time.monotonic() >= end_s)
    cpu_pct = 100 * (time.process_time() - cpu_s) / PHASE_S / FPS  # as at 1 frame a second
    return Phase(usage_of(), cpu_pct, paths.preview.stat().st_size / 1024)


def walked(detector: Detector, frames_s: float = 1.0) -> float:
    """Once down the ladder and up again; the anonymous memory afterwards, which only the process can free."""
    assert detector.economy is not None
    savings = detector.economy.savings
    for rung in (len(savings.ladder), 0):
        savings.go_to(rung)
        end_s = time.monotonic() + frames_s
        detector.run(lambda end_s=end_s: time.monotonic() >= end_s)  # type: ignore[misc]
    memory.trim()
    return usage_of().anonymous_mb


def measured(profile: str) -> Iterator[str]:
    """The rows of one profile, in this process."""
    from app.monitor.detector import open_detector

    calm_allocator()
    settings = settings_from({"profile": profile, "memory.budget_mb": 4096, "analysis.event_history": False})
    settings = replace(
        settings,
        camera=replace(settings.camera, source=str(FOLDER.absolute() / "video.avi"), target_fps=FPS, frame_skip=1),
    )
    paths = Paths(*(FOLDER.absolute() / profile / name for name in ("data", "run", "common")))
    paths.make()
    with ExitStack() as parts:
        nothing = lambda *_: None  # noqa: E731
        detector = open_detector(parts, settings, status.Configuration(), paths, nothing, nothing, nothing)
        settle_allocator()
        assert detector.economy is not None
        savings = detector.economy.savings
        phase(detector, paths)
        before = phase(detector, paths)
        yield row(profile, f"none, model {settings.vision.model}", None, before)
        for rung, saving in enumerate(savings.ladder, 1):
            savings.go_to(rung)
            after = phase(detector, paths)
            yield row(profile, saving.value, before, after)
            before = after
        walks_mb = [walked(detector) for _ in range(WALKS)]
        # The highest of each half: 1.6 MB of the heap's end are sometimes given back and sometimes not
        grown_mb = max(walks_mb[WALKS // 2 :]) - max(walks_mb[: WALKS // 2])
        verdict = "no leak" if grown_mb <= LEAK_MB else "**a leak**"
        yield f"| {profile} | {WALKS} times down and up again | | {grown_mb:+.1f} | | | {verdict} |"


def row(profile: str, what: str, before: Phase | None, after: Phase) -> str:
    """One line of the table: how much less than before."""
    used, was = after.usage, before.usage if before else None
    change = [f"{now - then:+.1f}" for now, then in _pairs(used, was)] if was else ["", "", ""]
    return (
        f"| {profile} | {what} | {change[0]} | {change[1]} | {change[2]} | {used.rss_mb:.1f} "
        f"| CPU {after.cpu_pct:.1f} %, preview {after.preview_kb:.1f} KB |"
    )


def _pairs(now: memory.Usage, then: memory.Usage) -> tuple[tuple[float, float], ...]:
    return (now.rss_mb, then.rss_mb), (now.anonymous_mb, then.anonymous_mb), (now.file_mb, then.file_mb)


def main() -> int:
    """Run each profile in a process of its own and print the table; exit status 1 where something leaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rungs", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, help="this one, in this process")
    profile = parser.parse_args().profile
    if profile:
        for line in measured(profile):
            print(line, flush=True)
        return 0
    render = ["render", "commute", "--out", str(FOLDER), "--fps", str(FPS), "--seconds", "60", "--video"]
    subprocess.run([sys.executable, "-m", "app", *render], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    print(f"{platform.machine()}, Python {platform.python_version()}, MB; CPU of a core as at 1 frame a second\n")
    print("| profile | rung | RSS | anonymous | file | RSS then | also |\n|---|---|---|---|---|---|---|", flush=True)
    has_leak = False
    for each in PROFILES:
        command = [sys.executable, "-m", "tests.benchmarks.rungs", "--profile", each]
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
        )
        print(done.stdout, end="", flush=True)
        has_leak = has_leak or "a leak" in done.stdout
    return 1 if has_leak else 0


if __name__ == "__main__":
    sys.exit(main())
