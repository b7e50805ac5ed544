"""A row of the table that `make test-faults` prints."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one fault, or why it was not tried.

    `lost` counts confirmed things that are gone, or alerts that were missed or false; `recovery_s` is the longest time
    to recover, None where nothing has to recover; `wrong` describes the first try that was not survived.
    """

    fault: str
    tries: int = 0
    survived: int = 0
    lost: int = 0
    recovery_s: float | None = None
    wrong: str = ""
    not_tried: str = ""

    @property
    def holds(self) -> bool:
        """Whether each try was survived with nothing lost; True for a row that was not tried."""
        return bool(self.not_tried) or (0 < self.tries == self.survived and self.lost == 0)

    def __str__(self) -> str:
        if self.not_tried:
            return f"| {self.fault} | not tried: {self.not_tried} | | | |"
        mark = "" if self.holds else f" **{self.wrong or 'nothing was tried'}**"
        return f"| {self.fault}{mark} | {self.tries:,} | {self.survived:,} | {self.lost:,} | {shown(self.recovery_s)} |"


class Count:
    """Adds tries up to a row."""

    def __init__(self, fault: str) -> None:
        self._fault = fault
        self.tries = self.survived = self.lost = 0
        self._recovery_s: float | None = None
        self._wrong = ""

    def add(self, wrong: str = "", lost: int = 0, recovery_s: float | None = None) -> None:
        """Count one try; `wrong` is why it was not survived."""
        self.tries += 1
        self.survived += not wrong
        self.lost += lost
        self._wrong = self._wrong or wrong
        if recovery_s is not None:
            self._recovery_s = max(recovery_s, self._recovery_s or 0.0)

    @property
    def row(self) -> Row:
        """The row so far."""
        return Row(self._fault, self.tries, self.survived, self.lost, self._recovery_s, self._wrong)


def shown(seconds: float | None) -> str:
    """A time in ms or s, "-" for None."""
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def table(rows: Iterable[Row]) -> str:
    """All rows as Markdown."""
    head = "| fault | tries | survived | lost | time to recover, at most |\n|---|---|---|---|---|"
    return "\n".join([head, *map(str, rows)])


def rows_of(kind: str, is_long: bool) -> list[Row]:
    """The rows of the module of this name, with logging switched off."""
    logging.disable()
    return list(import_module(f"tests.faults.{kind}").rows(is_long))
