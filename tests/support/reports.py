"""What a detector without problems reports, and an observation of one frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.alerts.alert import LED_OFF
from app.camera.frame import Frame
from app.events import Event, Level, Sight, State, Verdict
from app.monitor.problem import Surroundings
from app.observer import Observation
from app.part_status import Availability, CameraHealth, MemorySaving
from app.telemetry import status
from tests.support.story import ROAD, attentive, story

VERDICT = story(attentive(70))[-1]
PICTURE = np.full((48, 64, 3), 90, np.uint8)
WELL = Surroundings(
    camera=CameraHealth(state="live", source="fake:attentive", width=640, height=480, measured_fps=1.0, frames=7),
    alerts=Availability(True, "", True, LED_OFF),
    events=(Event(State.LOOKING_AWAY, Level.ALARM, 10.0, 9.5, 10.5, 16.0),),
    watch_problem="",
    journal_problem="",
    journal_remedy="",
    muted_until_s=None,
    saving=MemorySaving(),
)
LOST = CameraHealth(state="lost", message="no camera found: plug a USB camera in")
NO_PROBLEMS = status.Configuration("low_memory", "lite", "none", "defaults", ())


def look_at(time_s: float, verdict: Verdict = VERDICT) -> Observation:
    """The observation of a frame captured at this time."""
    verdict = replace(verdict, time_s=time_s)
    return Observation(Frame(PICTURE, time_s, 0), Sight.CLEAR, None, replace(ROAD, gaze_yaw_deg=4.0), verdict)
