"""The stopwatch of a condition."""

from __future__ import annotations

from math import inf

from app.held_for import HeldFor


def test_it_counts_from_when_the_condition_began_to_hold() -> None:
    held = HeldFor()
    assert [held.update(True, now_s) for now_s in (5.0, 6.0, 9.5)] == [0.0, 1.0, 4.5]


def test_it_starts_again_after_a_break() -> None:
    held = HeldFor()
    held.update(True, 5.0)
    assert held.update(False, 6.0) == -inf
    assert [held.update(True, now_s) for now_s in (7.0, 9.0)] == [0.0, 2.0]
