"""What the problems are read from, as it is now: read once for each request."""

from __future__ import annotations

from flask import g

from admin.health.machine import machine_now
from admin.health.problems import Problem, Told, problems
from admin.newest import newest_failure, newest_status, run_folder_problem
from admin.parts import parts
from config.commands import log_command


def told_now() -> Told:
    """Status, failure, machine and certificate."""
    if "told" not in g:
        own = parts()
        certificate = own.where.certificate
        g.told = Told(
            newest_status(),
            newest_failure(),
            run_folder_problem(),
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
