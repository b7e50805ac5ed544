"""End to end: rendered pictures through the real face mesh to events, on every scenario, at 1 and 0.5 frames a second."""

from __future__ import annotations

import pytest

from app.attention import Attention
from app.detector import Eyes
from app.fake_driver.render import Renderer
from app.fake_driver.scenario import Scenario, load_scenario, scenario_names
from app.verdict import Event, Level, State, Verdict
from config.settings import Settings
