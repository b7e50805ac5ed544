"""What the problems are read from, as it is now: read once for each request."""

from __future__ import annotations

from flask import g

from admin.health.machine import machine_now
from admin.health.problems import Problem, Told, problems
from admin.parts import parts
from app.telemetry import failure, status
from config.commands import log_command
from config.own_files import folder_problem


def told_now() -> Told:
    """Status, failure, machine and certificate."""
    if "told" not in g:
        own = parts()
        certificate = own.where.certificate
        g.told = Told(
            status.read(own.paths.status),
            failure.last(own.paths.failure),
            folder_problem(own.paths.run),
            certificate.problem if certificate else "",
            machine_now(own.paths, own.sensors.read(own.clock())),
            log_command("detector", own.paths.detector_log),
            is_restarting=own.restarter.progress().is_under_way,
            is_exposed=own.where.is_exposed,
        )
    return g.told  # type: ignore[no-any-return]


def problems_now() -> tuple[Problem, ...]:
    """All that is wrong now."""
    return problems(told_now(), parts().clock())
