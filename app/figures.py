"""What counts as a number in a file that a bad card or another program may have changed. Standard library only."""

from __future__ import annotations

from typing import TypeGuard

FIGURE_MAX = 1e12  # above all that is measured, counted or dated; with much larger ones sums and drawings overflow


def is_figure(value: object) -> TypeGuard[int | float]:
    """Whether it is a number of a size that can be one: not infinite, no NaN, and neither True nor False."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FIGURE_MAX
