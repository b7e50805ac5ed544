"""Figures with limits, as the benchmarks and the soak print them, and progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass


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


def print_table(results: Sequence[Figure]) -> int:
    """Print the figures; returns the exit status, 1 when one of them misses its limit."""
    print("| figure | measured | limit | holds |\n|---|---|---|---|")
    print(*results, sep="\n")
    return 0 if all(result.holds for result in results) else 1


def show(text: str) -> None:
    """Show progress on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
