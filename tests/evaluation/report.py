"""Scores -> the data of report.json: every figure of the reports is made here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from app.attention.policy import NORMAL
from app.events import Level, State
from tests.evaluation.cases import ALONE_FPS, JUDGED_SEEDS, TUNING_SEEDS, Case
from tests.evaluation.score import PoseRead, Score, Told

Json = dict[str, object]
YAW_BANDS = ((0, 15), (15, 30), (30, 45), (45, 60), (60, 75))
MAIN_FPS = 1.0  # what drivewatch is made for
AHEAD_DEG = NORMAL.yaw_limit_deg
SURE = 0.05  # so seldom the true rate is above the bound


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal of README.md beside this file, what was measured over all conditions, and whether it is reached.

    missed_in: the conditions that by themselves do not reach it.
    """

    name: str
    goal: str
    measured: str
    is_reached: bool | None
    missed_in: str = ""


class Results:
    """The scores of all cases; added up over those that a question is about."""

    def __init__(self, scores: Iterable[tuple[Case, Score]]) -> None:
        self.cases = list(scores)

    def of(self, **asked: object) -> Score:
        """The sum over the cases whose fields are as asked for."""
        total = Score()
        for case, score in self.cases:
            if all(getattr(case, name) == value for name, value in asked.items()):
                total.add(score)
        return total

    def values(self, name: str) -> list[object]:
        """What a field of the cases takes, in the order of their first appearance; no rate of single pictures."""
        return list(dict.fromkeys(getattr(case, name) for case, _ in self.cases if case.fps != ALONE_FPS))

    @property
    def main_fps(self) -> float:
        """The rate that is reported in detail."""
        rates = [float(str(fps)) for fps in self.values("fps")]
        return MAIN_FPS if MAIN_FPS in rates else rates[0]


def rate_bound(count: int, hours: float) -> float:
    """Events an hour that the true rate is below in 95 of 100 such runs (Poisson, one-sided)."""
    low, high = 0.0, 10.0 + 5 * count
    for _ in range(60):
        middle = (low + high) / 2
        chance = sum(math.exp(n * math.log(middle) - middle - math.lgamma(n + 1)) for n in range(count + 1))
        low, high = (middle, high) if chance > SURE else (low, middle)
    return high / hours


def pose_row(poses: Sequence[PoseRead], band: tuple[int, int]) -> Json:
    """Errors of yaw, pitch and roll within a band of true yaw; zero pitch is what the mesh reads as zero."""
    mine = [pose for pose in poses if band[0] <= abs(pose.true_deg[0]) < band[1]]
    errors = np.array([np.subtract(pose.read_deg, pose.true_deg) for pose in mine if pose.read_deg is not None])
    row: Json = {"band": f"{band[0]} to {band[1]}", "pictures": len(mine), "read": len(errors)}
    row["read_as_ahead"] = sum(abs(pose.read_deg[0]) < AHEAD_DEG for pose in mine if pose.read_deg is not None)
    for number, name in enumerate(("yaw", "pitch", "roll")):
        error = np.abs(errors[:, number]) if len(errors) else None
        row[f"{name}_mean"] = None if error is None else round(float(error.mean()), 1)
        row[f"{name}_95"] = None if error is None else round(float(np.percentile(error, 95)), 1)
    return row


def summary_row(name: str, score: Score) -> Json:
    """The short table's figures."""
    heard = sum(false.is_heard for false in score.false_while_attentive)
    closed = {read: score.eyes["closed", read] for read in ("closed", "open")}
    unjudged = score.eyes["closed", "not judged"]
    opened = {read: score.eyes["open", read] for read in ("closed", "open")}
    return {
        "name": name,
        "hours": round(score.hours, 2),
        "due": len(score.told),
        "recall": score.recall,
        "told_as_another": sum(told.instead is not None for told in score.missed),
        "precision": score.precision,
        "false": len(score.false),
        "level_right": score.level_right,
        "attentive_hours": round(score.attentive_hours, 2),
        "false_heard": heard,
        "false_heard_an_hour": score.heard_an_hour,
        "false_heard_an_hour_below": rate_bound(heard, score.attentive_hours) if score.attentive_hours else None,
        "closed_eyes_seen": closed["closed"] / max(1, sum(closed.values())) if sum(closed.values()) else None,
        "closed_eyes_judged": sum(closed.values()) / max(1, sum(closed.values()) + unjudged),
        "open_eyes_as_closed": opened["closed"] / max(1, sum(opened.values())) if sum(opened.values()) else None,
    }


def kind_rows(score: Score) -> Iterator[Json]:
    """By kind of event: due, told, missed and what was instead, the level it came to, told for nothing."""
    for kind in State:
        mine = [told for told in score.told if told.kind is kind]
        false = [one for one in score.false if one.kind is kind]
        if mine or false:
            missed = [told for told in mine if told.is_missed]
            levels = (Level.CAUTION, Level.WARNING, Level.ALARM)
            yield {
                "kind": kind.value,
                "due": len(mine),
                "told": len(mine) - len(missed),
                **{level.name.lower(): sum(one.reached is level for one in mine) for level in levels},
                "missed": len(missed),
                "told_as_another": sum(told.instead is not None for told in missed),
                "by_light_alone": sum(told.reached > Level.NONE for told in missed),
                "false": len(false),
            }


def latency_rows(score: Score) -> Iterator[Json]:
    """By kind and level: seconds after the rule's own time."""
    for kind in State:
        for level in (Level.CAUTION, Level.WARNING, Level.ALARM):
            late = [s for told in score.told if told.kind is kind for reached, s in told.late_s if reached is level]
            if late:
                yield {
                    "kind": kind.value,
                    "level": level.name.lower(),
                    "alerts": len(late),
                    "mean_s": round(float(np.mean(late)), 2),
                    "95_s": round(float(np.percentile(late, 95)), 2),
                    "latest_s": round(max(late), 2),
                }


def goals(results: Results, model: str) -> list[Goal]:
    """What was asked for, at the rate that is reported in detail."""
    missed_in: dict[str, list[str]] = {}
    for condition in map(str, results.values("condition")):
        for goal in _goals(results, model=model, condition=condition):
            if goal.is_reached is False:
                missed_in.setdefault(goal.name, []).append(condition)
    return [replace(goal, missed_in=", ".join(missed_in.get(goal.name, ()))) for goal in _goals(results, model=model)]


def _goals(results: Results, **asked: object) -> list[Goal]:
    score = results.of(fps=results.main_fps, **asked)
    usual, harder = (results.of(fps=results.main_fps, is_harder=is_harder, **asked) for is_harder in (False, True))
    poses = results.of(fps=ALONE_FPS, **asked).poses
    heard = sum(false.is_heard for false in score.false_while_attentive)
    found = [
        _share_goal("events told of those due", usual.recall, 0.99),
        _share_goal("events with a cause of those told", usual.precision, 0.99),
        _share_goal("harder scenarios: events told of those due", harder.recall, 0.97),
        _share_goal("harder scenarios: events with a cause of those told", harder.precision, 0.97),
    ]
    if score.attentive_hours:
        hourly = heard / score.attentive_hours
        below = rate_bound(heard, score.attentive_hours)
        said = f"{hourly:.2f} ({heard} in {score.attentive_hours:.1f} h; below {below:.2f})"
        found.append(Goal("false alerts an hour of attentive driving", "<= 0.1", said, hourly <= 0.1))
    for reach, limit in ((30, 4.0), (45, 8.0)):
        within = [pose for pose in poses if abs(pose.true_deg[0]) <= reach]
        errors = [abs(pose.read_deg[0] - pose.true_deg[0]) for pose in within if pose.read_deg]
        if errors:
            mean = float(np.mean(errors))
            said = f"{mean:.1f} ({len(errors)} of {len(within)} read)"
            found.append(Goal(f"yaw error, mean, to {reach} degrees", f"<= {limit:g}", said, mean <= limit))
    return found


def _share_goal(name: str, share: float | None, least: float) -> Goal:
    if share is None:
        return Goal(name, f">= {least}", "-", None)
    return Goal(name, f">= {least}", f"{share:.3f}", share >= least)


def as_json(results: Results, machine: Json) -> Json:
    """Everything the report says, for a program."""
    fps = results.main_fps
    groups = list(_groups(results, fps))
    posed = [(name, score) for name, score in _groups(results, ALONE_FPS) if score.poses]
    return {
        "machine": machine,
        "main_fps": fps,
        "goals": {
            str(model): [asdict(goal) for goal in goals(results, str(model))] for model in results.values("model")
        },
        "summary": [summary_row(name, score) for name, score in groups],
        "by_rate": [summary_row(name, score) for name, score in _by_rate(results)],
        "pose": {name: [pose_row(score.poses, band) for band in YAW_BANDS] for name, score in posed},
        "posed_eyes": {name: pair_rows(score.posed_eyes) for name, score in posed},
        "mouths": {name: pair_rows(score.mouths) for name, score in posed},
        "eyes": {name: pair_rows(score.eyes) for name, score in groups},
        "kinds": {name: list(kind_rows(score)) for name, score in groups},
        "latency": {name: list(latency_rows(score)) for name, score in groups},
        "states": {name: pair_rows(score.states) for name, score in groups},
        "missed": [_missed_row(case, told) for case, score in results.cases for told in score.missed],
        "false": [
            {
                **_case(case),
                "kind": one.kind.value,
                "level": one.level.name,
                "at_s": round(one.at_s, 1),
                "heard": one.is_heard,
            }
            for case, score in results.cases
            for one in score.false
        ],
    }


def _missed_row(case: Case, told: Told) -> Json:
    instead = told.instead.value if told.instead else None
    reached = {"must": told.must.name.lower(), "reached": told.reached.name.lower()}
    return {**_case(case), "kind": told.kind.value, "at_s": round(told.at_s, 1), **reached, "told_as": instead}


def _case(case: Case) -> Json:
    named = {"scenario": case.scenario, "condition": case.condition, "seed": case.seed, "model": case.model}
    return {**named, "frames_a_second": case.fps}


def pair_rows(counts: Counter[tuple[State, State]] | Counter[tuple[str, str]]) -> list[Json]:
    """(true, read) pairs and how often each came."""
    rows: list[Json] = []
    for (true, read), count in counts.items():
        said = (one.value if isinstance(one, State) else one for one in (true, read))
        rows.append({**dict(zip(("true", "read"), said, strict=True)), "count": count})
    return rows


def _groups(results: Results, fps: float) -> Iterator[tuple[str, Score]]:
    """Each model in each condition, at one rate."""
    for model in results.values("model"):
        for condition in results.values("condition"):
            yield f"{model}, {condition}", results.of(model=model, condition=condition, fps=fps)


def _by_rate(results: Results) -> Iterator[tuple[str, Score]]:
    for model in results.values("model"):
        for fps in results.values("fps"):
            yield f"{model}, {fps} frames/s", results.of(model=model, fps=fps)


def seeds_said(seeds: Sequence[int]) -> str:
    """Which seeds, and what they are for."""
    is_row = len(seeds) > 2 and sorted(seeds) == list(range(min(seeds), max(seeds) + 1))
    said = f"{min(seeds)} to {max(seeds)}" if is_row else ", ".join(map(str, seeds))
    if set(seeds) <= set(JUDGED_SEEDS):
        return f"{said} (nothing was tuned on them)"
    if set(seeds) <= set(TUNING_SEEDS):
        return f"{said} (thresholds were tuned on them)"
    return f"{said} (some may have been looked at while mending: none of those to judge on)"
