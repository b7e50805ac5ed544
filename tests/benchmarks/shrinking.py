"""What each step that made the detector smaller gives, measured by taking it back; and what was tried and rejected.

`python -m tests.benchmarks.shrinking STEP run ...` is the detector without that step.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.memory import Usage
from tests.benchmarks.measure import Effort, Section, clean, detector_usage, pictures, side_by_side


def _xnnpack() -> None:
    from app import face

    face._XNNPACK = re.compile("(?!)")


def _models_read() -> None:
    from app.face import _Graph

    mapped = _Graph._frugal
    _Graph._frugal = lambda *given: mapped(*given).replace("try_mmap_model: true ", "")  # type: ignore[method-assign]


def _allocator(arenas: int = 1, mmap_from: int = 0) -> None:
    import ctypes

    from app import memory

    def less(_: int = 1) -> bool:
        mallopt = ctypes.CDLL(None).mallopt
        return bool((not arenas or mallopt(-8, arenas)) and (not mmap_from or mallopt(-3, mmap_from)))

    memory.calm_allocator = less


def _blocks_in_heap() -> None:
    _allocator(arenas=1)


def _heaps() -> None:
    _allocator(arenas=0, mmap_from=64 * 1024)


def _parser() -> None:
    import google.protobuf.internal.python_message


def _gpiozero() -> None:
    import gpiozero


def _shutil() -> None:
    import shutil


def _threads() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = str(os.cpu_count())


def _trim() -> None:
    import ctypes

    from app import memory

    settle = memory.settle_allocator
    memory.settle_allocator = lambda: (settle(), ctypes.CDLL(None).malloc_trim(0))[0]


def _let_go() -> None:
    """Unmap, at the end of the start, the pages of libraries and models; what is needed is mapped again."""
    import ctypes

    from app import memory

    settle = memory.settle_allocator

    def let_go() -> None:
        settle()
        for line in Path("/proc/self/maps").read_text().splitlines():
            extent, mode, _, _, inode = line.split()[:5]
            if inode != "0" and mode in ("r-xp", "r--s"):
                first, end = (int(edge, 16) for edge in extent.split("-"))
                ctypes.CDLL(None).madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), 4)  # MADV_DONTNEED

    memory.settle_allocator = let_go


# What was done, and the detector without it
STEPS: dict[str, tuple[str, Callable[[], None]]] = {
    "xnnpack": ("TensorFlow Lite's own kernels, not XNNPACK", _xnnpack),
    "gpiozero": ("gpiozero imported only where there is a GPIO chip", _gpiozero),
    "models": ("models mapped, not read into memory", _models_read),
    "blocks": ("blocks of 64 kB and more not in the heap", _blocks_in_heap),
    "heaps": ("one heap for all threads", _heaps),
    "parser": ("protobuf's parser in Python not imported", _parser),
    "shutil": ("shutil imported on a terminal only", _shutil),
    "threads": ("one thread in NumPy's and OpenCV's OpenBLAS", _threads),
}
REJECTED: dict[str, tuple[str, Callable[[], None], str]] = {
    "trim": ("malloc_trim at the end of the start", _trim, "nothing is left to give back"),
    "let-go": (
        "unmap the libraries' pages at the end of the start",
        _let_go,
        "the RSS falls, but not the memory that the machine lacks: these pages stay in the page cache, from where the "
        "kernel takes them when it is short",
    ),
}


def section(effort: Effort) -> Section:
    """Measure each."""
    frames = pictures((320, 240))
    detector = partial(detector_usage, effort, frames)
    tasks: dict[str, Callable[[], Usage]] = {"now": detector}
    for name in (*STEPS, *REJECTED):
        tasks[name] = partial(detector, launcher=("tests.benchmarks.shrinking", name))
    with tempfile.TemporaryDirectory() as cache:
        plain = clean(PYTHONPYCACHEPREFIX=cache)
        detector_usage(effort, frames, env=plain)  # compiles
        tasks["docstrings"] = partial(detector, env=plain)
        tasks["byte-code"] = partial(detector, env=clean(PYTHONPYCACHEPREFIX="/dev/null"))
        tasks["optimized"] = partial(detector, env=clean(PYTHONOPTIMIZE="2"))
        tasks["pymalloc"] = partial(detector, env=clean(PYTHONMALLOC="malloc"))
        usages = side_by_side(tasks)
    now = usages.pop("now")
    about = {name: (what, "done") for name, (what, _) in STEPS.items()}
    about |= {
        "docstrings": ("packages' byte-code without docstrings", "done, by `make setup`"),
        "byte-code": ("byte-code at all", "done, by pip"),
    }
    tried = {name: (what, f"no: {why}") for name, (what, _, why) in REJECTED.items()}
    tried |= {
        "optimized": ("python -OO", "no: the page's explanations are docstrings, and a snap's base has no such byte-code"),
        "pymalloc": ("PYTHONMALLOC=malloc", "no: it makes Python slower, for nothing"),
    }
    rows = [
        (what, done, _saved(usages[name], now, 1), _anonymous(usages[name], now, 1)) for name, (what, done) in about.items()
    ]
    rows += [
        (what, done, _saved(usages[name], now, -1), _anonymous(usages[name], now, -1))
        for name, (what, done) in tried.items()
    ]
    return Section(
        "shrinking",
        "What each step gave, and what was rejected",
        f"Each step of the detector (low_memory, {now.rss_mb:.1f} MB, {now.anonymous_mb:.1f} of it anonymous) is taken back "
        "alone; what was rejected is added alone. Below 0.2 MB is noise.",
        ("step", "done", "saves, MB RSS", "MB anonymous"),
        tuple(rows),
    )


def _saved(other: Usage, now: Usage, sign: int) -> float:
    return sign * (other.rss_mb - now.rss_mb)


def _anonymous(other: Usage, now: Usage, sign: int) -> float:
    return sign * (other.anonymous_mb - now.anonymous_mb)


def main(name: str, *arguments: str) -> int:
    """Run the detector without the step."""
    (STEPS.get(name) or REJECTED[name][:2])[1]()
    from app.__main__ import main as run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
