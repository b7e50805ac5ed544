"""report.json's data as tables for people, and whether its goals are reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.evaluation.report import Json

LISTED_MAX = 60


def markdown(data: Json, title: str) -> str:
    """The report for people, from what is in the JSON."""
    return "\n".join([f"# {title}", "", *_body(data)]) + "\n"


def _body(data: Json) -> Iterator[str]:
    yield ", ".join(f"{key}: {value}" for key, value in _dict(data["machine"]).items())
    yield f"\nAll at {data['main_fps']:g} a second, but the table by rate, and what was missed and false.\n"
    yield from (*short_table(data), "", COLUMNS_MEAN, "", "## Goals", "", *goal_tables(data))
    yield from ("## By rate, all conditions", "", *rate_table(data), "")
    yield "## Head pose: error in degrees by true yaw\n"
    yield "Single pictures of random poses; `read`: in so many was a pose measured.\n"
    yield from _tables(data["pose"])
    yield "## Eyes and mouths of single pictures\n"
    yield "By what is closed and wide for most people, as nothing can be learnt of a driver from one picture.\n"
    yield from _confusions(data["posed_eyes"])
    yield from _confusions(data["mouths"])
    yield "## Events by kind\n"
    yield from _tables(data["kinds"])
    yield "## Seconds after the rule's own time\n"
    yield from _tables(data["latency"])
    yield "## Eyes in drives, in looks\n"
    yield from _confusions(data["eyes"])
    yield "## States: what the same rules say of the truth (rows), and said (columns), in looks\n"
    yield from _confusions(data["states"])
    for part in ("missed", "false"):
        rows = _list(data[part])
        yield f"## {part.capitalize()}: {len(rows)}\n"
        yield from (*table("", tuple(rows[0]), rows[:LISTED_MAX]), "") if rows else ()
        if len(rows) > LISTED_MAX:
            yield f"The other {len(rows) - LISTED_MAX} are in report.json.\n"


def _tables(parts: object) -> Iterator[str]:
    for name, rows in _dict(parts).items():
        if rows:
            yield from (*table(name, tuple(_list(rows)[0]), _list(rows)), "")


def _confusions(parts: object) -> Iterator[str]:
    for name, pairs in _dict(parts).items():
        yield from (*confusion(name, _list(pairs)), "")


SUMMARY_COLUMNS = (
    "name",
    "due",
    "recall",
    "told_as_another",
    "precision",
    "level_right",
    "attentive_hours",
    "false_heard",
    "false_heard_an_hour_below",
    "closed_eyes_seen",
    "closed_eyes_judged",
    "open_eyes_as_closed",
)
COLUMNS_MEAN = """Due are events that had to be told; an event that must be heard and came to light alone was missed.
Told as another: in its place an alert of another kind sounded. Precision: of what was told, the share that had a cause.
Level right: it came to the level it must, and to none it may not. Attentive hours are those of the scenarios in which
nothing is due (such as attentive and talking), with their blinks and glances; false heard are the false alerts in
them that sound, an hour below: with 95 % certainty. Of the looks in which the eyes were truly closed, judged is the
share in which they could be told open or closed, and of these seen the share that was told closed."""


def short_table(data: Json) -> list[str]:
    """The table that README.md beside this file shows."""
    return table("model, condition", SUMMARY_COLUMNS, _list(data["summary"]))


def rate_table(data: Json) -> list[str]:
    """The same, of each model at each rate."""
    return table("model, rate", SUMMARY_COLUMNS, _list(data["by_rate"]))


def goal_tables(data: Json) -> list[str]:
    """Goal, figure, and whether it is reached, for each model."""
    return list(_tables(data["goals"]))


def are_reached(data: Json) -> bool:
    """No goal is missed."""
    return all(row["is_reached"] is not False for rows in _dict(data["goals"]).values() for row in _list(rows))


def table(corner: str, columns: Sequence[str], rows: Sequence[Json]) -> list[str]:
    """Rows as Markdown; the first column is headed by the corner."""
    heads = [corner or columns[0], *columns[1:]]
    lines = ["| " + " | ".join(head.replace("_", " ") for head in heads) + " |", "|---" * len(columns) + "|"]
    return [*lines, *("| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in rows)]


def confusion(name: str, pairs: Sequence[Json]) -> list[str]:
    """Rows are the truth, columns what was read."""
    counts = {(str(pair["true"]), str(pair["read"])): pair["count"] for pair in pairs}
    reads = list(dict.fromkeys(read for _, read in counts))
    rows: list[Json] = [
        {"true": true, **{read: counts.get((true, read), 0) for read in reads}}
        for true in dict.fromkeys(true for true, _ in counts)
    ]
    return table(name, ("true", *reads), rows)


def _cell(value: object) -> str:
    if value in (None, ""):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _list(value: object) -> list[Json]:
    assert isinstance(value, list)
    return value
