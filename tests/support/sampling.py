"""Samples of a condition at any rate and phase, for rules that count seconds."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

RATES_HZ = (0.5, 1.0, 2.0, 10.0)
CLEAR_S = 1.0
derandomized = settings(max_examples=50, deadline=None, derandomize=True)
rates_hz = st.sampled_from(RATES_HZ)
phases = st.floats(0, 1)  # onset between two samples, in periods


def seen(onset_s: float, end_s: float, rate_hz: float, until_s: float) -> list[tuple[float, bool]]:
    """Samples of a condition that holds from onset to end."""
    times_s = [number / rate_hz for number in range(int(until_s * rate_hz))]
    return [(time_s, onset_s <= time_s < end_s) for time_s in times_s]
