"""For programs: the same figures and settings as JSON, errors as RFC 9457 describes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request

from admin.auth.guard import open_to_all
from admin.health.memory_page import rows
from admin.home.home_page import now_shown
from admin.parts import parts
from admin.trips.events_page import SHOWN_EVENTS, row
from app.events import State
from app.journal.csv_table import csv_text
from app.journal.entries import JournalUnreadable, counts, recent
from app.journal.trips import FIELDS as TRIP_FIELDS
from app.journal.trips import flat, newest, trip_row
from app.memory.usage import MB, system
from app.telemetry.codec import plain
from config.check import Problem, out_of_reach, shown
from config.commands import log_command
from config.declaration import Value
from config.durable import StoreError
from config.reference import json_schema
from config.settings import DECLARATIONS, values_of
from config.store import ConflictError, InvalidError, Loaded

log = logging.getLogger(__name__)

routes: Final = Blueprint("api", __name__)

EVENTS_MAX = 500  # in one answer
OPENAPI = Path(__file__).with_name("openapi.json")


class BadRange(ValueError):
    """More than may be asked for at once, or no number at all."""


def problem(code: int, said: str, **more: object) -> Response:
    """An error as problem details."""
    body = {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code, "detail": said, **more}
    return Response(json.dumps(body), code, mimetype="application/problem+json")


def _json(body: object, code: int = 200, **headers: str) -> Response:
    return Response(json.dumps(body, allow_nan=False), code, headers, mimetype="application/json")


@routes.get("/healthz")
@open_to_all
def healthz() -> Response:
    """200 while the page answers; whether the detector does is only for those who sign in."""
    return Response("ok\n", mimetype="text/plain")


@routes.get("/api/v1/openapi.json")
def openapi() -> Response:
    """The description of this API, with every setting as it is declared."""
    described = json.loads(OPENAPI.read_bytes())
    described["components"]["schemas"] = {
        "Settings": json_schema(nullable=False),
        "Changes": json_schema(nullable=True),
    }
    return _json(described)


@routes.get("/api/v1/status")
def api_status() -> Response:
    """The detector's newest status; 503 when it is not answering."""
    now = now_shown()
    if now.status is None or now.since_s is None:
        why = f" ({now.folder_problem})" if now.folder_problem else ""
        why = why or (f" (its last failure: {now.failure.reason})" if now.failure else "")
        log = log_command("detector", parts().paths.detector_log)
        return problem(503, f"{now.words}{why}: restart it, or see `{log}`")
    return _json({"age_s": round(now.age_s, 3), "status": plain(now.status)})


@routes.get("/api/v1/events")
def api_events() -> Response:
    """The newest events; `before` an id, `limit` up to 500."""
    entries = recent(parts().paths.events, *_asked_range())
    return _json({"events": [row(entry) for entry in entries]})


@routes.get("/api/v1/trips")
def api_trips() -> Response:
    """The newest trips; `before` and `limit` as for events."""
    return _json({"trips": [trip_row(trip) for trip in newest(parts().paths.events, *_asked_range())]})


@routes.get("/api/v1/trips.csv")
def api_trips_csv() -> Response:
    """The same for a spreadsheet."""
    trips = newest(parts().paths.events, *_asked_range())
    return Response(csv_text(TRIP_FIELDS, map(flat, map(trip_row, trips))), mimetype="text/csv")


@routes.errorhandler(JournalUnreadable)
def unreadable(error: JournalUnreadable) -> Response:
    """What the card does not give."""
    return problem(503, str(error))


@routes.errorhandler(BadRange)
def bad_range(error: BadRange) -> Response:
    """A limit that is none."""
    return problem(400, str(error))


def _asked_range() -> tuple[int, int | None]:
    """How many are asked for, and before which id. Raises: BadRange."""
    try:
        limit = int(request.args.get("limit", SHOWN_EVENTS))
        before = int(request.args["before"]) if "before" in request.args else None
    except ValueError:
        raise BadRange("limit and before are whole numbers") from None
    if not 1 <= limit <= EVENTS_MAX or (before is not None and not 0 <= before < 2**63):
        raise BadRange(f"limit is 1 to {EVENTS_MAX}, before an id")
    return limit, before


@routes.get("/api/v1/settings")
def api_settings() -> Response:
    """The settings in force by key, and the version to send back as If-Match."""
    return _settings(parts().store.load())


@routes.patch("/api/v1/settings")
def change_settings() -> Response:
    """Change the named keys, null takes one back to the profile; all of them or none."""
    if request.mimetype != "application/json":
        return problem(415, "send application/json")
    try:
        wanted = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return problem(400, "the body is no JSON")
    if not isinstance(wanted, dict) or not wanted:
        return problem(400, 'the body is an object such as {"camera.width": 480}')
    unfit = [key for key, value in wanted.items() if not isinstance(value, bool | int | float | str | None)]
    if unfit:
        return problem(422, "a value is a number, a text, true, false or null", keys=unfit[:20])
    return _changed(wanted)


def _out_of_reach(wanted: Mapping[str, Value | None], in_force: Mapping[str, Value]) -> list[str]:
    """What only a person may set, with the reason; sending back what is in force changes nothing."""
    return [
        str(Problem(key, shown(value), why))
        for key, value in wanted.items()
        if key in DECLARATIONS and value != in_force[key] and (why := out_of_reach(DECLARATIONS[key], value))
    ]


def _changed(wanted: dict[str, Value | None]) -> Response:
    store = parts().store
    asked = request.headers.get("If-Match", "*").strip('"')
    version = store.load().version if asked in ("", "*") else asked
    if unreachable := _out_of_reach(wanted, values_of(store.load().settings)):
        return problem(422, "nothing was changed", problems=unreachable)
    try:
        store.change(wanted, version)
    except ConflictError as error:
        return problem(412, str(error))
    except InvalidError as error:
        return problem(422, "nothing was changed", problems=[str(one) for one in error.problems])
    except StoreError as error:
        return problem(507, str(error))
    log.info("settings saved through the API from %s: %s", request.remote_addr, ", ".join(wanted))
    return _settings(store.load())


@routes.post("/api/v1/restart")
def api_restart() -> Response:
    """Restart the detector; GET /api/v1/status tells when it is back."""
    parts().restarter.start("asked for through the API")
    return _json({"phase": parts().restarter.progress().phase}, 202)


@routes.get("/metrics")
def metrics() -> Response:
    """In Prometheus' text format. A figure that cannot be read is left out."""
    latest = now_shown()
    lines = [_gauge("drivewatch_up", "1 while the detector answers", {"": float(latest.since_s is not None)})]
    if latest.status and latest.since_s is not None:
        seen = latest.status
        lines += [
            _gauge("drivewatch_level", "0 none, 1 caution, 2 warning, 3 alarm", {"": float(seen.level)}),
            _gauge(
                "drivewatch_state",
                "1 for the state that holds",
                {f'{{state="{state.value}"}}': float(state is seen.state) for state in State},
            ),
            _gauge("drivewatch_camera_frames_per_second", "as measured", {"": seen.camera.measured_fps}),
            _gauge("drivewatch_perclos_ratio", "share of time with the eyes closed", {"": seen.signals.perclos}),
        ]
    lines += _kept_events()
    used = {f'{{process="{one.name}"}}': one.usage.rss_mb * MB for one in rows() if one.usage}
    lines.append(_gauge("drivewatch_resident_bytes", "RSS of each process", used))
    available = system().available_mb * MB
    lines.append(_gauge("drivewatch_system_available_bytes", "MemAvailable", {"": available}))
    return Response("".join(lines), mimetype="text/plain; version=0.0.4")


def _kept_events() -> list[str]:
    """How many alerts are kept, and how many of them the driver called wrong; gauges, as old ones leave."""
    try:
        found = counts(parts().paths.events)
    except JournalUnreadable:
        return []
    labels = [f'{{kind="{kind.value}",level="{level.name.lower()}"}}' for kind, level, _, _ in found]
    return [
        _gauge("drivewatch_events", "events kept", dict(zip(labels, (float(one[2]) for one in found), strict=True))),
        _gauge(
            "drivewatch_disputed_events",
            "those of them that the driver called wrong",
            dict(zip(labels, (float(one[3]) for one in found), strict=True)),
        ),
    ]


def _gauge(name: str, said: str, values: Mapping[str, float | None]) -> str:
    readings = "".join(f"{name}{labels} {value:.10g}\n" for labels, value in values.items() if value is not None)
    return f"# HELP {name} {said}\n# TYPE {name} gauge\n{readings}" if readings else ""


def _settings(loaded: Loaded) -> Response:
    body = {"version": loaded.version, "origin": loaded.origin, "settings": values_of(loaded.settings)}
    return _json({**body, "problems": [str(one) for one in loaded.problems]}, ETag=f'"{loaded.version}"')
