"""Memory that each step saves, measured without it. tables/costs-0.2.0.md has the steps that were rejected."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial

from app.part_status import Usage
from tests.benchmarks.measure import Effort, Section, clean, detector_usage, pictures, side_by_side

# Steps of without.py
DONE = {
    "small kernels": "TensorFlow Lite's own kernels, not XNNPACK, and freed blocks given back at once",
    "gpiozero": "gpiozero imported only where there is a GPIO chip",
    "models": "models mapped, not read into memory",
    "blocks": "blocks of 64 kB and more not in the heap",
    "parser": "protobuf's parser in Python not imported",
    "psutil": "/proc/meminfo read without psutil",
    "shutil": "shutil imported on a terminal only",
    "threads": "one thread in NumPy's and OpenCV's OpenBLAS, not one a core",
    "file pages": "unmodified file-backed pages released after the start",
}
# Steps that environment variables undo
PLAIN, NONE = "docstrings", "byte-code"
DONE_OUTSIDE = {
    PLAIN: "packages' byte-code without docstrings, by `make setup`",
    NONE: "byte-code at all, by pip",
}


def section(effort: Effort) -> Section:
    """The table of the memory that each step saves."""
    detector = partial(detector_usage, effort, pictures((320, 240)))
    tasks: dict[str, Callable[[], Usage]] = {
        name: partial(detector, launcher=("tests.benchmarks.without", name)) for name in ("nothing", *DONE)
    }
    with tempfile.TemporaryDirectory() as cache:
        outside: Mapping[str, Mapping[str, str]] = {
            "now": {},
            PLAIN: {"PYTHONPYCACHEPREFIX": cache},
            NONE: {"PYTHONPYCACHEPREFIX": "/dev/null"},
        }
        detector(env=clean(**outside[PLAIN]))  # compiles
        tasks |= {name: partial(detector, env=clean(**more)) for name, more in outside.items()}
        usages = side_by_side(tasks)
    rows = [_row(what, usages[name], usages["nothing"]) for name, what in DONE.items()]
    rows += [_row(what, usages[name], usages["now"]) for name, what in DONE_OUTSIDE.items()]
    now = usages["now"]
    return Section(
        "shrinking",
        "What each step saves",
        f"Of the detector at low_memory ({now.rss_mb:.1f} MB, {now.anonymous_mb:.1f} private) each step is "
        "taken back alone. Below 0.2 MB is noise.",
        ("step", "saves, MB RSS", "MB anonymous"),
        tuple(rows),
    )


def _row(what: str, without: Usage, followed: Usage) -> tuple[str | float, ...]:
    return what, without.rss_mb - followed.rss_mb, without.anonymous_mb - followed.anonymous_mb
