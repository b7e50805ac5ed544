"""What `make evaluate DATA=folder` prints and writes: the figures of labelled.py, and everything that was left out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.evaluation.labelled import evaluate_folder, read_labels
from tests.evaluation.markdown import confusion, table
from tests.evaluation.report import YAW_BANDS, pair_rows, pose_row
from tests.evaluation.score import Score

BANDS = (*YAW_BANDS, (75, 181))
LISTED_MAX = 20


def evaluate_data(folder: Path, models: tuple[str, ...], out: Path) -> int:
    """Exit status: 0, 1 when something in the folder could not be used, 2 when nothing could."""
    labels = read_labels(folder)
    scores = {model: evaluate_folder(labels, model) for model in models} if labels.rows else {}
    problems = labels.problems
    lines = [f"# {folder}\n", f"{len(labels.evaluated)} labels evaluated, {len(problems)} problems\n"]
    lines += [line for model, score in scores.items() for line in _lines(model, score)]
    print("\n".join(lines))
    tell_problems(problems, out / "data.md")
    lines += ["Left out:\n", *(f"- {problem}" for problem in problems)] if problems else []
    (out / "data.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return (1 if labels.evaluated else 2) if problems else 0


def tell_problems(problems: Sequence[str], report: Path) -> None:
    """Print the first problems to stderr, and where the others are."""
    for problem in problems[:LISTED_MAX]:
        print(f"error: {problem}", file=sys.stderr)
    if len(problems) > LISTED_MAX:
        print(f"error: and {len(problems) - LISTED_MAX} more, see {report}", file=sys.stderr)


def _lines(model: str, score: Score) -> Iterator[str]:
    if score.poses:
        rows = [pose_row(score.poses, band) for band in BANDS]
        yield from (*table(f"{model}: true yaw, degrees", tuple(rows[0]), rows), "")
    for name, pairs in (("eyes", pair_rows(score.eyes)), ("state", pair_rows(score.states))):
        if pairs:
            yield from (*confusion(f"{model}: true {name} (rows), read (columns)", pairs), "")
