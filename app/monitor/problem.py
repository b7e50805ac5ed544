"""What is wrong at this moment, in one line with what helps: for the page, the one-screen status and a mechanic.

The page shows it by admin/templates/verdict_part.html; Health lists all (admin/health/problems.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.events import SIGHT_PROBLEMS, ClockQuality, Event, Limits, Sight, State
from app.observer import Observation
from app.part_status import Availability, CameraHealth, MemorySaving
from app.telemetry.status import Configuration, TripSoFar, Vehicle


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How the other parts are at this moment, for the report."""

    camera: CameraHealth
    alerts: Availability
    events: tuple[Event, ...]
    watch_problem: str
    journal_problem: str
    journal_remedy: str
    muted_until_s: float | None
    saving: MemorySaving
    vehicle: Vehicle = field(default_factory=Vehicle)
    limits: Limits = field(default_factory=Limits)
    trip: TripSoFar | None = None
    clock: ClockQuality = ClockQuality.GUESS


def problem_in(look: Observation, around: Surroundings, configuration: Configuration) -> str:
    """One line for a mechanic, empty while all is well: what keeps the driver from being watched comes first."""
    state, camera, alerts = look.verdict.state, around.camera, around.alerts
    if around.watch_problem:
        return around.watch_problem
    if camera.state in ("lost", "hung"):
        return camera.message
    if state is State.NO_CAMERA:
        return SIGHT_PROBLEMS[Sight.NOTHING]
    if look.mounting_problem:
        return look.mounting_problem
    if state is State.CAMERA_BLOCKED:
        return SIGHT_PROBLEMS.get(look.sight, SIGHT_PROBLEMS[Sight.FLAT])
    problems = (
        alerts.buzzer_message,
        "" if alerts.led_ok else alerts.led_message,
        around.journal_problem,
        camera.note,
        around.vehicle.message,
        *configuration.problems[:1],
        _saving_in_words(around.saving),
    )
    return next(filter(None, problems), "")


def _saving_in_words(saved: MemorySaving) -> str:
    if not saved.saving:
        return ""
    return f"memory is short ({saved.saving_reason}), so {saved.saving}: stop other programs, `top -o %MEM`"
