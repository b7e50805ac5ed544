"""The machine: what its sensors, disks and clock tell. None where it does not tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """temperature_c: of the processor. folders: name, path and free MB of each that is written to.

    clock_problem: why dates may be wrong, "" if they are not.
    """

    temperature_c: float | None = None
    is_under_voltage: bool | None = None
    folders: tuple[tuple[str, str, float | None], ...] = ()
    clock_problem: str = ""
