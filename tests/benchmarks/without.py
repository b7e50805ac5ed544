"""The detector without one step that made it smaller: `python -m tests.benchmarks.without STEP run ...`.

It imports nothing else, so that the variants differ only by that step; `nothing` leaves out no step.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from importlib import import_module
from math import inf

_M_ARENA_MAX = -8  # malloc.h of glibc


def _nothing() -> None:
    pass


def _small_kernels() -> None:
    from app.memory import rates

    rates.FAST_FROM_FPS = 0.0


def _fast_kernels() -> None:
    from app.memory import rates

    rates.FAST_FROM_FPS = inf


def _models() -> None:
    from app.vision import graph

    mapped = graph._inference
    graph._inference = lambda fast: mapped(fast).replace("try_mmap_model: true ", "")


def _blocks() -> None:
    from app.memory import allocator

    allocator.limit_malloc_arenas = lambda arenas=1: bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, arenas))


def _threads() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = str(os.cpu_count())


def _imports(module: str) -> Callable[[], None]:
    def at_the_start() -> None:
        import_module(module)

    return at_the_start


def _keep_file_pages() -> None:
    from app.memory import file_pages

    file_pages.release_file_pages = lambda proc=None: None


STEPS: dict[str, Callable[[], None]] = {
    "nothing": _nothing,
    "small kernels": _small_kernels,
    "fast kernels": _fast_kernels,
    "models": _models,
    "blocks": _blocks,
    "threads": _threads,
    "gpiozero": _imports("gpiozero"),
    "parser": _imports("google.protobuf.internal.python_message"),
    "psutil": _imports("psutil"),
    "shutil": _imports("shutil"),
    "file pages": _keep_file_pages,
}


def main(name: str, *arguments: str) -> int:
    """Run the detector."""
    STEPS[name]()
    from app.commands.command_line import main as run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
