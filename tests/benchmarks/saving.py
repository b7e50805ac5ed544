"""`make bench-saving`: what saving memory frees in the running detector, profile by profile.

The real detector on a video of the rendered driver, six times as fast as the product so that it takes minutes. Then
saving is switched on and off twenty times more, for leaks. What two processes share is not given back, so nothing here
loads libraries beside the process that is measured.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.memory.allocator import limit_malloc_arenas, settle_allocator, trim
from app.memory.usage import usage_of
from app.monitor.memory_saver import SAVING
from app.monitor.saving import SavingThread
from app.part_status import Usage
from app.telemetry import status
from config.declaration import PROFILES
from config.paths import Paths
from config.settings import settings_from

if TYPE_CHECKING:
    from app.monitor.detector import Detector

FOLDER = Path("build/saving")
ROOT = Path(__file__).parents[2]
FPS = 6.0
PHASE_S = 8.0
TIMES = 20
LEAK_MB = 0.5  # after so many times


@dataclass(frozen=True, slots=True)
class Phase:
    """What the detector had and took after some seconds."""

    usage: Usage
    cpu_pct: float


def phase(detector: Detector) -> Phase:
    """What it has and takes after running for a while."""
    end_s, cpu_s = time.monotonic() + PHASE_S, time.process_time()
    detector.run(lambda: time.monotonic() >= end_s)
    return Phase(usage_of(), 100 * (time.process_time() - cpu_s) / PHASE_S / FPS)  # as at 1 frame a second


def once_more(detector: Detector, frames_s: float = 1.0) -> float:
    """Private (anonymous) memory, which only the process can free, after saving was switched on and off again."""
    assert detector.saver is not None
    for on in (True, False):
        detector.saver.save(on)
        end_s = time.monotonic() + frames_s
        detector.run(lambda end_s=end_s: time.monotonic() >= end_s)  # type: ignore[misc]
    trim()
    return usage_of().anonymous_mb


def measured(profile: str) -> Iterator[str]:
    """The rows of one profile, in this process."""
    from app.monitor.detector import Hooks
    from app.monitor.opening import open_detector

    limit_malloc_arenas()
    settings = settings_from({"profile": profile, "memory.budget_mb": 4096, "analysis.event_history": False})
    settings = replace(
        settings,
        camera=replace(settings.camera, source=str(FOLDER.absolute() / "video.avi"), target_fps=FPS, frame_skip=1),
    )
    paths = Paths(*(FOLDER.absolute() / profile / name for name in ("data", "run", "common")))
    paths.make()
    with ExitStack() as parts:
        card, run = (parts.enter_context(closing(SavingThread(name))) for name in ("card", "run folder"))
        detector = open_detector(parts, settings, status.Configuration(), paths, card, run, Hooks())
        settle_allocator()
        assert detector.saver is not None
        phase(detector)
        before = phase(detector)
        yield row(profile, f"not saving, model {settings.vision.model}", None, before)
        detector.saver.save(True)
        yield row(profile, SAVING, before, phase(detector))
        all_mb = [once_more(detector) for _ in range(TIMES)]
        # The highest of each half: 1.6 MB of the heap's end are sometimes given back and sometimes not
        grown_mb = max(all_mb[TIMES // 2 :]) - max(all_mb[: TIMES // 2])
        verdict = "no leak" if grown_mb <= LEAK_MB else "**a leak**"
        yield f"| {profile} | {TIMES} times on and off again | | {grown_mb:+.1f} | | | {verdict} |"


def row(profile: str, what: str, before: Phase | None, after: Phase) -> str:
    """One line of the table: how much less than before."""
    used, was = after.usage, before.usage if before else None
    change = [f"{now - then:+.1f}" for now, then in _pairs(used, was)] if was else ["", "", ""]
    return (
        f"| {profile} | {what} | {change[0]} | {change[1]} | {change[2]} | {used.rss_mb:.1f} "
        f"| CPU {after.cpu_pct:.1f} % |"
    )


def _pairs(now: Usage, then: Usage) -> tuple[tuple[float, float], ...]:
    return (now.rss_mb, then.rss_mb), (now.anonymous_mb, then.anonymous_mb), (now.file_mb, then.file_mb)


def main() -> int:
    """Run each profile in a process of its own and print the table; exit status 1 where something leaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.saving", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, help="this one, in this process")
    profile = parser.parse_args().profile
    if profile:
        for line in measured(profile):
            print(line, flush=True)
        return 0
    render = ["render", "commute", "--out", str(FOLDER), "--fps", str(FPS), "--seconds", "60", "--video"]
    subprocess.run([sys.executable, "-m", "app", *render], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    print(f"{platform.machine()}, Python {platform.python_version()}, MB; CPU of a core as at 1 frame a second\n")
    print("| profile | what | RSS | private | file | RSS then | also |\n|---|---|---|---|---|---|---|", flush=True)
    has_leak = False
    for each in PROFILES:
        command = [sys.executable, "-m", "tests.benchmarks.saving", "--profile", each]
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
        )
        print(done.stdout, end="", flush=True)
        has_leak = has_leak or "a leak" in done.stdout
    return 1 if has_leak else 0


if __name__ == "__main__":
    sys.exit(main())
