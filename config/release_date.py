"""When this version was released: a clock that shows an earlier day was never set."""

from __future__ import annotations

RELEASED_S = 1_790_000_000  # Unix time, September 2026
