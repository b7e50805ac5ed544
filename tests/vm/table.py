"""What was tried, as a table: step, result, seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.vm.machine import CommandFailed


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    step: str
    is_well: bool
    result: str
    seconds: float

    def __str__(self) -> str:
        verdict = "ok" if self.is_well else "FAILED"
        return f"{self.step.replace('_', ' '):21} {verdict:6} {self.seconds:4.0f} s  {self.result}"


def tried(name: str, do: Callable[[], str]) -> Row:
    """Do it and print its line."""
    began_s = time.monotonic()
    is_well, result = True, ""
    try:
        result = do()
    except (AssertionError, CommandFailed, OSError) as error:
        is_well, result = False, str(error)
    row = Row(name, is_well, result, time.monotonic() - began_s)
    print(row, flush=True)
    return row
