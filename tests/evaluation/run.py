"""The work of a plan, on all cores, one group of cases after the other; what is there already is not done again."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.evaluation.cases import Case, Plan
from tests.evaluation.look import Eyes, Store, groups, look_at
from tests.evaluation.score import Score, score
from tests.evaluation.truth import Truth

_eyes: Eyes | None = None


def _work(job: tuple[Path, list[Case]]) -> int:
    """One group, in a process that keeps its watches for the next."""
    global _eyes
    _eyes = _eyes or Eyes()
    folder, cases = job
    store = Store(folder)
    for case, seen in look_at(cases, _eyes):
        store.save(case, seen)
    return len(cases)


def complete(plan: Plan, store: Store, cores: int) -> None:
    """See to it that all that the plan names was looked at. Ctrl-C stops it; the next run goes on from there."""
    cases = plan.cases()
    missing = groups(case for case in cases if case not in store)
    todo = sum(map(len, missing))
    print(f"{len(cases)} cases, {len(cases) - todo} of them known from before ({store.folder})", flush=True)
    began_s, done = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        for count in pool.imap_unordered(_work, [(store.folder, group) for group in missing]):
            done += count
            took_s = time.monotonic() - began_s
            left_min = took_s / done * (todo - done) / 60
            end = "\r" if sys.stdout.isatty() else "\n"
            if end == "\r" or done == todo or int(done / todo * 20) != int((done - count) / todo * 20):
                print(
                    f"{done} of {todo} cases in {took_s / 60:.1f} min, {left_min:.1f} min to go   ", end=end, flush=True
                )


def scores(plan: Plan, store: Store, cores: int) -> Iterator[tuple[Case, Score]]:
    """The figures of each case, on all cores too: what was true takes longer to work out than what was said."""
    jobs = [(store.folder, group) for group in groups(plan.cases())]
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        for scored in pool.imap(_scored, jobs):
            yield from scored


def _scored(job: tuple[Path, list[Case]]) -> list[tuple[Case, Score]]:
    folder, cases = job
    store = Store(folder)
    truths: dict[tuple[str, int, str], Truth] = {}
    return [(case, score(case, store.load(case), truths)) for case in cases]
