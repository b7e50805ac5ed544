"""The objects that the page works with: made once by create_app, shared by all routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from admin.auth.hosts import Hosts
from admin.auth.sessions import Sessions
from admin.auth.throttle import Throttle
from admin.auth.tokens import Tokens
from admin.health.sensors import SensorReader
from admin.restart.restarter import Restarter
from admin.settings.drafts import Drafts
from config.https import Listening
from config.paths import Paths
from config.store import Store

NAME = "drivewatch"


@dataclass(frozen=True, slots=True)
class Parts:
    """clock: monotonic seconds, which all processes of one boot share."""

    paths: Paths
    where: Listening
    hosts: Hosts
    store: Store
    sessions: Sessions
    throttle: Throttle
    tokens: Tokens
    drafts: Drafts
    restarter: Restarter
    clock: Callable[[], float]
    sensors: SensorReader = field(default_factory=SensorReader)


def parts() -> Parts:
    """Return those of the running application."""
    return cast(Parts, current_app.extensions[NAME])
