"""`make evaluate`: how well drivewatch detects, on the rendered driver or on labelled pictures of your own.

    python -m tests.evaluation                     # some minutes: model standard, 1 frame/s, two seeds to tune by
    python -m tests.evaluation --judged            # the figures of README.md: 1 frame/s, seeds nothing was tuned on
    python -m tests.evaluation --full              # everything: four rates, three models, 20 seeds
    python -m tests.evaluation --data FOLDER       # pictures and videos with a labels.csv, or with stills.csv,
                                                   # eyes.csv and clips.csv as real_people.py describes them

The first three can be stopped with Ctrl-C; the next run goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

from app.fake_driver.scenario import MODELS
from tests.evaluation import plots
from tests.evaluation.cases import (
    CONDITIONS,
    POSES,
    Plan,
    evaluated_scenarios,
    full_plan,
    judged_plan,
    quick_plan,
    scenario,
    sees_gaze,
    sees_hands,
)
from tests.evaluation.look import Store, digest
from tests.evaluation.markdown import are_reached, goal_tables, markdown, rate_table, short_table
from tests.evaluation.own_data import evaluate_data
from tests.evaluation.real_report import evaluate_people, is_real_people
from tests.evaluation.report import Json, Results, as_json, seeds_said
from tests.evaluation.run import complete, scores
from tests.evaluation.score import replay, truth_of
from tests.evaluation.vary import trip_of
from tests.support.story import events


def main() -> int:
    """Evaluate, write the reports, print the short table."""
    options = _options()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    if options.data is not None:
        models = tuple(options.models or MODELS)
        if is_real_people(options.data):
            return evaluate_people(options.data, models, out, options.cores)
        return evaluate_data(options.data, models, out)
    plan = _plan(options)
    store = Store(out / "looks" / digest())
    try:
        complete(plan, store, options.cores)
    except KeyboardInterrupt:
        print(f"\nstopped; what was seen is kept in {store.folder}, and the same command goes on from there")
        return 130
    results = Results(scores(plan, store, options.cores))
    data = as_json(results, _machine(plan))
    (out / "report.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (out / "report.md").write_text(markdown(data, "How well drivewatch detects"), encoding="utf-8")
    _draw(plan, store, results, out)
    by_rate = ["", *rate_table(data)] if len(plan.rates) > 1 else []
    print("\n".join([*short_table(data), *by_rate, "", *goal_tables(data)]))
    print(f"written: {out}/report.md, report.json, error-against-yaw.svg, alert-latency.svg, timelines/")
    return 0 if are_reached(data) else 1


def _options() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__, formatter_class=form)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--judged", action="store_true", help="1 frame/s on the judged seeds, model standard")
    which.add_argument("--full", action="store_true", help="everything; hours")
    which.add_argument("--data", type=Path, metavar="FOLDER", help="labelled pictures and videos instead")
    parser.add_argument("--models", nargs="+", choices=MODELS)
    parser.add_argument("--rates", nargs="+", type=float, metavar="N", help="frames a second")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS)
    parser.add_argument("--scenarios", nargs="+", choices=evaluated_scenarios(), metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"), metavar="FOLDER")
    return parser.parse_args()


def _plan(options: argparse.Namespace) -> Plan:
    plan = full_plan() if options.full else judged_plan() if options.judged else quick_plan()
    return replace(
        plan,
        scenarios=tuple(options.scenarios or plan.scenarios),
        seeds=tuple(options.seeds or plan.seeds),
        conditions=tuple(options.conditions or plan.conditions),
        models=tuple(options.models or plan.models),
        rates=tuple(options.rates or plan.rates),
    )


def _machine(plan: Plan) -> Json:
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seeds": seeds_said(plan.seeds),
        "conditions": " ".join(plan.conditions),
        "models": " ".join(plan.models),
        "frames a second": " ".join(f"{fps:g}" for fps in plan.rates),
        "scenarios": len(plan.scenarios),
    }


def _draw(plan: Plan, store: Store, results: Results, out: Path) -> None:
    """All plots; timelines are those of the first seed by day with the first model."""
    fps = results.main_fps
    posed = {model: results.of(model=model, scenario=POSES) for model in plan.models}
    (out / "error-against-yaw.svg").write_text(plots.error_against_yaw(posed), encoding="utf-8")
    told = results.of(fps=fps, model=plan.models[0])
    title = f"How late alerts came: model {plan.models[0]}, {fps:g} frame a second"
    (out / "alert-latency.svg").write_text(plots.alert_latency(told, title), encoding="utf-8")
    folder = out / "timelines"
    folder.mkdir(exist_ok=True)
    first = next((case for case, _ in results.cases if case.scenario != POSES), None)
    for case, _ in results.cases:
        if first and (case.seed, case.condition, case.fps) == (first.seed, first.condition, fps):
            trip, seen = trip_of(scenario(case.scenario), case.seed, case.condition), store.load(case)
            verdicts = replay(seen)
            dues = truth_of(trip).dues(case.fps, sees_hands(case.model), sees_gaze(case.model))
            about = f"{case.scenario}: {case.condition}, seed {case.seed}, model {case.model}, {fps:g} frame a second"
            name = f"{case.scenario}-{case.model}.svg"
            drawn = plots.timeline(about, trip, seen, dues, events(verdicts))
            (folder / name).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
