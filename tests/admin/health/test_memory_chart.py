"""The memory chart."""

from __future__ import annotations

from admin.health.memory_chart import GAP_S, HEIGHT, MARKS_MAX, WIDTH, Change, Chart, chart
from app.memory.history import HISTORY_S, Reading

NOW_S = 100_000.0


def at(ago_s: float, rss_mb: float = 80.0) -> Reading:
    return Reading(NOW_S - ago_s, rss_mb, None, 500.0)


def drawn(*readings: Reading, changes: tuple[Change, ...] = (), budget_mb: float | None = 160.0) -> Chart:
    return chart(readings, changes, NOW_S, budget_mb)


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.split())]


def test_the_axis_starts_at_the_first_reading() -> None:
    ten_minutes = drawn(*(at(600 - 30 * number) for number in range(21)))
    (line,) = ten_minutes.lines
    assert (points(line)[0][0], points(line)[-1][0]) == (0.0, WIDTH)
    assert ten_minutes.labels == ("10 min ago", "5 min ago", "now")


def test_the_chart_covers_at_most_two_hours() -> None:
    found = drawn(at(HISTORY_S + 1, 500.0), *(at(HISTORY_S - 30 * number) for number in range(241)))
    assert found.labels[0] == "2 h ago"
    assert found.highest_mb == 80.0


def test_a_gap_in_the_readings_interrupts_the_line() -> None:
    assert len(drawn(at(600), at(570), at(540 - GAP_S), at(510 - GAP_S)).lines) == 2


def test_a_single_reading_is_visible() -> None:
    found = drawn(at(0))
    assert len(points(found.lines[0])) == 2
    assert found.labels[0] == "60 s ago"


def test_the_top_of_the_chart_is_a_round_figure_above_readings_and_budget() -> None:
    assert drawn(at(0)).top_mb == 200
    assert drawn(at(0), budget_mb=None).top_mb == 100
    assert drawn(at(0, 20_000.0)).top_mb == 21_000.0
    budget_y = drawn(at(0)).budget_y
    assert budget_y is not None and abs(budget_y - HEIGHT * 0.2) < 1e-9


def test_changes_are_marked_at_their_times_and_the_newest_are_kept() -> None:
    changes = tuple(Change(NOW_S - 300 + number, "saving", f"change {number}") for number in range(2 * MARKS_MAX))
    old = Change(NOW_S - 601, "restart", "before the first reading")
    found = drawn(at(600), at(0), changes=(old, *changes))
    assert len(found.marks) == MARKS_MAX and found.marks[-1].said == "change 23"
    assert 300 < found.marks[0].x < 330 and found.marks[0].ago == "5 min ago"


def test_without_a_reading_nothing_is_drawn() -> None:
    assert drawn(changes=(Change(NOW_S, "restart", "x"),)) == Chart((), (), (), 0.0, None, None, None)
    assert drawn(at(-5)).lines == ()
