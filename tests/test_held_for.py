"""How long a condition has held."""

from __future__ import annotations

from math import inf

from app.held_for import HeldFor


def test_held_for_counts_from_the_begin_of_the_condition() -> None:
    held = HeldFor()
    assert [held.update(True, now_s) for now_s in (5.0, 6.0, 9.5)] == [0.0, 1.0, 4.5]
    assert held.update(False, 10.0) == -inf
    assert [held.update(True, now_s) for now_s in (11.0, 13.0)] == [0.0, 2.0]
