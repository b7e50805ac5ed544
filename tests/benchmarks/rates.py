"""`make bench-rates`: how cost grows with rate and size, beside the naive recipe: build/bench/rates.md."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from app.memory.rates import FAST_FROM_FPS
from config.declaration import Value
from tests.benchmarks.figure import show
from tests.benchmarks.measure import (
    FOLDER,
    FULL,
    PYTHON,
    QUICK,
    ROOT,
    Effort,
    Section,
    clean,
    detector,
    machine,
    pictures,
    python_with,
    repeated,
    sample,
    side_by_side,
)

Size = tuple[int, int]

SIZES: tuple[Size, ...] = ((320, 240), (640, 480), (1280, 720))
RATES = (1, 2, 5, 10)
FRAMES_MIN = 40  # frames that a measurement takes, or SECONDS_MIN
SECONDS_MIN = 12.0
WARM_UP_S = 3.0
SMALL, FAST = "fast kernels", "small kernels"  # steps of without.py: leaving out one kind of kernels runs the other


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU share and memory of a running process."""

    cpu_pct: float
    rss_mb: float
    private_mb: float

    def ms(self, fps: float) -> float:
        """CPU time of a frame."""
        return 10 * self.cpu_pct / fps


@contextmanager
def naive(frames: Path, fps: float) -> Iterator[subprocess.Popen[str]]:
    """The running naive recipe with irises, after its first frame."""
    options = str(frames.absolute()), "refine", f"fps={fps}"
    command = (str(python_with("naive")), "-m", "tests.benchmarks.naive_recipe", *options)
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=ROOT, env=clean(), stdin=pipe, stdout=pipe, stderr=nowhere, text=True
    ) as process:  # fmt: skip
        try:
            assert process.stdin is not None and process.stdout is not None
            for _ in ("imported", "first frame"):
                if not process.stdout.readline():
                    raise RuntimeError("the naive recipe did not start")
                process.stdin.write("\n")
                process.stdin.flush()
            yield process
        finally:
            process.terminate()


def cost(process: subprocess.Popen[str], fps: float) -> Cost:
    """The cost of the process over some frames."""
    time.sleep(WARM_UP_S)
    before = sample(process.pid, 0.0)
    time.sleep(max(SECONDS_MIN, min(FRAMES_MIN / fps, 2 * SECONDS_MIN)))
    after = sample(process.pid, 0.0)
    cpu_pct = 100 * (after.cpu_s - before.cpu_s) / (after.time_s - before.time_s)
    return Cost(cpu_pct, after.usage.rss_mb, after.usage.anonymous_mb)


def ours_cost(size: Size, fps: float, launcher: Sequence[str] = ("app",)) -> Cost:
    """The cost of the whole detector."""
    settings: Mapping[str, Value] = {"camera.width": size[0], "camera.height": size[1], "camera.target_fps": fps}
    with detector(frames_of(size, fps), settings, launcher) as (process, _):
        return cost(process, fps)


def naive_cost(size: Size, fps: float) -> Cost:
    """The cost of decoding and FaceMesh alone."""
    with naive(frames_of(size, fps), fps) as process:
        return cost(process, fps)


def frames_of(size: Size, fps: float) -> Path:
    """Pictures of the rendered driver, `fps` a second."""
    return pictures(size, 40 if fps < FAST_FROM_FPS else 60, fps)


def section() -> Section:
    """The table of memory, milliseconds and CPU by rate and size; ours and the naive recipe run at the same time."""
    python_with("naive")
    rows: list[tuple[str | float, ...]] = []
    for size, fps in product(SIZES, RATES):
        show(f"{size[0]} x {size[1]} at {fps} a second")
        frames_of(size, fps)
        ours, other = both(partial(ours_cost, size, fps), partial(naive_cost, size, fps))
        cells = (value for one in (ours, other) for value in (one.cpu_pct, one.ms(fps), one.rss_mb, one.private_mb))
        rows.append((f"{size[0]} x {size[1]}", f"{fps}", *cells))
    return Section(
        "rates",
        "How cost grows",
        "The whole detector (decoding, blendshapes, verdict, status, governor) on frames of that size, beside decoding "
        "and FaceMesh alone, with irises, on the same JPEGs at the same time. Percent of one core; milliseconds of CPU "
        f"for each frame. From {FAST_FROM_FPS:g} a second on XNNPACK's kernels, below TensorFlow Lite's own.",
        (
            *("picture", "a second"),
            *(f"{whose}: {what}" for whose in ("ours", "naive") for what in ("CPU, %", "ms", "RSS, MB", "private")),
        ),
        tuple(rows),
    )


def both(one: Callable[[], Cost], other: Callable[[], Cost]) -> tuple[Cost, Cost]:
    """The costs of two processes that run at the same time, so that other programs slow both alike."""
    done = side_by_side({"one": one, "other": other}, 2)
    return done["one"], done["other"]


def kernels_section() -> Section:
    """The table of CPU time that the faster kernels save and of memory that they cost."""
    rows = []
    for fps in RATES:
        show(f"kernels at {fps} a second")
        without = "tests.benchmarks.without"
        small, fast = both(
            partial(ours_cost, SIZES[0], fps, (without, SMALL)), partial(ours_cost, SIZES[0], fps, (without, FAST))
        )
        rows.append((
            f"{fps}", small.ms(fps), fast.ms(fps), small.cpu_pct - fast.cpu_pct, small.rss_mb, fast.rss_mb,
            fast.rss_mb - small.rss_mb, fast.private_mb - small.private_mb,
        ))  # fmt: skip
    return Section(
        "kernels",
        "The trade of the kernels",
        "The whole detector at 320 x 240 with TensorFlow Lite's own kernels, freed blocks given back at once, and with "
        "XNNPACK's, freed blocks kept.",
        ("a second", "own, ms", "XNNPACK, ms", "saves, % CPU", "own, RSS", "XNNPACK, RSS", "costs, MB", "private"),
        tuple(rows),
    )


def alone_section(effort: Effort) -> Section:
    """The table of CPU time of the face search alone, on decoded frames."""
    rows: list[tuple[str | float, ...]] = []
    for size in SIZES:
        frames = frames_of(size, 10).absolute()
        naive_command = (python_with("naive"), "-m", "tests.benchmarks.naive_recipe", frames, "refine", "alone")
        cells: list[float] = []
        for kernels in ("fast", "small"):
            (ours,) = repeated(effort, (*PYTHON, "tests.benchmarks.face_alone", frames, kernels))
            cells += [ours.figures["followed_ms"], ours.figures["ms"]]
        rows.append((f"{size[0]} x {size[1]}", repeated(effort, naive_command)[-1].figures["ms"], *cells))
    return Section(
        "alone",
        "The face alone",
        "On decoded frames a tenth of a second apart, one after the other: CPU of all threads, ms a frame. The naive "
        "recipe follows a face with the mesh, and the same is measured of ours; all of ours has blendshapes besides, "
        "sees whether the picture has changed, and lets the detector look every eighth frame.",
        (
            *("picture", "naive recipe, refined", "the same of ours, XNNPACK", "all of ours, XNNPACK"),
            *("the same, own kernels", "all of ours, own kernels"),
        ),
        tuple(rows),
    )


def sections(effort: Effort) -> list[Section]:
    """All three tables."""
    return [section(), kernels_section(), alone_section(effort)]


def main() -> int:
    """Measure, write and print."""
    from tests.benchmarks.report import tables

    began_s = time.monotonic()
    text = tables(sections(FULL if "--full" in sys.argv else QUICK))
    show("")
    took_min = (time.monotonic() - began_s) / 60
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "rates.md").write_text(f"# How cost grows\n\n{machine()}; took {took_min:.1f} minutes.\n{text}\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
