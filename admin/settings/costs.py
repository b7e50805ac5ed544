"""What profiles, models and sizes of the picture cost and find, as measured on x86-64 with Python 3.11.

The figures are those of the tables that are named beside them; tests/admin/settings/test_costs.py compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The detector's RSS in MB: tests/benchmarks/tables/costs.md, "Memory, beside the alternatives"
PROFILE_MB: Mapping[str, float] = {"low_memory": 69.6, "balanced": 76.6, "high_accuracy": 77.2}
MODEL_MB: Mapping[str, float] = {"lite": 65.3, "standard": 69.6, "full": 76.3}
# Faces found in pictures of real people, each from one to four times as far: tests/evaluation/tables/real-people.md
FACES_FOUND: Mapping[str, int] = {"low_memory": 388, "balanced": 523, "high_accuracy": 529}
FACES_SHOWN = 4 * (127 + 19)


@dataclass(frozen=True, slots=True)
class SizeCost:
    """RSS and CPU time of a look with pictures of one size, model standard, at 1 frame a second."""

    width_px: int
    height_px: int
    rss_mb: float
    look_ms: float

    @property
    def pixels(self) -> int:
        """Of one picture."""
        return self.width_px * self.height_px


# tests/benchmarks/tables/rates.md
SIZES = (SizeCost(320, 240, 68.9, 12.8), SizeCost(640, 480, 69.7, 13.3), SizeCost(1280, 720, 71.7, 17.4))
FAST_MB = 84.1 - 68.9  # more memory from 5 frames a second on, where the fast kernels are taken; the same table
WIDTH_MEASURED_MIN_PX = 160  # of tests/benchmarks/tables/costs.md, "Cost against resolution"
MB_PER_PIXEL = (SIZES[-1].rss_mb - SIZES[0].rss_mb) / (SIZES[-1].pixels - SIZES[0].pixels)


def profile_cost(profile: str) -> str:
    """What a profile takes and finds, for its line in a list."""
    found_pct = 100 * FACES_FOUND[profile] / FACES_SHOWN
    return f"{PROFILE_MB[profile]:.0f} MB, {found_pct:.0f} % of faces"


def model_cost(model: str) -> str:
    """What a model takes."""
    return f"{MODEL_MB[model]:.0f} MB"


def size_cost(width_px: int, height_px: int) -> str:
    """What a size of the picture takes; of one between two that were measured, the figures of both."""
    pixels = width_px * height_px
    below = max((one for one in SIZES if one.pixels <= pixels), key=lambda one: one.pixels, default=SIZES[0])
    above = min((one for one in SIZES if one.pixels >= pixels), key=lambda one: one.pixels, default=SIZES[-1])
    megabytes = _between(below.rss_mb, above.rss_mb)
    return f"{megabytes} MB, {_between(below.look_ms, above.look_ms)} ms"


def _between(low: float, high: float) -> str:
    first, last = f"{low:.0f}", f"{high:.0f}"
    return first if first == last else f"{first} to {last}"
