"""Facts for the page's banner: all is well, except for what a test changes."""

from __future__ import annotations

from dataclasses import fields

from admin.banner.lines import Facts
from admin.health.problems import Told
from admin.restart.course import IDLE
from app.events import State
from app.part_status import CameraHealth
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Alerts, Configuration, Status
from config.settings import Settings
from config.store import Loaded

NOW_S = 1000.0
LOADED = Loaded(Settings(), (), (), "config.yaml", "", "v2")
WELL = Status(
    boot_id=boot_id(),
    time_s=NOW_S,
    state=State.ATTENTIVE,
    camera=CameraHealth(state="live", source="/dev/video0 (uvcvideo)"),
    alerts=Alerts(buzzer_ok=True),
    configuration=Configuration(version_token="v2", origin="config.yaml"),
)
_OF_TOLD = {field.name for field in fields(Told)}


def facts(**changes: object) -> Facts:
    """Facts with these changes: fields of Facts or of its Told."""
    told = {"latest": WELL, **{name: value for name, value in changes.items() if name in _OF_TOLD}}
    others = {"now_s": NOW_S, "progress": IDLE, "loaded": LOADED}
    others |= {name: value for name, value in changes.items() if name not in _OF_TOLD}
    return Facts(Told(**told), **others)  # type: ignore[arg-type]
