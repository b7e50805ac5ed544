"""A trip that has a value in each field."""

from __future__ import annotations

from app.events import State
from app.journal.trip import Ending, Trip

TRIP = Trip(
    100.0,
    3700.0,
    Ending.PARKED,
    driven_s=3000.0,
    seen_s=1800.0,
    states_s={State.ATTENTIVE: 2800.0, State.LOOKING_AWAY: 200.0},
    alerts={State.LOOKING_AWAY: (4, 2, 1), State.NO_FACE: (0, 3, 0)},
    disputed={State.LOOKING_AWAY: 1},
    longest_away_s=5.5,
    perclos=(0.04, None, 0.1),
    distance_km=42.25,
    segments=((State.ATTENTIVE, 1800.0), (State.LOOKING_AWAY, 200.0), (None, 600.0), (State.ATTENTIVE, 1000.0)),
)
