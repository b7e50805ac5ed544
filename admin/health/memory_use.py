"""The memory of drivewatch's processes as people read it: the page as one, and a total. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from app.part_status import Usage

DETECTOR, PAGE, TOTAL = "Detector", "Web page", "Total"


@dataclass(frozen=True, slots=True)
class Row:
    """One process; usage None where it cannot be read."""

    name: str
    pid: int | None
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. usage: None where nothing can be read. hint: such as the number of the process."""

    name: str
    usage: Usage | None
    hint: str = ""


def table(detector: Row, page: Sequence[Row]) -> tuple[Line, Line]:
    """The detector, and the page's processes as one."""
    used = [row.usage for row in page if row.usage is not None]
    number = f"process {detector.pid}" if detector.pid else ""
    name = f"{PAGE} ({len(page)} processes)" if len(page) > 1 else PAGE
    return Line(DETECTOR, detector.usage, number), Line(name, summed(used) if used else None)


def summed(used: Sequence[Usage]) -> Usage:
    """All together. The PSS counts a shared memory page once; the other figures count it in each process."""
    has_pss = all(one.pss_mb is not None for one in used)
    sums = {each.name: sum((getattr(one, each.name) or 0.0 for one in used), 0.0) for each in fields(Usage)}
    return replace(Usage(**sums), pss_mb=sums["pss_mb"] if has_pss else None)


def total_mb(lines: Sequence[Line]) -> float | None:
    """The PSS of all that runs; None where that of one is not known."""
    used = [line.usage for line in lines if line.usage is not None]
    return summed(used).pss_mb if used else None


def summary(total: float | None, machine_mb: float, budget_mb: float) -> str:
    """One line for where there is no room for a table: total of machine, and the detector's budget; all in MB."""
    used = "not known" if total is None else f"{total:.0f} MB"
    budget = f", the detector's budget {budget_mb:.0f}" if budget_mb else ""
    return f"{used} of {machine_mb:,.0f}{budget}"
