"""The page of the machine's and the parts' health, with all problems and the newest log lines."""

from __future__ import annotations

import os
import platform
import re
import time
from pathlib import Path
from typing import Final

import flask
from flask import Blueprint, Response, abort, render_template, request

from admin.auth.guard import for_viewers, signed_in
from admin.auth.hosts import own_names
from admin.health import rows
from admin.health.memory_page import summary_now
from admin.health.now import problems_now, told_now
from admin.parts import parts
from app.telemetry import status
from app.telemetry.log_file import LEVELS, Line, read_lines
from config.certificates import addresses
from config.commands import instance

routes: Final = Blueprint("health", __name__)

LOGS = {"detector": "Detector", "page": "Page"}
SHOWN_LEVELS = {"INFO": "All", "WARNING": "Warnings and errors", "ERROR": "Errors"}
NAMES_MAX = 8  # of admin.hostnames
LIBRARIES = {  # by the names of their folders
    "mediapipe": "MediaPipe",
    "opencv_python_headless": "OpenCV",
    "numpy": "NumPy",
    "gpiozero": "gpiozero",
    "flask": "Flask",
    "gunicorn": "gunicorn",
    "pyyaml": "PyYAML",
}
DIST_INFO = re.compile(r"([A-Za-z0-9_.]+)-([^-]+)\.dist-info")


@routes.app_template_global("problem_count")
def problem_count() -> int:
    """For the navigation and the tab's title; a stranger is told of none."""
    return len(problems_now()) if signed_in() else 0


@routes.get("/health")
@for_viewers
def show() -> str:
    """The whole page."""
    return render_template("health.html", **_figures(), **_log())


@routes.get("/health/part")
@for_viewers
def part() -> str:
    """What changes of the figures, for the script that keeps the page current."""
    return render_template("health_part.html", **_figures())


@routes.get("/health/log/part")
@for_viewers
def log_part() -> str:
    """The log's lines, for the same script."""
    return render_template("log_part.html", **_log())


@routes.get("/health/<name>.log")
@for_viewers
def log_text(name: str) -> Response:
    """All lines that are kept, as a text file."""
    if name not in LOGS:
        abort(404, "There is no such log.")
    text = "".join(f"{line.time} {line.level} {line.text}\n" for line in _lines(name, "INFO"))
    heads = {"Content-Disposition": f'attachment; filename="drivewatch-{name}.log"'}
    return Response(text, mimetype="text/plain", headers=heads)


def _figures() -> dict[str, object]:
    own, told = parts(), told_now()
    now_s, settings = own.clock(), own.store.load().settings
    latest = status.answering(told.latest, now_s)
    names = [f"{name}" for name in sorted(own_names()) if name.endswith(".local")]
    names += [name for name in re.split(r"[ ,]+", settings.admin.hostnames) if name][:NAMES_MAX]
    snap = f"snap {instance()}, revision {os.environ.get('SNAP_REVISION', 'not known')}" if instance() else ""
    behind = settings.admin.behind_proxy.partition(" ")[0]
    return {
        "problems": problems_now(),
        "sections": (
            ("This machine", rows.of_machine(told.machine, latest, time.time(), summary_now())),
            ("Detector", rows.of_detector(latest, settings, now_s)),
            ("This page", rows.of_page(own.where, tuple(addresses()), names, behind)),
            ("Versions", rows.of_versions(latest, libraries(), platform.python_version(), snap)),
        ),
    }


def libraries(folder: Path | None = None) -> dict[str, str]:
    """The versions of what is installed beside Flask, by its folders' names: importlib.metadata would cost 2 MB."""
    folder = folder or Path(flask.__file__).parents[1]
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return {}
    found = {match[1]: match[2] for name in names if (match := DIST_INFO.fullmatch(name))}
    return {words: found[name] for name, words in LIBRARIES.items() if name in found}


def _log() -> dict[str, object]:
    """The log that is asked for, the detector's unless another is."""
    name, level = request.args.get("log", ""), request.args.get("level", "")
    name = name if name in LOGS else "detector"
    level = level if level in SHOWN_LEVELS else "INFO"
    return {"log": name, "logs": LOGS, "level": level, "levels": SHOWN_LEVELS, "lines": _lines(name, level)}


def _lines(name: str, level: str) -> tuple[Line, ...]:
    file = parts().paths.detector_log if name == "detector" else parts().paths.page_log
    return read_lines(file, LEVELS[level])
